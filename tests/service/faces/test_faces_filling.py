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
        return {"filling": np.full((len(self.image), 3, SIDE, SIDE), 0.75, np.float32)}


def test_the_network_paints_the_hole_and_nothing_else(prior: FacePrior, random: np.random.Generator) -> None:
    face = random.random((SIDE, SIDE, 3), np.float32)
    hole = np.zeros((SIDE, SIDE), np.float32)
    hole[40:, 10:50] = 1
    network = _Network()
    found = filled(face, hole, [None, np.ones(1, np.float32)], prior, network)
    assert found.shape == (2, SIDE, SIDE, 3)
    for one in found:
        np.testing.assert_allclose(one[hole == 1], 0.75)
        np.testing.assert_array_equal(one[hole == 0], face[hole == 0])
    assert network.image.shape == (2, 5, SIDE, SIDE)
    for shown, drawn in zip(network.image, (0, 1), strict=True):
        np.testing.assert_allclose(shown[:3, hole == 1], 0.25, atol=1e-2)
        np.testing.assert_allclose(shown[:3, hole == 0], face[hole == 0].T)
        np.testing.assert_array_equal(shown[3], hole)
        assert (shown[4] == drawn).all()
