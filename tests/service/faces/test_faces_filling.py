import numpy as np
import pytest
from numpy.typing import NDArray

from mien_service.faces.filling import filled
from mien_service.faces.prior import FacePrior

SIDE = 64


@pytest.fixture
def prior() -> FacePrior:
    """A model that knows the mean only."""
    size = 3 * 8 * 8
    return FacePrior(
        {
            "mean": np.full((3, 8, 8), 0.25, np.float32),
            "components": np.eye(1, size, dtype=np.float32),
            "variances": np.full(1, 1e-6, np.float32),
            "noise": np.ones(1, np.float32),
        }
    )


class _Network:
    """Answers one grey and keeps what it was shown."""

    def __init__(self) -> None:
        self.image = np.zeros(0, np.float32)

    def __call__(self, network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        assert network == "face_filler"
        self.image = inputs["image"]
        return {"filling": np.full((1, 3, SIDE, SIDE), 0.75, np.float32)}


def test_the_network_paints_the_hole_and_nothing_else(prior: FacePrior, random: np.random.Generator) -> None:
    face = random.random((SIDE, SIDE, 3), np.float32)
    hole = np.zeros((SIDE, SIDE), np.float32)
    hole[40:, 10:50] = 1
    noise = random.normal(size=(SIDE, SIDE)).astype(np.float32)
    network = _Network()
    found = filled(face, hole, noise, prior, network)
    np.testing.assert_allclose(found[hole == 1], 0.75)
    np.testing.assert_array_equal(found[hole == 0], face[hole == 0])
    shown = network.image[0]
    assert network.image.shape == (1, 5, SIDE, SIDE)
    np.testing.assert_allclose(shown[:3, hole == 1], 0.25, atol=1e-3)
    np.testing.assert_allclose(shown[:3, hole == 0], face[hole == 0].T)
    np.testing.assert_array_equal(shown[3], hole)
    np.testing.assert_array_equal(shown[4], noise)
