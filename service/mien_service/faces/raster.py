"""Triangles over a square of pixels: which of them lies on top at each pixel, and values carried on between corners."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Triangles = NDArray[np.intp]
"""(m, 3) indices of corners."""

SUBPIXEL_BITS = 4
"""Corners are rounded to sixteenths of a pixel where edges are drawn."""

OUTSIDE = 0.3
"""How far a value may be carried on beyond a triangle's edge, in shares of the triangle: edges are a pixel thick."""


@dataclass(frozen=True, eq=False)
class Raster:
    """A drawn square.

    drawn: (side, side), whether any triangle lies there; corners: (k, 3) of the k drawn pixels, row by row; shares:
    (k, 3), what each corner counts for, summing up to 1.
    """

    drawn: NDArray[np.bool_]
    corners: Triangles
    shares: NDArray[np.float32]

    def between(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (side, side, c): values (v, c) of the corners, carried on linearly; 0 where nothing is drawn."""
        found = np.zeros((*self.drawn.shape, values.shape[1]), np.float32)
        found[self.drawn] = np.einsum("kc,kcv->kv", self.shares, values[self.corners])
        return found


def rasterised(points: NDArray[np.float32], triangles: Triangles, side: int) -> Raster:
    """Return triangles with corners `points` (v, 3), x and y in pixels and z away from the viewer, over a square.

    The nearest covers the others, by the mean depth of its corners.
    """
    order = np.argsort(-points[triangles, 2].mean(axis=1), kind="stable")
    fixed = np.rint(points[:, :2] * 2**SUBPIXEL_BITS).astype(np.int32)[triangles]
    top = np.full((side, side), -1, np.int32)
    for index in order.tolist():
        cv2.fillConvexPoly(top, fixed[index], index, shift=SUBPIXEL_BITS)
    drawn = top >= 0
    corners = triangles[top[drawn]]
    rows, columns = np.nonzero(drawn)
    return Raster(drawn, corners, _shares(points[:, :2][corners], np.column_stack([columns, rows]).astype(np.float32)))


def _shares(corners: NDArray[np.float32], places: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the barycentric coordinates (k, 3) of places (k, 2) in triangles (k, 3, 2); thirds in degenerate ones."""
    first, second, place = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0], places - corners[:, 0]
    whole = cross(first, second)
    sound = np.abs(whole) > 1e-6
    whole = np.where(sound, whole, 1)
    to_first = np.where(sound, cross(place, second) / whole, 1 / 3)
    to_second = np.where(sound, cross(first, place) / whole, 1 / 3)
    shares = np.column_stack([1 - to_first - to_second, to_first, to_second]).clip(-OUTSIDE, 1 + OUTSIDE)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def cross(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n,): twice the signed areas of the triangles that vectors (n, 2) span."""
    return np.asarray(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0], np.float32)
