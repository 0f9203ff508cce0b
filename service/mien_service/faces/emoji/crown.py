"""A head's outline above its eyes, rounder than the photo's: an emoji's hair has no stray tufts."""

from dataclasses import replace

import cv2
import numpy as np

from mien_service.faces.cutout import STEEPER
from mien_service.faces.edit import Field
from mien_service.faces.head_maps import HeadMaps

COARSE = 4
"""The outline is found on a copy so many times smaller."""

NOTCH, ROUND = 3, 1.6
"""Radius of what is filled between tufts, and deviation by which the outline is then rounded, in pixels of that
copy."""

FADES = 10.0
"""Pixels of the map above the eyes from which on the outline is wholly the rounder one."""


def rounded_crown(maps: HeadMaps, own: Field, eyes: float) -> tuple[HeadMaps, Field]:
    """Return maps, and the map `own` (SIDE, SIDE) of one head of theirs, whose outline is rounder above its eyes.

    eyes: the row of the maps in which they lie. What is filled between tufts is hair where hair is around.
    """
    rows = int(np.clip(eyes, 0, len(own))) // COARSE * COARSE
    if rows == 0:
        return maps, own
    above = np.clip((np.float32(eyes) - np.arange(rows, dtype=np.float32)) / np.float32(FADES), 0, 1)[:, None]
    shaped, head, hair = own.copy(), maps.head.copy(), maps.hair.copy()
    shaped[:rows] += (_rounder(own[:rows]) - own[:rows]) * above
    filled = np.clip(shaped[:rows] - own[:rows], 0, 1)
    np.maximum(head[:rows], filled, out=head[:rows])
    np.maximum(hair[:rows], np.minimum(filled, _rounder(maps.hair[:rows])), out=hair[:rows])
    return replace(maps, head=head, hair=hair), shaped


def _rounder(part: Field) -> Field:
    """Return a map's upper rows (h, w), both multiples of COARSE, without notches, its edge smooth."""
    height, width = part.shape
    small = cv2.resize(part, (width // COARSE, height // COARSE), interpolation=cv2.INTER_AREA)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * NOTCH + 1, 2 * NOTCH + 1))
    soft = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, disc), (0, 0), ROUND)
    enlarged = np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.clip((enlarged - np.float32(0.5)) * np.float32(STEEPER) + np.float32(0.5), 0, 1)
