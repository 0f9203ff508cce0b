"""Laying a picture of a face onto another of the same face: points that both have meet, what is between follows."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Field

WIDTHS = (1 / 85, 1 / 32, 1 / 11, 1 / 4)
"""Sigmas of the Gaussians that spread displacements, over the picture's side: the first is a third of the distance of
neighbouring mesh points, the last reaches the corners."""

FALL = 1 / 20
"""How much less each Gaussian weighs than the one before it: it counts where that one has nothing to say."""


def laid_onto(
    picture: NDArray[np.uint8], points: NDArray[np.float32], targets: NDArray[np.float32], side: int
) -> NDArray[np.uint8]:
    """Return a square picture enlarged to (side, side, c), so moved that what is at `points` comes to lie at `targets`.

    points: (k, 2) x, y in pixels of the picture; targets: (k, 2) in pixels of the result. The edge is repeated.
    """
    zoom = np.float32(picture.shape[0] / side)
    flow = spread_over(side, targets, points - _zoomed(targets, zoom))
    rows, columns = _zoomed(np.mgrid[:side, :side].astype(np.float32), zoom)
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _zoomed(places: NDArray[np.float32], zoom: np.float32) -> NDArray[np.float32]:
    """Return places in a picture of another size: pixel centre x lies at (x + 0.5) * zoom - 0.5 of it."""
    return (places + np.float32(0.5)) * zoom - np.float32(0.5)


def spread_over(side: int, places: NDArray[np.float32], values: NDArray[np.float32]) -> Field:
    """Return values (k, 2), known at places (k, 2) x, y in pixels, for every pixel of a square, (side, side, 2).

    Normalised convolution (Knutsson and Westin 1993) with Gaussians of WIDTHS: near places the values there, elsewhere
    the mean of those around. Places outside the square are left out.
    """
    known = np.zeros((side, side, 3), np.float32)
    columns, rows = np.rint(places).astype(np.int64).T
    inside = (columns >= 0) & (columns < side) & (rows >= 0) & (rows < side)
    np.add.at(known, (rows[inside], columns[inside]), np.column_stack([values, np.ones(len(values))])[inside])
    total = np.zeros_like(known)
    for step, width in enumerate(WIDTHS):
        blurred = np.asarray(cv2.GaussianBlur(known, (0, 0), width * side), np.float32)
        total += np.float32(FALL**step) * blurred / max(float(blurred[..., 2].max()), 1e-9)
    return np.asarray(total[..., :2] / np.maximum(total[..., 2:], 1e-9), np.float32)
