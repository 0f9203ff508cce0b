"""A coarse map drawn to the edges of the photo that it lies over: the guided filter.

After He, Sun & Tang 2013, "Guided Image Filtering", with the colours as guide; its linear coefficients are found on a
small copy and applied to the photo itself (He & Sun 2015, "Fast Guided Filter").
"""

import cv2
import numpy as np

from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage

SMALL_SIDE = 384
"""Longest side of the copy in pixels."""

SMOOTH = 4e-4
"""Variance of the guide, in 0..1 a channel, under which an area is taken to be flat."""


def guided(coarse: Field, guide: RgbImage, radius: float) -> Field:
    """Return `coarse` (h, w) in 0..1 with the edges that `guide` (h, w, 3) has within `radius` pixels of its own.

    Nothing farther away changes: the result lies between the least and the most that `coarse` has within the radius.
    """
    height, width = coarse.shape
    ratio = min(SMALL_SIDE / max(height, width), 1.0)
    size = max(round(width * ratio), 1), max(round(height * ratio), 1)
    small = np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_AREA), np.float32)
    colours = np.asarray(cv2.resize(guide, size, interpolation=cv2.INTER_AREA), np.float32) / np.float32(255)
    reach = max(round(radius * ratio), 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    bounds = np.dstack([cv2.erode(small, disc), cv2.dilate(small, disc)])
    fields = np.dstack([_coefficients(small, colours, reach), bounds]).astype(np.float32)
    slope, offset, low, high = np.split(cv2.resize(fields, (width, height)), [3, 4, 5], axis=2)
    drawn = np.einsum("ijk,ijk->ij", slope, guide.astype(np.float32)) / np.float32(255) + offset[..., 0]
    return np.clip(drawn, low[..., 0], high[..., 0])


def _coefficients(coarse: Field, colours: Field, reach: int) -> Field:
    """Return (h, w, 4): by which factors of red, green and blue, and which offset, windows explain `coarse`."""
    mean, mean_coarse = _mean(colours, reach), _mean(coarse, reach)
    covariance = _mean(colours * coarse[..., None], reach) - mean * mean_coarse[..., None]
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    products = _mean(np.stack([colours[..., i] * colours[..., j] for i, j in pairs], axis=2), reach)
    rr, rg, rb, gg, gb, bb = (
        products[..., k] - mean[..., i] * mean[..., j] + np.float32(SMOOTH if i == j else 0)
        for k, (i, j) in enumerate(pairs)
    )
    red, green, blue = (covariance[..., i] for i in range(3))
    # The inverse of a symmetric 3 x 3 matrix by its cofactors.
    c_rr, c_rg, c_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    c_gg, c_gb, c_bb = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    determinant = rr * c_rr + rg * c_rg + rb * c_rb
    slope = np.stack(
        [
            c_rr * red + c_rg * green + c_rb * blue,
            c_rg * red + c_gg * green + c_gb * blue,
            c_rb * red + c_gb * green + c_bb * blue,
        ],
        axis=2,
    )
    slope = np.asarray(slope / determinant[..., None], np.float32)
    offset = mean_coarse - np.einsum("ijk,ijk->ij", slope, mean)
    return _mean(np.dstack([slope, offset]).astype(np.float32), reach)


def _mean(field: Field, reach: int) -> Field:
    return np.asarray(cv2.blur(field, (2 * reach + 1, 2 * reach + 1), borderType=cv2.BORDER_REFLECT), np.float32)
