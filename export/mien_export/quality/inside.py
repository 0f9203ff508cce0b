"""PSNR and SSIM inside a region: over the whole frame an untouched background flatters every method."""

import math

import numpy as np
from skimage.metrics import structural_similarity

from mien_export.quality.regions import Mask
from mien_export.quality.untouched import psnr, squared_error
from mien_service.faces.face import RgbImage

SSIM_SIGMA = 1.5
"""Of the Gaussian window in pixels, as Wang et al. 2004 choose it."""


def psnr_inside(picture: RgbImage, truth: RgbImage, region: Mask) -> float:
    """Return the PSNR in dB of pictures (h, w, 3) under the mask (h, w); NaN under an empty one.

    Raises ValueError if the shapes differ.
    """
    return psnr(squared_error(truth, picture, region))


def full_psnr(inside: float, share: float) -> float:
    """Return the PSNR in dB over the frame of a picture that differs only inside a region of this `share` of it.

    The squared error is diluted: full = inside - 10 log10(share). Raises ValueError for a share not in 0..1 or 0.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a region covers more than 0 and at most all of the frame, not {share}")
    return inside - 10 * math.log10(share)


def ssim_inside(picture: RgbImage, truth: RgbImage, region: Mask) -> float:
    """Return the structural similarity, -1 to 1, of pictures (h, w, 3) inside the mask (h, w); NaN if it is empty.

    The SSIM map (Wang et al. 2004: Gaussian window, no sample correction; mean of the three channels) of the
    whole pictures, averaged inside: windows at the rim see a little of the outside. Raises ValueError if the
    shapes differ.
    """
    if picture.shape != truth.shape:
        raise ValueError(f"shapes differ: {picture.shape} and {truth.shape}")
    if not region.any():
        return math.nan
    found = structural_similarity(
        truth,
        picture,
        channel_axis=2,
        data_range=255,
        gaussian_weights=True,
        sigma=SSIM_SIGMA,
        use_sample_covariance=False,
        full=True,
    )
    return float(np.asarray(found[1])[region].mean())
