"""Cloth drawn in code: plain, dark, checked, striped and dotted, with a weave: mask textures show too little of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Cloth = NDArray[np.floating[Any]]
"""(h, w, 3), grey levels."""

SMALLEST_REPEAT, LARGEST_REPEAT = 3.0, 40.0
"""Pixels after which a pattern repeats, on a template or face of some 200 pixels."""

DARK = 45.0
"""The brightest level of dark cloth: black cloth is what hides in hair and shadow."""


def cloth(shape: tuple[int, int], rng: np.random.Generator) -> Cloth:
    """Return cloth of a random kind for a picture of a shape (h, w)."""
    one, other = (_colour(rng) for _ in range(2))
    amount = _pattern(shape, rng)[..., None]
    weave = rng.normal(1, rng.uniform(0, 0.06), shape).astype(np.float32)[..., None]
    return np.clip((one + (other - one) * amount) * weave, 0, 255)


def _colour(rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a colour: any, dark, or a grey."""
    kind = rng.random()
    if kind < 0.25:
        return rng.uniform(0, DARK, 3).astype(np.float32)
    if kind < 0.5:
        return np.full(3, rng.uniform(0, 250), np.float32)
    return rng.uniform(5, 250, 3).astype(np.float32)


def _pattern(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return how much of the second colour shows, (h, w) in 0..1."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    angle = rng.uniform(0, np.pi)
    across = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
    along = np.float32(np.cos(angle)) * y - np.float32(np.sin(angle)) * x
    repeat = np.exp(rng.uniform(np.log(SMALLEST_REPEAT), np.log(LARGEST_REPEAT)))
    wide = rng.uniform(0.2, 0.8)
    first, second = (_stripe(place, repeat, wide) for place in (across, along))
    patterns = (np.zeros(shape, np.float32), first, (first + second) / 2, first * second)
    return patterns[int(rng.choice(4, p=(0.35, 0.2, 0.3, 0.15)))]


def _stripe(place: NDArray[np.float32], repeat: float, wide: float) -> NDArray[np.float32]:
    """Return 1 on stripes and 0 between, with soft edges, for how far each pixel is across them."""
    wave = np.abs((place / np.float32(repeat)) % 1 - np.float32(0.5)) * 2
    return np.clip((np.float32(wide) - wave) * np.float32(repeat / 2) + np.float32(0.5), 0, 1)
