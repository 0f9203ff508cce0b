import numpy as np
import pytest
from numpy.typing import NDArray

from mien_service.faces.prior import FacePrior

SIDE, COMPONENTS = 8, 5


@pytest.fixture
def table(random: np.random.Generator) -> dict[str, NDArray[np.floating]]:
    """A model of faces that are a mean and five orthonormal waves."""
    axes, _ = np.linalg.qr(random.normal(size=(3 * SIDE * SIDE, COMPONENTS)))
    return {
        "mean": np.full((3, SIDE, SIDE), 0.5, np.float16),
        "components": axes.T.astype(np.float16),
        "variances": np.full(COMPONENTS, 0.04, np.float32),
        "noise": np.array([1e-7], np.float32),
    }


def face_of(table: dict[str, NDArray[np.floating]], random: np.random.Generator) -> NDArray[np.float32]:
    numbers = random.normal(0, 0.2, COMPONENTS)
    flat = 0.5 + numbers @ table["components"].astype(np.float64)
    small = flat.reshape(3, SIDE, SIDE).transpose(1, 2, 0)
    return np.kron(small, np.ones((4, 4, 1))).astype(np.float32)


def lower_half() -> NDArray[np.float32]:
    hole = np.zeros((32, 32), np.float32)
    hole[16:] = 1
    return hole


def test_what_a_hole_hides_is_known_from_the_rest(
    table: dict[str, NDArray[np.floating]], random: np.random.Generator
) -> None:
    for _ in range(5):
        face = face_of(table, random)
        found = FacePrior(table).fill(face, lower_half())
        coarse = found.reshape(8, 4, 8, 4, 3).mean(axis=(1, 3))
        wanted = face.reshape(8, 4, 8, 4, 3).mean(axis=(1, 3))
        assert np.abs(coarse - wanted)[5:].mean() < 0.3 * np.abs(wanted - 0.5)[5:].mean()
        np.testing.assert_array_equal(found[:16], face[:16])


def test_what_is_in_the_hole_is_not_seen(table: dict[str, NDArray[np.floating]], random: np.random.Generator) -> None:
    face = face_of(table, random)
    other = face.copy()
    other[16:] = random.random((16, 32, 3))
    prior = FacePrior(table)
    np.testing.assert_array_equal(prior.fill(face, lower_half()), prior.fill(other, lower_half()))


def test_where_all_is_hole_the_mean_face_is(table: dict[str, NDArray[np.floating]]) -> None:
    found = FacePrior(table).fill(np.zeros((16, 16, 3), np.float32), np.ones((16, 16), np.float32))
    np.testing.assert_allclose(found, 0.5, atol=1e-3)


def test_a_soft_hole_mixes(table: dict[str, NDArray[np.floating]]) -> None:
    face = np.full((16, 16, 3), 0.9, np.float32)
    hole = np.zeros((16, 16), np.float32)
    hole[8, 8] = 0.5
    found = FacePrior(table).fill(face, hole)
    assert found[0, 0] == pytest.approx(0.9)
    assert 0.4 < found[8, 8, 0] < 0.91
