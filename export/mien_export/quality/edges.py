"""How a drawing keeps its source's lines and quietens the areas between them."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.feature import canny

from mien_export.quality.regions import Mask
from mien_service.faces.face import RgbImage

EDGE_SIGMA = 2.0
"""Of the blur before edges are looked for, in pixels of a 256-pixel square: pores and single hairs are no edges."""

LOW, HIGH = 0.04, 0.10
"""Hysteresis thresholds of the grey picture's gradient, grey in 0..1."""

TOLERANCE = 2.7
"""Pixels of the square that an edge may move and still be kept: .0075 of its diagonal (Martin et al. 2004)."""

FLAT_DISTANCE = 6.0
"""Pixels between a flat area and the nearest edge of the source."""

WINDOW = 7
"""Side of the window that local variance is read in, in pixels."""


def edges(square: RgbImage) -> Mask:
    """Return the edges of an aligned square (256, 256, 3) (Canny 1986)."""
    return np.asarray(canny(_grey(square), EDGE_SIGMA, LOW, HIGH), np.bool_)


def edges_kept(source: RgbImage, drawn: RgbImage, region: Mask) -> float:
    """Return the F-score, 0 to 1, of the drawing's edges under the mask against the source's.

    After Martin, Fowlkes & Malik 2004. Both are aligned squares (256, 256, 3) cut by the source's landmarks, the
    mask is (256, 256). An edge is kept where the other picture has one within TOLERANCE. 1 where neither has edges,
    0 where only one has. Faces are alike: the drawing of a stranger is the floor.
    """
    wanted, found = edges(source), edges(drawn)
    expected, drawn_here = wanted & region, found & region
    if not expected.any() or not drawn_here.any():
        return float(expected.any() == drawn_here.any())
    recall = float((_distance(found)[expected] <= TOLERANCE).mean())
    precision = float((_distance(wanted)[drawn_here] <= TOLERANCE).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def flat_variance_ratio(source: RgbImage, drawn: RgbImage, region: Mask) -> float:
    """Return the median local grey variance under the mask, drawing over source, away from the source's edges.

    Arguments as in `edges_kept`. Under .5 a style has halved it; the median, as one moved line would rule the
    mean. NaN where the source has no flat area (farther than FLAT_DISTANCE from an edge) or it has no variance.
    """
    flat = region & (_distance(edges(source)) > FLAT_DISTANCE)
    before = float(np.median(_local_variance(source)[flat])) if flat.any() else 0.0
    return float(np.median(_local_variance(drawn)[flat])) / before if before > 0 else math.nan


def _distance(mask: Mask) -> NDArray[np.float32]:
    """Return (h, w) how far in pixels each place is from the mask; infinite where it is empty."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away, np.float32)


def _local_variance(square: RgbImage) -> NDArray[np.float64]:
    grey = _grey(square)
    mean, mean_square = (cv2.blur(field, (WINDOW, WINDOW)) for field in (grey, grey * grey))
    return np.maximum(mean_square - mean * mean, 0)


def _grey(square: RgbImage) -> NDArray[np.float64]:
    return np.asarray(cv2.cvtColor(square, cv2.COLOR_RGB2GRAY), np.float64) / 255
