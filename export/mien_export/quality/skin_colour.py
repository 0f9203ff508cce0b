"""Skin colour in CIE L*a*b* (D65): its shifts, its difference before and after, and how that falls on skin tones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab

from mien_export.quality.regions import Mask
from mien_export.quality.statistics import Floats
from mien_service.faces.face import RgbImage

TONES = (("very light", 55.0), ("light", 41.0), ("intermediate", 28.0), ("tan", 10.0), ("brown", -30.0))
"""Name and lower bound in degrees of each bin of the typology angle (Chardon, Cretois & Hourseau 1991); below the
last one skin is `DARK`."""

DARK = "dark"

FEWEST_IN_BIN = 40
"""Faces that a bin needs before its mean is held against the pooled one (design/models.md)."""


@dataclass(frozen=True)
class ToneMean:
    """The mean of a reading over the faces of one skin tone."""

    tone: str
    n: int
    mean: float
    ratio: float
    """Mean over the mean of all faces: the bar is .75 to 1.25 where `counts`."""

    counts: bool
    """Whether the bin has FEWEST_IN_BIN faces."""


def mean_colour(picture: RgbImage, region: Mask) -> Floats:
    """Return (3,) mean L*, a*, b* of sRGB pixels (h, w, 3) under the mask (h, w), which must not be empty."""
    return np.asarray(rgb2lab(picture[region][None])[0].mean(axis=0), np.float64)


def colour_shift(before: RgbImage, after: RgbImage, region: Mask) -> Floats:
    """Return (3,) how far the mean L*, a* and b* under the mask moved."""
    return mean_colour(after, region) - mean_colour(before, region)


def colour_difference(before: RgbImage, after: RgbImage, region: Mask) -> float:
    """Return the CIEDE2000 difference of the mean colours under the mask (Sharma, Wu & Dalal 2005)."""
    return float(deltaE_ciede2000(mean_colour(before, region), mean_colour(after, region)))


def typology_angle(colour: Floats) -> float:
    """Return the individual typology angle in degrees of a colour (3,) L*, a*, b*: high is light, low is dark.

    Photos are not calibrated: light and camera shift it by tens of degrees, so it sorts faces only roughly.
    """
    return float(np.degrees(np.arctan2(colour[0] - 50, colour[2])))


def tone_of(angle: float) -> str:
    """Return the name of the bin that a typology angle in degrees falls into, as in TONES."""
    return next((name for name, bound in TONES if angle > bound), DARK)


def tone_means(angles: Floats, readings: Floats) -> list[ToneMean]:
    """Return the mean reading (n,) of each tone that the angles (n,) have, from light to dark.

    Raises ValueError for no faces.
    """
    if not len(readings):
        raise ValueError("no faces to pool")
    tones = np.array([tone_of(float(angle)) for angle in angles])
    pooled = float(readings.mean())
    names: Sequence[str] = [name for name, _ in TONES] + [DARK]
    return [_tone_mean(name, readings[tones == name], pooled) for name in names if (tones == name).any()]


def _tone_mean(tone: str, readings: Floats, pooled: float) -> ToneMean:
    mean = float(readings.mean())
    return ToneMean(
        tone, len(readings), mean, mean / pooled if pooled else float("nan"), len(readings) >= FEWEST_IN_BIN
    )
