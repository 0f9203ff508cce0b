"""The addiction preview's readings over faces, and the bars that the design holds them against."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mien_export.quality.illustrated_readings import Reading, columns
from mien_export.quality.illustrators import SUBSTANCES
from mien_export.quality.report import Cell, shown
from mien_export.quality.skin_colour import ToneMean, tone_means
from mien_export.quality.statistics import Floats, non_decreasing_share
from mien_export.quality.untouched import pooled_psnr

SEVERITIES = (0.0, 0.25, 0.5, 0.75, 1.0)

DARK_BELOW = 10.0
"""Degrees of the typology angle under which skin is to darken less."""

RISING = ("wrinkles", "new_lines", "redness", "yellowness", "difference", "blotches", "years", "distance")
FALLING = ("lightness",)
"""Meters, by how they should follow the severity."""

MOVED = {
    "smoking": ("wrinkles", "new_lines", "yellowness"),
    "alcohol": ("redness",),
    "drugs": ("blotches",),
}
ALWAYS_MOVED = ("lightness", "difference", "years", "distance")
"""Meters that each substance is to move, and that all are: these have to be monotone."""

UNTOUCHED, NEAR = 45.0, 38.0
"""Decibels outside the face, in eyes and mouth; on hair and background near the face."""

EVENNESS = 0.25
"""How far a tone's mean colour difference may be from that of all, as a share."""


@dataclass(frozen=True)
class Summary:
    """What is said of one method's pictures of one substance at full severity, over n faces.

    Colours and wrinkles are medians, in CIE L*a*b* and shares; PSNRs are pooled, in dB.
    """

    n: int
    wrinkles: float
    new_lines: float
    yellowness: float
    redness: float
    lightness: float
    """Of faces whose typology angle is not under DARK_BELOW."""

    dark_lightness: float
    """Of the others."""

    blotches: float
    blotches_low: float
    blotches_high: float
    """Median and quartiles."""

    judged: int
    """Faces whose age and identity were read."""

    years: float
    distance: float
    """Means."""

    outside: float
    surroundings: float
    irises: float
    eyes: float
    """With `eyes_teeth=0` where the method has it."""

    graded: int
    """Faces that were read at all severities."""

    monotone: Mapping[str, float]
    """Share of steps over SEVERITIES in which each meter does not go the wrong way."""

    tones: Sequence[ToneMean]
    """Mean colour difference by skin tone."""

    def row(self) -> dict[str, Cell]:
        """Return the main table's cells."""
        return {
            "n": self.n,
            "wrinkle energy, %": 100 * self.wrinkles,
            "new lines": self.new_lines,
            "b*": self.yellowness,
            "a*, cheeks and nose": self.redness,
            "L*": self.lightness,
            "L*, dark skin": self.dark_lightness,
            "new blotches": self.blotches,
            "quartiles": f"{self.blotches_low:.0f} to {self.blotches_high:.0f}",
            "judged": self.judged,
            "years": self.years,
            "descriptor distance": self.distance,
            "outside, dB": self.outside,
            "hair and background, dB": self.surroundings,
            "irises, dB": self.irises,
            "eyes and mouth, dB": self.eyes,
        }


def summary(faces: Sequence[Sequence[Reading]], angles: Floats, eye_errors: Floats) -> Summary:
    """Return the summary of faces, each read at SEVERITIES or at full severity alone, with their angles (n,).

    eye_errors: squared errors in eyes and mouth, without what the method does there if that can be switched off.
    """
    read = columns([one[-1] for one in faces])
    dark = angles < DARK_BELOW
    graded = [columns(one) for one in faces if len(one) == len(SEVERITIES)]
    low, high = np.quantile(read["blotches"], (0.25, 0.75))
    return Summary(
        n=len(faces),
        **{name: _middle(read[name]) for name in ("wrinkles", "new_lines", "yellowness", "redness", "blotches")},
        lightness=_middle(read["lightness"][~dark]),
        dark_lightness=_middle(read["lightness"][dark]),
        blotches_low=float(low),
        blotches_high=float(high),
        judged=int(np.isfinite(read["years"]).sum()),
        **{name: _mean(read[name]) for name in ("years", "distance")},
        **{name: pooled_psnr(read[name]) for name in ("outside", "surroundings", "irises")},
        eyes=pooled_psnr(eye_errors),
        graded=len(graded),
        monotone=_monotone(graded),
        tones=tone_means(angles, read["difference"]),
    )


def _monotone(graded: Sequence[Mapping[str, Floats]]) -> dict[str, float]:
    if not graded:
        return dict.fromkeys((*RISING, *FALLING), math.nan)
    stacked = {name: np.stack([one[name] for one in graded]) for name in (*RISING, *FALLING)}
    return {name: non_decreasing_share(-over if name in FALLING else over) for name, over in stacked.items()}


def _middle(values: Floats) -> float:
    return float(np.median(values)) if len(values) else math.nan


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


@dataclass(frozen=True)
class Bar:
    """A bar of the design and what was read."""

    substance: str
    meter: str
    reading: float
    least: float = -math.inf
    most: float = math.inf

    def row(self) -> dict[str, Cell]:
        """Return the table's cells: the bar in words, and whether it is met."""
        met = "met" if self.least <= self.reading <= self.most else "missed"
        return {
            "substance": self.substance,
            "meter": self.meter,
            "bar": self._words(),
            "reading": self.reading,
            "result": "not measured" if math.isnan(self.reading) else met,
        }

    def _words(self) -> str:
        if math.isinf(self.most):
            return f"at least {shown(self.least)}"
        return f"at most {shown(self.most)}" if math.isinf(self.least) else f"{shown(self.least)} to {shown(self.most)}"


def bars(by_substance: Mapping[str, Summary]) -> list[Bar]:
    """Return the design's bars (models.md, section 3) with the readings of each substance; hollowing has no meter."""
    smoking, alcohol, drugs = (by_substance[name] for name in SUBSTANCES)
    own = [
        Bar("smoking", "wrinkle energy, share added", smoking.wrinkles, 0.6),
        Bar("smoking", "new lines", smoking.new_lines, 0.3),
        Bar("smoking", "b*", smoking.yellowness, 2, 5),
        Bar("alcohol", "a*, cheeks and nose", alcohol.redness, 3, 8),
        Bar("drugs", "new blotches", drugs.blotches, 8, 25),
    ]
    return own + [bar for name in SUBSTANCES for bar in _common(name, by_substance[name])]


def _common(substance: str, one: Summary) -> list[Bar]:
    """Return the bars that are the same for every substance."""
    least_monotone = min((*MOVED[substance], *ALWAYS_MOVED), key=lambda name: one.monotone[name])
    ratios = [tone.ratio for tone in one.tones if tone.counts]
    return [
        Bar(substance, "L*", one.lightness, -10, -4),
        Bar(substance, "L* on dark skin over L* on other skin", _ratio(one.dark_lightness, one.lightness), most=1),
        Bar(substance, "years", one.years, 5, 20),
        Bar(substance, "descriptor distance", one.distance, most=0.35),
        Bar(substance, "outside the face, dB", one.outside, UNTOUCHED),
        Bar(substance, "hair and background, dB", one.surroundings, NEAR),
        Bar(substance, "irises, dB", one.irises, UNTOUCHED),
        Bar(substance, "eyes and mouth with eyes_teeth=0, dB", one.eyes, UNTOUCHED),
        Bar(substance, f"monotone, the least: {least_monotone}", one.monotone[least_monotone], 0.95),
        *_evenness(substance, ratios),
    ]


def _evenness(substance: str, ratios: Sequence[float]) -> Iterable[Bar]:
    """Yield the bars of the tone that changes least and of the one that changes most, over the mean of all."""
    if ratios:
        for word, reading in (("least", min(ratios)), ("most", max(ratios))):
            yield Bar(substance, f"colour difference, {word} of any tone", reading, 1 - EVENNESS, 1 + EVENNESS)


def _ratio(one: float, other: float) -> float:
    return one / other if other else math.nan
