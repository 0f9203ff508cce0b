"""How much fine detail survives: variance of the Laplacian, output over input."""

import math

import cv2
import numpy as np

from mien_export.quality.regions import Mask
from mien_service.faces.face import RgbImage

FEWEST_PIXELS = 200
"""Below this the ratio says nothing (the mustache's region has no skin away from the mouth)."""


def laplacian_variance(image: RgbImage, where: Mask) -> float:
    """Return the variance of the grey picture's Laplacian under the mask, in grey levels squared."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return float(np.asarray(cv2.Laplacian(grey, cv2.CV_64F))[where].var())


def detail_kept(before: RgbImage, after: RgbImage, where: Mask) -> float:
    """Return the Laplacian's variance under the mask, after over before: 1 is unchanged, below is blurred.

    before and after are (h, w, 3) uint8. NaN where the mask is under FEWEST_PIXELS or the input is flat.
    """
    if where.sum() < FEWEST_PIXELS:
        return math.nan
    original = laplacian_variance(before, where)
    return laplacian_variance(after, where) / original if original > 0 else math.nan
