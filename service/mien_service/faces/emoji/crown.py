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
    """Return maps, and the map (SIDE, SIDE) of the one head `own` of them, whose outline is rounder above its eyes.

    eyes: the row of the maps in which they lie. What is filled is hair where hair is around.
    """
    above = np.clip((np.float32(eyes) - np.arange(len(own), dtype=np.float32)) / np.float32(FADES), 0, 1)[:, None]
    rounder = _rounder(own)
    shaped = own + (rounder - own) * above
    more = np.clip(shaped - own, 0, 1)
    hair = np.maximum(maps.hair, np.minimum(more, _rounder(maps.hair)))
    return replace(maps, head=np.maximum(maps.head, more), hair=hair), np.asarray(shaped, np.float32)


def _rounder(part: Field) -> Field:
    size = (part.shape[1] // COARSE, part.shape[0] // COARSE)
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * NOTCH + 1, 2 * NOTCH + 1))
    filled = cv2.morphologyEx(small, cv2.MORPH_CLOSE, disc)
    soft = cv2.GaussianBlur(filled, (0, 0), ROUND)
    enlarged = np.asarray(cv2.resize(soft, part.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
    return np.clip((enlarged - np.float32(0.5)) * np.float32(STEEPER) + np.float32(0.5), 0, 1)
