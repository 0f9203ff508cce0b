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

OUTLINE_SIDE = 512
"""Longest side in pixels of the copy that an outline is found on."""

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
    mixed = (white > 0) & (head > 0)
    colours[(white > 0) & (head <= 0)] = 255
    share = (head[mixed] / opacity[mixed])[:, None]
    colours[mixed] = np.rint(share * colours[mixed] + (1 - share) * 255).astype(np.uint8)
    return np.dstack([colours, np.rint(255 * opacity).astype(np.uint8)])


def own_colours(picture: RgbImage, alpha: Field) -> RgbImage:
    """Return (h, w, 3): the cut-out's colours, without its surroundings' share of half covered pixels.

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
    ours, theirs = (
        np.asarray(cv2.resize(np.rint(side).astype(np.uint8), (width, height)), np.uint8) for side in (fore, back)
    )
    colours = np.asarray(cv2.copyTo(picture, (alpha >= 1).astype(np.uint8), ours.copy()), np.uint8)
    mixed = (alpha > 0) & (alpha < 1)
    sides = (one[mixed].astype(np.float32) for one in (ours, theirs))
    colours[mixed] = np.rint(_explained(picture[mixed].astype(np.float32), alpha[mixed], *sides)).astype(np.uint8)
    return colours


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
    """Return (h, w) in 0..1 where a border reaches that is `width` pixels wide, antialiased; 0 of no width.

    An outline is smooth: how far away the head is, is found on a small copy.
    """
    if width <= 0:
        return np.zeros_like(head)
    height, length = head.shape
    ratio = min(OUTLINE_SIDE / max(head.shape), 1.0)
    size = max(round(length * ratio), 1), max(round(height * ratio), 1)
    small = cv2.resize(head, size, interpolation=cv2.INTER_AREA)
    away = cv2.distanceTransform((small < 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    smooth = cv2.GaussianBlur(away, (0, 0), max(rounding * ratio, 0.7))
    distance = np.asarray(cv2.resize(smooth, (length, height)), np.float32) / np.float32(ratio)
    # The first pixel outside is one pixel away from the last one inside.
    return np.clip(np.float32(width + 1) - distance, 0, 1)
