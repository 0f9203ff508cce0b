import cv2
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


def test_draws_are_spread_as_the_model_says(
    table: dict[str, NDArray[np.floating]], random: np.random.Generator
) -> None:
    """Of a hole in the lower half, against the posterior of probabilistic PCA written down as it is in books."""
    table["noise"] = np.array([1e-3], np.float32)
    table["variances"] = np.array([0.09, 0.04, 0.02, 0.01, 0.004], np.float32)
    prior, face, hole = FacePrior(table), np.full((32, 32, 3), 0.5, np.float32), lower_half()
    draws = random.normal(size=(4000, COMPONENTS)).astype(np.float32)
    filled = np.stack(prior.fills(face, hole, list(draws)))
    seen = table["components"].astype(np.float64).reshape(COMPONENTS, 3, SIDE, SIDE)[:, :, : SIDE // 2].reshape(5, -1)
    precision = seen @ seen.T / 1e-3 + np.diag(1 / table["variances"].astype(np.float64))
    numbers = np.linalg.cholesky(np.linalg.inv(precision))
    hidden = table["components"].astype(np.float32)
    pictures = [_enlarged(numbers[:, i] @ hidden) for i in range(COMPONENTS)]
    wanted = np.sqrt(np.square(np.stack(pictures)).sum(axis=0))[20:]
    np.testing.assert_allclose(filled[:, 20:].std(axis=0), wanted, rtol=0.15, atol=1e-3)
    np.testing.assert_allclose(filled[:, 20:].mean(axis=0), prior.fill(face, hole)[20:], atol=0.02)
    np.testing.assert_array_equal(filled[:, :16], np.broadcast_to(face[:16], filled[:, :16].shape))


def _enlarged(flat: NDArray[np.floating]) -> NDArray[np.floating]:
    small = np.ascontiguousarray(flat.reshape(3, SIDE, SIDE).transpose(1, 2, 0), np.float32)
    return cv2.resize(small, (32, 32), interpolation=cv2.INTER_CUBIC)


def test_a_draw_of_nothing_is_the_likeliest(
    table: dict[str, NDArray[np.floating]], random: np.random.Generator
) -> None:
    prior, face, hole = FacePrior(table), face_of(table, random), lower_half()
    one, other = prior.fills(face, hole, [None, np.zeros(prior.components, np.float32)])
    np.testing.assert_allclose(one, other, atol=1e-6)
    np.testing.assert_array_equal(prior.fill(face, hole), one)
