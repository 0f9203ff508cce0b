"""A person's own colours, read off the photo, and what an emoji makes of them. Colours are CIE L*a*b* (3,) here."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage

Lab = NDArray[np.float32]
"""(3,): L* in 0..100, a* and b*."""

FEW = 12
"""Pixels below which a part shows no colour of its own."""

DARKEST, LIGHTEST = 6.0, 95.0


@dataclass(frozen=True, eq=False)
class Tones:
    """A colour (3,) of L*a*b*, and how far its lightness spreads over its part."""

    middle: Lab
    spread: float


def to_lab(picture: RgbImage) -> Field:
    """Return L*a*b* (h, w, 3), as fine as 8 bits tell, of a picture (h, w, 3)."""
    lightness, a, b = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2Lab).astype(np.float32))
    planes = [lightness * np.float32(100 / 255), a - np.float32(128), b - np.float32(128)]
    return np.asarray(cv2.merge(planes), np.float32)


def to_rgb(lab: Field) -> Field:
    """Return RGB in 0..255 of L*a*b* (..., 3)."""
    flat = np.ascontiguousarray(lab, np.float32).reshape(-1, 1, 3)
    return (cv2.cvtColor(flat, cv2.COLOR_Lab2RGB) * np.float32(255)).reshape(lab.shape)


def tones(lab: Field, part: Field, otherwise: Lab) -> Tones:
    """Return the median colour of what `part`, (h, w) in 0..1, surely covers of `lab` (h, w, 3)."""
    colours = lab[part > 0.6]
    if len(colours) < FEW:
        return Tones(otherwise, 0.0)
    low, high = np.percentile(colours[:, 0], [16, 84])
    return Tones(np.median(colours, axis=0).astype(np.float32), float(high - low) / 2)


def chroma(colour: Lab) -> float:
    """Return how colourful a colour is: 0 is grey."""
    return float(np.hypot(float(colour[1]), float(colour[2])))


def livelier(colour: Lab, lighter: float, chromatic: float, strength: float) -> Lab:
    """Return a colour `lighter` levels lighter and its chroma times `chromatic`, as far as strength says."""
    factor = 1 + (chromatic - 1) * strength
    lightness = np.clip(colour[0] + lighter * strength, DARKEST, LIGHTEST)
    return np.array([lightness, colour[1] * factor, colour[2] * factor], np.float32)


def mixed(first: Lab, second: Lab, share: float) -> Lab:
    """Return the colour that lies `share` of the way from the first to the second."""
    return np.asarray(first + (second - first) * np.float32(share), np.float32)


def shaded(colour: Lab, darker: float) -> Lab:
    """Return a colour `darker` levels darker, and a little warmer as skin is in shade; lighter if negative."""
    lightness = np.clip(colour[0] - darker, DARKEST, LIGHTEST)
    warmer = 0.25 * min(darker, 20.0) * chroma(colour) / 25
    return np.array([lightness, colour[1] + warmer, colour[2] + warmer / 2], np.float32)
