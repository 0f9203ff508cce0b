import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien_export.data.mesh_warp import laid_onto, spread_over

SIDE = 128

SEEDS = st.integers(0, 2**32 - 1)

Points = NDArray[np.float32]


def grid(step: int) -> Points:
    """Return places all over the square, (k, 2)."""
    rows, columns = np.mgrid[step // 2 : SIDE : step, step // 2 : SIDE : step]
    return np.column_stack([columns.ravel(), rows.ravel()]).astype(np.float32)


def wavy(seed: int, points: Points, most: float = 4.0) -> Points:
    """Return points moved smoothly, by at most `most` pixels along each axis."""
    rng = np.random.default_rng(seed)
    phase, turns = rng.uniform(0, 2 * np.pi, (2, 2)), rng.uniform(0.3, 1, (2, 2)) * 2 * np.pi / SIDE
    waves = [
        np.sin(points[:, 0] * turns[a, 0] + phase[a, 0]) * np.cos(points[:, 1] * turns[a, 1] + phase[a, 1])
        for a in (0, 1)
    ]
    return (points + most * np.column_stack(waves)).astype(np.float32)


def clouds(points: Points) -> NDArray[np.uint8]:
    """Return the levels of a smooth picture at points, (k, 3)."""
    waves = [np.sin(points[:, 0] / (6 + i) + i) * np.cos(points[:, 1] / (9 - i) - i) for i in range(3)]
    return np.round(127 + 120 * np.column_stack(waves)).astype(np.uint8)


def painted(places: Points) -> NDArray[np.uint8]:
    """Return the picture (SIDE, SIDE, 3) whose pixels show what lies at `places`, (SIDE * SIDE, 2)."""
    return clouds(places).reshape(SIDE, SIDE, 3)


@given(SEEDS)
def test_a_picture_drawn_elsewhere_comes_back(seed: int) -> None:
    """The drawing shows at x what the photo has at wavy(x): its points are where that finds the photo's."""
    everywhere = grid(1)
    photo, drawing = painted(everywhere), painted(wavy(seed, everywhere))
    points = grid(6)
    back = laid_onto(drawing, points, wavy(seed, points), SIDE)
    inner = slice(16, -16)
    before, after = (np.abs(one[inner, inner].astype(int) - photo[inner, inner]).mean() for one in (drawing, back))
    assert after < 3
    assert after < before / 4


@given(SEEDS, st.integers(-9, 9), st.integers(-9, 9))
def test_points_that_all_move_alike_take_the_whole_picture_with_them(seed: int, right: int, down: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    points = np.random.default_rng(seed).uniform(40, 90, (50, 2)).astype(np.float32)
    moved = laid_onto(picture, points, points + np.array([right, down], np.float32), SIDE)
    inner = slice(10, -10)
    wanted = np.roll(picture, (down, right), (0, 1))[inner, inner]
    # OpenCV takes places to 1/32 of a pixel.
    assert np.abs(moved[inner, inner].astype(int) - wanted).mean() < 1


@given(SEEDS)
def test_a_picture_is_enlarged_on_the_way(seed: int) -> None:
    side = round(SIDE * 1.125)
    picture = cv2.GaussianBlur(np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), np.uint8), (0, 0), 2)
    points = grid(16)
    enlarged = laid_onto(picture, points, (points + 0.5) * np.float32(1.125) - 0.5, side)
    wanted = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    assert enlarged.shape == (side, side, 3)
    assert np.abs(enlarged.astype(int) - wanted).mean() < 1


@given(SEEDS)
def test_values_stay_where_they_are_known_and_within_their_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = rng.permutation(grid(24))[:12]
    values = rng.uniform(-5, 5, (12, 2)).astype(np.float32)
    field = spread_over(SIDE, places, values)
    assert field.shape == (SIDE, SIDE, 2)
    at = places.astype(int)
    np.testing.assert_allclose(field[at[:, 1], at[:, 0]], values, atol=0.75)
    assert (field >= values.min(axis=0) - 1e-3).all()
    assert (field <= values.max(axis=0) + 1e-3).all()


def test_places_outside_the_square_count_for_nothing() -> None:
    inside, outside = np.array([[30, 40]], np.float32), np.array([[-9, 40], [30, SIDE], [SIDE + 3, -2]], np.float32)
    field = spread_over(
        SIDE, np.concatenate([inside, outside]), np.array([[2, -1], [50, 50], [50, 50], [50, 50]], np.float32)
    )
    np.testing.assert_allclose(field, np.broadcast_to(np.array([2, -1], np.float32), field.shape), atol=1e-3)


def test_points_at_one_place_are_averaged() -> None:
    places = np.array([[30, 40], [30, 40]], np.float32)
    field = spread_over(SIDE, places, np.array([[0, 1], [4, 3]], np.float32))
    np.testing.assert_allclose(field[40, 30], [2, 2], atol=1e-3)
