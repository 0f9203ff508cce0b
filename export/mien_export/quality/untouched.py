"""How still a picture stays where an edit has no business: squared error and PSNR under a mask.

The bars (design/models.md): 45 dB outside the attribute's region, 38 on hair and background near the face.
"""

import math

import numpy as np
from numpy.typing import NDArray

from mien_export.quality.regions import Mask
from mien_service.faces.face import RgbImage


def squared_error(before: RgbImage, after: RgbImage, where: Mask) -> float:
    """Return the mean squared difference under the mask in grey levels squared; NaN under an empty mask.

    before and after are (h, w, 3) uint8. Raises ValueError if their shapes differ.
    """
    if before.shape != after.shape:
        raise ValueError(f"shapes differ: {before.shape} and {after.shape}")
    if not where.any():
        return math.nan
    return float(np.square(before[where].astype(np.float64) - after[where]).mean())


def psnr(error: float) -> float:
    """Return the peak signal-to-noise ratio of a mean squared error, in dB; infinite for 0."""
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def pooled_psnr(errors: NDArray[np.float64]) -> float:
    """Return the PSNR in dB of the mean of errors (n,), NaNs left out, so that the worst faces count."""
    known = errors[~np.isnan(errors)]
    return psnr(float(known.mean())) if len(known) else math.nan
