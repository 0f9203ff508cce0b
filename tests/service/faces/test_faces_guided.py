import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien_service.faces.guided import guided


def scene(height: int, width: int, edge: float, seed: int = 0) -> np.ndarray:
    """Return a picture, dark left of `edge` and bright right of it, with a little noise."""
    picture = np.full((height, width, 3), (60, 40, 50), np.float64)
    picture[:, round(edge) :] = (200, 180, 210)
    return (picture + np.random.default_rng(seed).normal(0, 3, picture.shape)).clip(0, 255).astype(np.uint8)


def step(height: int, width: int, edge: float, soft: float = 5) -> np.ndarray:
    x = np.arange(width, dtype=np.float32)
    return np.tile(1 / (1 + np.exp(-(x - edge) / soft)), (height, 1)).astype(np.float32)


@pytest.mark.parametrize("side", [160, 900])
def test_an_edge_moves_to_where_the_photos_is(side: int) -> None:
    edge = side // 2
    coarse = step(side, side, edge + 0.006 * side, soft=0.008 * side)
    found = guided(coarse, scene(side, side, edge), 0.05 * side)
    rises = np.diff(found, axis=1)
    assert (rises.argmax(axis=1) == edge - 1).all()
    assert rises.max(axis=1).min() > 2.5 * np.diff(coarse, axis=1).max()


def test_without_an_edge_the_map_stays() -> None:
    coarse = step(120, 150, 60)
    found = guided(coarse, np.full((120, 150, 3), 90, np.uint8), 3)
    assert np.abs(found - coarse).max() < 0.05


@given(st.integers(8, 90), st.integers(8, 90), st.integers(0, 1000), st.floats(1, 12))
def test_nothing_farther_away_changes(height: int, width: int, seed: int, radius: float) -> None:
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.random((3, 3)).astype(np.float32), (width, height))
    picture = rng.integers(0, 256, (height, width, 3), np.uint8)
    found = guided(coarse, picture, radius)
    assert found.shape == coarse.shape
    assert found.dtype == np.float32
    window = np.ones((2 * round(radius) + 1,) * 2, np.uint8)
    assert (found >= cv2.erode(coarse, window) - 1e-5).all()
    assert (found <= cv2.dilate(coarse, window) + 1e-5).all()


@given(st.integers(20, 80), st.integers(20, 80), st.integers(0, 1000))
def test_a_mirrored_or_turned_photo_gives_the_same_map_mirrored_or_turned(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (height, width, 3), np.uint8)
    coarse = step(height, width, width / 2)
    found = guided(coarse, picture, 4)
    flipped = guided(coarse[:, ::-1].copy(), picture[:, ::-1].copy(), 4)
    np.testing.assert_allclose(flipped[:, ::-1], found, atol=2e-3)
    turned = guided(coarse.T.copy(), picture.transpose(1, 0, 2).copy(), 4)
    np.testing.assert_allclose(turned.T, found, atol=2e-3)
