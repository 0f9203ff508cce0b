"""Where wrinkles run on a face: curves over the mean frontal face, a little different for every seed.

Lines and their names are those of the anatomy of ageing skin (Lemperle et al. 2001, "A classification of facial
wrinkles").
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float32]
"""(k, 2) places u, v that a line runs through."""


@dataclass(frozen=True, eq=False)
class Wrinkle:
    """A line of the skin.

    group: of GROUPS; curve: (k, 2) densely sampled; width: standard deviation of its groove in eye distances (about 90
    mm); depth: relative to a deep line; onset: severity in 0..1 at which it begins to show.
    """

    group: str
    curve: Curve
    width: float
    depth: float
    onset: float


GROUPS = (
    "forehead",
    "glabella",
    "crows_feet",
    "under_eye",
    "nasolabial",
    "marionette",
    "lips",
    "cheeks",
    "chin",
    "nose",
)

KEPT = 16
"""Seeds whose lines are kept."""

_STEP = 0.004
"""Eye distances between samples of a curve."""

_SIDED: tuple[tuple[str, tuple[tuple[float, float], ...], float, float], ...] = (
    ("glabella", ((0.085, -0.33), (0.07, -0.24), (0.085, -0.14)), 0.013, 0.8),
    ("crows_feet", ((0.56, -0.03), (0.63, -0.08), (0.69, -0.15)), 0.009, 0.75),
    ("crows_feet", ((0.57, 0.0), (0.65, -0.02), (0.73, -0.05)), 0.009, 0.85),
    ("crows_feet", ((0.57, 0.03), (0.65, 0.05), (0.73, 0.06)), 0.009, 0.85),
    ("crows_feet", ((0.56, 0.06), (0.63, 0.11), (0.69, 0.17)), 0.009, 0.7),
    ("crows_feet", ((0.54, 0.08), (0.59, 0.15), (0.62, 0.23)), 0.008, 0.5),
    ("under_eye", ((0.19, 0.085), (0.27, 0.14), (0.38, 0.15), (0.49, 0.10)), 0.010, 0.6),
    ("under_eye", ((0.17, 0.12), (0.26, 0.195), (0.38, 0.215), (0.50, 0.17)), 0.013, 0.7),
    ("under_eye", ((0.24, 0.16), (0.32, 0.178), (0.40, 0.178)), 0.007, 0.45),
    ("nasolabial", ((0.225, 0.385), (0.29, 0.47), (0.35, 0.58), (0.385, 0.68), (0.385, 0.75)), 0.018, 1.6),
    ("nasolabial", ((0.33, 0.50), (0.39, 0.60), (0.42, 0.70)), 0.011, 0.45),
    ("marionette", ((0.335, 0.735), (0.365, 0.82), (0.37, 0.92), (0.35, 1.0)), 0.015, 0.9),
    ("cheeks", ((0.52, 0.36), (0.55, 0.5), (0.545, 0.64), (0.51, 0.78)), 0.010, 0.55),
    ("cheeks", ((0.59, 0.34), (0.615, 0.48), (0.605, 0.62), (0.56, 0.76)), 0.009, 0.5),
    ("cheeks", ((0.46, 0.42), (0.485, 0.54), (0.48, 0.66), (0.455, 0.78)), 0.009, 0.45),
    ("cheeks", ((0.43, 0.24), (0.52, 0.27), (0.61, 0.26)), 0.008, 0.4),
    ("cheeks", ((0.50, 0.30), (0.58, 0.33), (0.66, 0.32)), 0.0075, 0.35),
    ("cheeks", ((0.655, 0.36), (0.665, 0.5), (0.645, 0.64)), 0.008, 0.4),
    ("cheeks", ((0.425, 0.52), (0.435, 0.62), (0.42, 0.72)), 0.0075, 0.35),
    ("chin", ((0.10, 0.985), (0.05, 0.965), (0.0, 0.96)), 0.012, 0.6),
    ("chin", ((0.24, 0.92), (0.27, 1.0), (0.26, 1.09)), 0.010, 0.5),
    ("nose", ((0.045, 0.02), (0.085, 0.06), (0.11, 0.11)), 0.008, 0.45),
    ("nose", ((0.05, 0.07), (0.09, 0.11), (0.115, 0.16)), 0.008, 0.4),
)
"""Lines of the right half: group, points, width, depth. The left half has their mirror twins."""

_FOREHEAD = (
    (-0.32, 0.34, 0.7),
    (-0.40, 0.43, 1.0),
    (-0.48, 0.44, 0.95),
    (-0.56, 0.40, 0.8),
    (-0.65, 0.34, 0.65),
)
"""v, half length and depth of the lines across."""

_LIP_TOP, _LIP_BOTTOM = 0.64, 0.885
"""v of the lips' edges at the middle."""


@lru_cache(maxsize=KEPT)
def wrinkles(seed: int) -> tuple[Wrinkle, ...]:
    """Return the lines of a face, the same for the same seed."""
    rng = np.random.default_rng([seed, 1])
    found = [_line(rng, group, points, width, depth) for group, points, width, depth in _sided()]
    for v, half, depth in _FOREHEAD:
        found += _across(rng, v, half, depth)
    return (*found, *_around_lips(rng))


def _sided() -> list[tuple[str, Curve, float, float]]:
    both: list[tuple[str, Curve, float, float]] = []
    for group, points, width, depth in _SIDED:
        right = np.array(points, np.float32)
        both += [(group, right, width, depth), (group, right * np.array([-1, 1], np.float32), width, depth)]
    return both


def _line(
    rng: np.random.Generator, group: str, points: Curve, width: float, depth: float, bent: float = 0.035
) -> Wrinkle:
    """Return a line through points (k, 2), a little moved, and each point by `bent` of its length."""
    reach = float(np.hypot(*(points[-1] - points[0])))
    moved = points + rng.normal(0, 0.03 * min(reach, 0.5), (1, 2)) + rng.normal(0, bent * reach, points.shape)
    return Wrinkle(
        group,
        sampled(moved.astype(np.float32)),
        width * float(rng.uniform(0.85, 1.15)),
        depth * float(rng.uniform(0.75, 1.15)),
        float(rng.uniform(0, 0.35)),
    )


def _across(rng: np.random.Generator, v: float, half: float, depth: float) -> list[Wrinkle]:
    """Return a line across the forehead, in one piece or two, lower over the brows than between them."""
    u = np.linspace(-half, half, 7) + rng.normal(0, 0.02)
    wave = 0.014 * np.cos(2 * np.pi * u / 0.8 + rng.normal(0, 0.4)) + 0.05 * u**2 / half
    line = np.column_stack([u, v + wave + rng.normal(0, 0.004, len(u))]).astype(np.float32)
    split = int(rng.integers(2, 5))
    parts = [line] if rng.random() < 0.4 else [line[: split + 1], line[split:] + np.array([0.0, 0.025], np.float32)]
    return [_line(rng, "forehead", part, 0.012, depth, bent=0.012) for part in parts]


def _around_lips(rng: np.random.Generator) -> list[Wrinkle]:
    """Return the fine lines that run towards the lips from above and below."""
    found: list[Wrinkle] = []
    for u in np.linspace(-0.23, 0.23, 11) + rng.normal(0, 0.008, 11):
        edge = _LIP_TOP + 0.35 * u**2 - 0.012 * np.cos(np.pi * u / 0.1) * (abs(u) < 0.1)
        length = float(rng.uniform(0.06, 0.12)) * (1 - 0.8 * abs(u))
        points = np.array([[u * 1.12, edge - length], [u * 1.05, edge - length / 2], [u, edge + 0.005]], np.float32)
        found.append(_line(rng, "lips", points, 0.0065, 0.42))
    for u in np.linspace(-0.2, 0.2, 7) + rng.normal(0, 0.01, 7):
        edge = _LIP_BOTTOM - 0.6 * u**2
        length = float(rng.uniform(0.04, 0.08))
        points = np.array([[u, edge - 0.005], [u * 1.05, edge + length / 2], [u * 1.1, edge + length]], np.float32)
        found.append(_line(rng, "lips", points, 0.0065, 0.3))
    return found


def sampled(points: Curve) -> Curve:
    """Return a smooth curve (k, 2) through points, sampled every few thousandths of an eye distance.

    Centripetal parameters (Catmull & Rom 1974), quadratic ends.
    """
    ends = np.array([2 * points[0] - points[1], 2 * points[-1] - points[-2]], np.float32)
    padded = np.concatenate([ends[:1], points, ends[1:]])
    parts: list[Curve] = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        count = max(int(np.hypot(*(end - start)) / _STEP), 2)
        t = np.linspace(0, 1, count, endpoint=False, dtype=np.float32)[:, None]
        parts.append(
            0.5
            * (
                2 * start
                + (end - before) * t
                + (2 * before - 5 * start + 4 * end - after) * t**2
                + (3 * start - before - 3 * end + after) * t**3
            )
        )
    return np.concatenate([*parts, points[-1:]]).astype(np.float32)
