"""A cut-out as a sticker: the head's own colours over nothing, with a white outline."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage

RgbaImage = NDArray[np.uint8]
"""(height, width, 4), RGB and opacity, 0..255; the colours are not multiplied by the opacity."""

WIDEST_OUTLINE = 0.2
"""As a share of the longer side of the cut-out."""

ROOM = 0.02
"""Empty pixels around a sticker, as a share of that side."""

ROUNDING = 0.007
"""Deviation by which an outline is smoothed, as a share of that side: it does not follow single hairs."""

FAR, NEAR = 0.09, 0.01
"""Reach within which a half covered pixel's own colour is looked for, first and then
once more, as shares of that side."""

PURE = 4
"""Power by which whole pixels count for more than half covered ones in the first look."""

SMALL_SIDE = 320
"""Longest side of the small copy in pixels."""


def sticker(picture: RgbImage, alpha: Field, outline: float = 0.0) -> RgbaImage:
    """Return a picture (h, w, 3) cut out by `alpha`, (h, w) in 0..1, as RGBA with room for the outline around it.

    outline: width of the white border as a share of the longer side, 0 to WIDEST_OUTLINE. What was around it shows
    neither at half covered pixels nor under transparent ones. Raises ValueError for other sizes and widths.
    """
    if picture.shape[:2] != alpha.shape:
        raise ValueError(f"sizes differ: {picture.shape[:2]} and {alpha.shape}")
    if not 0 <= outline <= WIDEST_OUTLINE:
        raise ValueError(f"an outline is 0 to {WIDEST_OUTLINE}, not {outline}")
    longer = max(alpha.shape)
    width = outline * longer
    rim = int(np.ceil(width + ROOM * longer))
    colours = np.pad(own_colours(picture, alpha), ((rim, rim), (rim, rim), (0, 0)))
    head = np.pad(alpha, rim)
    white = (1 - head) * _outline(head, width, ROUNDING * longer)
    opacity = head + white
    shown = (colours * head[..., None] + 255 * white[..., None]) / np.maximum(opacity, np.float32(1e-6))[..., None]
    shown = np.where(opacity[..., None] > 0, shown, colours)
    return np.rint(np.dstack([shown, 255 * opacity])).clip(0, 255).astype(np.uint8)


def own_colours(picture: RgbImage, alpha: Field) -> Field:
    """Return (h, w, 3) in 0..255: the cut-out's colours, without its surroundings' share of half covered pixels.

    After Forte 2021, "Approximate Fast Foreground Colour Estimation": the two colours that a pixel mixes are looked for
    around it on a small copy, first far, then near. Where `alpha` is 0 they are those of the nearest part, or black.
    """
    height, width = alpha.shape
    ratio = min(SMALL_SIDE / max(alpha.shape), 1.0)
    size = max(round(width * ratio), 1), max(round(height * ratio), 1)
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
    share = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.float32)
    # Nearly whole pixels alone first: the colours of others are mixed.
    fore, back = _both_sides(small, small, share**PURE, (1 - share) ** PURE, FAR)
    fore, back = _both_sides(_explained(small, share, fore, back), back, share, 1 - share, NEAR)
    both = np.asarray(cv2.resize(np.dstack([fore, back]), (width, height)), np.float32)
    return _explained(picture.astype(np.float32), alpha, both[..., :3], both[..., 3:])


def _both_sides(fore: Field, back: Field, ours: Field, theirs: Field, reach: float) -> tuple[Field, Field]:
    """Return the mean colours of the cut-out and of what is behind it around each pixel, both (h, w, 3).

    ours, theirs: (h, w), the weights of their pixels.
    """
    side = 2 * max(round(reach * max(ours.shape)), 1) + 1
    means: list[Field] = []
    for colours, weights in ((fore, ours), (back, theirs)):
        total = np.asarray(cv2.blur(weights, (side, side)), np.float32)[..., None]
        summed = np.asarray(cv2.blur(colours * weights[..., None], (side, side)), np.float32)
        means.append(np.asarray(summed / np.maximum(total, np.float32(1e-4)), np.float32))
    return means[0], means[1]


def _explained(mixed: Field, alpha: Field, fore: Field, back: Field) -> Field:
    """Return the cut-out's colours that, mixed with `back`, are nearest to what is seen, starting from `fore`."""
    share = alpha[..., None]
    return np.asarray(np.clip(fore + share * (mixed - share * fore - (1 - share) * back), 0, 255), np.float32)


def _outline(head: Field, width: float, rounding: float) -> Field:
    """Return (h, w) in 0..1 where a border reaches that is `width` pixels wide, antialiased; 0 of no width."""
    if width <= 0:
        return np.zeros_like(head)
    # Half a pixel: an edge between two pixels lies at .5.
    away = cv2.distanceTransform((head < 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    smooth = np.asarray(cv2.GaussianBlur(away, (0, 0), max(rounding, 0.7)), np.float32)
    return np.clip(np.float32(width + 1) - smooth, 0, 1)
