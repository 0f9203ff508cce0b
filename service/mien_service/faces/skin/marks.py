"""Marks on skin, drawn on charts of the mean frontal face: blotches, sores, small vessels.

Each has its place and the severity at which it begins to show: a larger severity adds to what a smaller one shows and
moves nothing.
"""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Field
from mien_service.faces.skin.curves import KEPT
from mien_service.faces.skin.relief import risen
from mien_service.faces.skin.surface import CHART_SCALE, CHART_SHAPE, LEFT, TOP

_CHEEK, _OTHER_CHEEK, _CHIN, _BROW = (
    (0.38, 0.42, 0.20, 0.20),
    (-0.38, 0.42, 0.20, 0.20),
    (0.0, 1.03, 0.22, 0.08),
    (0.0, -0.45, 0.38, 0.12),
)

BLOTCH_PLACES = (_CHEEK, _OTHER_CHEEK, _BROW, _CHEEK, _OTHER_CHEEK, _CHIN)
"""Where blotches lie, in turn: u, v and half axes of ellipses."""

BLOTCHES = 23
"""At a gain of 1 and severity 1 all of them show."""

SMALLEST, LARGEST = 0.024, 0.062
"""Radius in eye distances: 2 to 6 mm."""

APART = 1.25
"""Least distance of two blotches over the sum of their radii."""

LOBES = 7
"""Waves around a blotch's rim."""

FAINTEST = 0.5
"""How strong the faintest blotch is, over the strongest."""

UNEVEN, GRAIN = 0.3, 0.011
"""Deviation of a blotch's strength from place to place, and the size of those places in eye distances."""

VESSELS, VESSEL_STEPS, VESSEL_STEP = 70, 15, 0.006
"""Small vessels that show, and how each runs: steps, and their length in eye distances."""

VESSEL_PLACES = ((0.40, 0.36, 0.17, 0.15), (-0.40, 0.36, 0.17, 0.15), (0.0, 0.38, 0.13, 0.13))

VESSEL_WIDTH = 0.008


class Blotch(NamedTuple):
    """A blotch.

    u, v: its place; radius: the mean one, in eye distances; onset: severity at which it begins; strength: in 0..1; rim:
    (24,), the radius around it over the mean one.
    """

    u: float
    v: float
    radius: float
    onset: float
    strength: float
    rim: NDArray[np.float64]


def blotches(seed: int, severity: float) -> Field:
    """Return a chart from 0: about 1 in the middle of a strong blotch that has wholly come."""
    chart = np.zeros(CHART_SHAPE, np.float32)
    for blotch in _scattered(seed):
        _blend(chart, blotch, 1.5 * blotch.strength * risen(severity, blotch.onset))
    return chart * _uneven(seed)


@lru_cache(maxsize=KEPT)
def _uneven(seed: int) -> Field:
    """Return a chart of factors about 1: no mark is of one colour."""
    noise = np.random.default_rng([seed, 6]).standard_normal(CHART_SHAPE, np.float32)
    soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), GRAIN * CHART_SCALE), np.float32)
    return np.clip(1 + soft * np.float32(UNEVEN / max(float(soft.std()), 1e-6)), 0.2, 1.8)


def _scattered(seed: int) -> list[Blotch]:
    """Return blotches that keep apart."""
    rng = np.random.default_rng([seed, 2])
    found: list[Blotch] = []
    for _ in range(40 * BLOTCHES):
        if len(found) == BLOTCHES:
            break
        middle_u, middle_v, half_u, half_v = BLOTCH_PLACES[len(found) % len(BLOTCH_PLACES)]
        angle, away = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random())
        u, v = middle_u + half_u * away * np.cos(angle), middle_v + half_v * away * np.sin(angle)
        radius = float(SMALLEST * (LARGEST / SMALLEST) ** (rng.random() ** 1.5))
        rim, onset = _rim(rng), float(rng.uniform(0, 0.35))
        strength = float(rng.uniform(FAINTEST, 1))
        if all(np.hypot(u - other.u, v - other.v) > APART * (radius + other.radius) for other in found):
            found.append(Blotch(float(u), float(v), radius, onset, strength, rim))
    return found


def _rim(rng: np.random.Generator) -> NDArray[np.float64]:
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rim = np.ones(24)
    for wave in range(2, LOBES + 1):
        rim += rng.normal(0, 0.22 / wave) * np.cos(wave * angles + rng.uniform(0, 2 * np.pi))
    return np.clip(rim, 0.55, 1.5)


def _blend(chart: Field, blotch: Blotch, amount: float) -> None:
    """Lay a blotch on a chart, soft towards its rim; where two meet the stronger shows."""
    if amount <= 0:
        return
    rim = blotch.rim
    middle = np.array([blotch.u - LEFT, blotch.v - TOP]) * CHART_SCALE - 0.5
    reach = int(np.ceil(2.2 * blotch.radius * CHART_SCALE))
    left, top = np.maximum(np.floor(middle).astype(int) - reach, 0)
    right, bottom = np.floor(middle).astype(int) + reach + 1
    part = chart[top:bottom, left:right]
    rows, columns = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]]
    x, y = columns - middle[0], rows - middle[1]
    turns = (np.arctan2(y, x) % (2 * np.pi)) / (2 * np.pi) * len(rim)
    first = turns.astype(int) % len(rim)
    between = turns - np.floor(turns)
    edge = blotch.radius * CHART_SCALE * (rim[first] * (1 - between) + rim[(first + 1) % len(rim)] * between)
    share = np.clip(amount * np.exp(-(np.maximum(np.hypot(x, y) / edge, 1e-3) ** 2)), 0, 1)
    np.maximum(part, share, out=part, casting="unsafe")


def vessels(seed: int, severity: float) -> Field:
    """Return a chart in 0..1 of small branching vessels on cheeks and nose (telangiectasia)."""
    rng = np.random.default_rng([seed, 3])
    chart = np.zeros(CHART_SHAPE, np.float32)
    for i in range(VESSELS):
        u, v, half_u, half_v = VESSEL_PLACES[i % len(VESSEL_PLACES)]
        angle, onset = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0, 0.35))
        start = np.array([u, v]) + np.clip(rng.normal(0, 0.5, 2), -1, 1) * [half_u, half_v]
        bends = np.cumsum(rng.normal(0, 0.45, VESSEL_STEPS)) + angle
        steps = np.column_stack([np.cos(bends), np.sin(bends)]) * VESSEL_STEP
        places = (start + np.cumsum(steps, axis=0) - [LEFT, TOP]) * CHART_SCALE - 0.5
        amount = risen(severity, onset)
        if amount > 0:
            drawn = np.rint(places * 16).astype(np.int32)
            cv2.polylines(chart, [drawn], isClosed=False, color=amount, thickness=1, shift=4)
    soft = np.asarray(cv2.GaussianBlur(chart, (0, 0), VESSEL_WIDTH * CHART_SCALE), np.float32)
    return np.clip(soft * np.float32(2.4), 0, 1)
