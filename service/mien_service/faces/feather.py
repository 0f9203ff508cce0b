"""How softly an edit's edge fades, in photo pixels: neither a cut on a small face nor a haze on a large one.

An edge is only ever moved inwards: where alpha or matte is 0, it stays 0.
"""

import cv2
import numpy as np

from mien_service.faces.edit import Field
from mien_service.faces.sheet import Sheet

FEATHER_PER_ROOT = 0.16
NARROWEST, WIDEST = 1.5, 10.0

EDGE_PIXELS = 1.5
"""Pixels of its own resolution over which a hard edge falls once it is enlarged by cubic interpolation."""

MOST_GAIN = 5.0
"""How much steeper an enlarged edge is made at most: beyond it the fields' own pixels show as steps."""

HARD, HARDEST = 0.45, 0.65
"""Fall over three pixels, as a share of the whole matte, from which an edge counts as meant to be hard."""


def feather(side: float) -> float:
    """Return the feather in photo pixels for an aligned square of `side` photo pixels.

    A face 300 px wide has a square of about 600 px and a feather of 4 px; it grows with the root of the size, so
    that a face of 60 px gets 1.7 px and one of 2,000 px gets 10.
    """
    return min(max(FEATHER_PER_ROOT * float(np.sqrt(side)), NARROWEST), WIDEST)


def softened(alpha: Field, sheet: Sheet) -> Field:
    """Return the largest field under `alpha` (over the sheet) that nowhere rises by more than 1 within the feather.

    This is grey erosion by a cone (Serra 1982, "Image Analysis and Mathematical Morphology"), by chamfer distance:
    where alpha rises gently already it is left exactly as it is.
    """
    width = _feather_of(sheet) / sheet.step
    steps = int(np.ceil(width)) - 1
    for i in range(steps):
        # Squares and diamonds in turn are close to discs.
        shape = cv2.MORPH_RECT if i % 2 else cv2.MORPH_CROSS
        lowest = cv2.erode(alpha, cv2.getStructuringElement(shape, (3, 3)))
        alpha = np.minimum(alpha, np.asarray(lowest, np.float32) + np.float32(1 / width))
    return alpha


def crisp(matte: Field, sheet: Sheet) -> Field:
    """Return `matte` (n, n) over the sheet, with edges that were hard at n pixels not wider than the feather.

    A ramp over many pixels of the fields was meant to be soft, and stays.
    """
    enlarged = np.clip(sheet.resampled(matte), 0, 1)
    gain = min(EDGE_PIXELS * sheet.zoom[0] * sheet.step / _feather_of(sheet), MOST_GAIN)
    if gain <= 1:
        return enlarged
    square = np.ones((3, 3), np.uint8)
    highest = np.asarray(cv2.dilate(matte, square), np.float32)
    fall = (highest - cv2.erode(matte, square)) / max(float(matte.max()), 1e-6)
    hard = cv2.dilate(np.clip((fall - HARD) / (HARDEST - HARD), 0, 1), square)
    share = sheet.resampled(np.asarray(hard, np.float32), cv2.INTER_LINEAR)
    level = sheet.resampled(np.asarray(cv2.dilate(highest, square), np.float32), cv2.INTER_LINEAR)
    ratio = enlarged / np.maximum(level, 1e-6)
    steep = level * np.clip(0.5 + gain * (ratio - 0.5), 0, 1)
    return (enlarged + share * (steep - enlarged)).astype(np.float32)


def _feather_of(sheet: Sheet) -> float:
    return feather(sheet.resolution * sheet.zoom[0] * sheet.step)
