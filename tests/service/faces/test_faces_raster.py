import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mien_service.faces.raster import cross, rasterised

SIDE = 48
PLACES = st.floats(-10, 60)
CORNERS = st.lists(st.tuples(PLACES, PLACES), min_size=3, max_size=3)
SQUARE = np.array([[0, 1, 2], [0, 2, 3]], np.intp)


def square(low: float, high: float, depth: float = 0.0) -> np.ndarray:
    return np.array([[low, low, depth], [high, low, depth], [high, high, depth], [low, high, depth]], np.float32)


def planes(points: np.ndarray) -> np.ndarray:
    """Return (v, 2): two linear functions of x and y."""
    return np.column_stack([2 * points[:, 0] - points[:, 1], points[:, 0] + 3 * points[:, 1] + 1]).astype(np.float32)


@given(CORNERS)
def test_between_corners_values_are_linear(places: list[tuple[float, float]]) -> None:
    points = np.column_stack([np.array(places), np.zeros(3)]).astype(np.float32)
    raster = rasterised(points, np.array([[0, 1, 2]], np.intp), SIDE)
    area = abs(cross(points[1:2, :2] - points[:1, :2], points[2:, :2] - points[:1, :2])[0])
    if area < 100:
        return
    rows, columns = np.nonzero(raster.drawn)
    if len(rows) < 40:
        return
    wanted = planes(np.column_stack([columns, rows]).astype(np.float32))
    found = raster.between(planes(points))[rows, columns]
    # A pixel on the edge may lie outside a thin triangle by more than values are carried on.
    assert np.median(np.abs(found - wanted), axis=0).max(initial=0) < 0.01
    rim = np.abs(points - np.roll(points, 1, 0)).sum()
    assert abs(raster.drawn.sum() - clipped_area(points)) < rim + 4


def clipped_area(points: np.ndarray) -> float:
    """Return how many pixel centres of the square lie inside a triangle."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    places = np.column_stack([columns.ravel(), rows.ravel()]).astype(np.float32)
    sides = [cross(np.roll(points, -1, 0)[i][None, :2] - points[i][None, :2], places - points[i, :2]) for i in range(3)]
    return float((np.all(np.array(sides) >= 0, axis=0) | np.all(np.array(sides) <= 0, axis=0)).sum())


def test_what_is_nearer_covers_what_is_farther() -> None:
    points = np.concatenate([square(5, 40, 1.0), square(10, 20, -1.0), square(25, 35, 2.0)])
    triangles = np.concatenate([SQUARE, SQUARE + 4, SQUARE + 8])
    which = np.repeat([1.0, 2.0, 3.0], 4)[:, None].astype(np.float32)
    drawn = rasterised(points, triangles, SIDE).between(which)[..., 0]
    assert (drawn[7, 7], drawn[15, 15], drawn[30, 30], drawn[2, 2]) == (1, 2, 1, 0)


def test_shares_are_of_the_triangle_drawn_even_where_it_has_no_area() -> None:
    points = np.array([[5, 5, 0], [40, 5, 0], [20, 5, 0]], np.float32)
    raster = rasterised(points, np.array([[0, 1, 2]], np.intp), SIDE)
    assert raster.drawn.any()
    np.testing.assert_allclose(raster.shares.sum(axis=1), 1, atol=1e-5)
    assert np.isfinite(raster.shares).all()
