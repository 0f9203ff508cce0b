"""All that is drawn on the mean frontal face for a severity of some signs: the same for every face, so it is kept."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Field
from mien_service.faces.skin import hollows, marks
from mien_service.faces.skin.crepe import crepe
from mien_service.faces.skin.curves import wrinkles
from mien_service.faces.skin.relief import relief
from mien_service.faces.skin.signs import Colour, Signs
from mien_service.faces.skin.surface import CHART_SCALE, CHART_SHAPE

KEPT = 12
"""Charts that are kept, 3 MB each."""

MOTTLES = 0.075
"""Size of uneven patches of skin tone, in eye distances."""

VESSEL: Colour = (-3.0, 9.0, 2.0)
"""A vessel's middle against the skin around it."""


CREPE_DEEP = 0.0011
"""Depth of crepe of 1, in eye distances: a tenth of a millimetre."""


@dataclass(frozen=True, eq=False)
class Charts:
    """Charts over the mean frontal face.

    tint: (h, w, 4), shifts of a*, b* and L* by skin tone, shape and vessels, and how much of a blotch there is,
    about 1 in its middle; height: (h, w) in eye distances, 0 on even skin.
    """

    tint: Field
    height: Field


@lru_cache(maxsize=KEPT)
def charts_of(signs: Signs, severity: float, seed: int) -> Charts:
    """Return what signs look like at a severity in 0..1; more of it adds and moves nothing."""
    tint = _tone(signs, seed) * np.float32(severity)
    if signs.vessels:
        tint[..., :3] += marks.vessels(seed, severity)[..., None] * _tint(VESSEL)[:3] * np.float32(signs.vessels)
    if any(signs.blotch):
        tint[..., 3] = marks.blotches(seed, severity)
    height = relief(wrinkles(seed), dict(signs.wrinkles), severity)
    height -= crepe(seed) * np.float32(CREPE_DEEP * signs.crepe * severity)
    height += hollows.bags() * np.float32(signs.bags * severity)
    return Charts(tint, height)


def _tone(signs: Signs, seed: int) -> Field:
    uneven = 1 + np.float32(signs.mottled) * _mottles(seed)
    tint = uneven[..., None] * _tint(signs.tone)
    tint += hollows.flushed()[..., None] * _tint(signs.flush)
    tint += hollows.under_eyes()[..., None] * _tint(signs.under_eye)
    tint[..., 2] += hollows.shade() * np.float32(signs.hollow)
    return tint


def _tint(colour: Colour) -> NDArray[np.float32]:
    lightness, a, b = colour
    return np.array([a, b, lightness, 0], np.float32)


def _mottles(seed: int) -> Field:
    """Return a chart of smooth noise of standard deviation 1: where skin tone is uneven."""
    noise = np.random.default_rng([seed, 4]).standard_normal(CHART_SHAPE, np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), MOTTLES * CHART_SCALE)
    return np.asarray(soft / max(float(soft.std()), 1e-6), np.float32)
