"""Crepe: the fine creases between a face's lines, which follow them, as on skin that has grown thin and dry.

They are noise drawn out along a field of directions (Cabral & Leedom 1993, "Imaging vector fields using line integral
convolution"): single short lines look like scratches.
"""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Field
from mien_service.faces.skin.curves import KEPT, Wrinkle, wrinkles
from mien_service.faces.skin.surface import CHART_SCALE, CHART_SHAPE, LEFT, TOP

REACH = 0.075
"""Eye distances over which noise is drawn out to either side."""

FINEST, COARSEST = 0.0055, 0.013
"""Standard deviations of the noise that is left, in eye distances."""

TURNS_WITHIN = 0.11
"""Eye distances over which directions pass into each other."""

CALMER = ((0.5, 0.5, 0.2, 0.24, 0.45), (0.0, 1.02, 0.3, 0.12, 0.4))
"""Where creases are fainter: u, v and half axes on the right half, and by which share. On cheeks and chin they soon
look like bark."""

BETWEEN = 0.3
"""Share of the noise, in its standard deviations, that lies between creases."""


@lru_cache(maxsize=KEPT)
def crepe(seed: int) -> Field:
    """Return a chart of depths: 0 between creases, about 1 in most, the same for the same seed."""
    noise = np.random.default_rng([seed, 5]).standard_normal(CHART_SHAPE, np.float32)
    drawn = _drawn_out(noise, directions(wrinkles(seed)))
    fine, coarse = (cv2.GaussianBlur(drawn, (0, 0), size * CHART_SCALE) for size in (FINEST, COARSEST))
    band = np.asarray(fine - coarse, np.float32)
    depths = np.maximum(band / max(float(band.std()), 1e-6) - BETWEEN, 0)
    return (depths * _strength()).astype(np.float32)


def _strength() -> Field:
    """Return a chart in 0..1 of how strong creases are."""
    rows, columns = np.mgrid[: CHART_SHAPE[0], : CHART_SHAPE[1]].astype(np.float32)
    u, v = np.abs((columns + 0.5) / CHART_SCALE + LEFT), (rows + 0.5) / CHART_SCALE + TOP
    fainter = [
        share * np.exp(-(((u - middle_u) / half_u) ** 2 + ((v - middle_v) / half_v) ** 2) / 2)
        for middle_u, middle_v, half_u, half_v, share in CALMER
    ]
    return np.asarray(1 - np.sum(fainter, axis=0), np.float32)


def directions(lines: Sequence[Wrinkle]) -> Field:
    """Return a chart (h, w, 2) of unit vectors that run as the nearest lines do; their signs mean nothing."""
    doubled = np.zeros((*CHART_SHAPE, 2), np.float32)
    for line in lines:
        steps = np.diff(line.curve, axis=0)
        turns = 2 * np.arctan2(steps[:, 1], steps[:, 0])
        columns, rows = np.floor((line.curve[:-1] - np.array([LEFT, TOP], np.float32)) * CHART_SCALE).astype(int).T
        inside = (columns >= 0) & (rows >= 0) & (columns < CHART_SHAPE[1]) & (rows < CHART_SHAPE[0])
        amounts = np.column_stack([np.cos(turns), np.sin(turns)]) * np.float32(line.depth)
        np.add.at(doubled, (rows[inside], columns[inside]), amounts[inside])
    # Two widths: the narrow one follows each line, the wide one reaches skin that has none.
    near, far = (cv2.GaussianBlur(doubled, (0, 0), size * CHART_SCALE) for size in (TURNS_WITHIN / 2, TURNS_WITHIN))
    angle = np.arctan2(*np.moveaxis(near + far, 2, 0)[::-1]) / 2
    return np.dstack([np.cos(angle), np.sin(angle)]).astype(np.float32)


def _drawn_out(noise: Field, field: Field) -> Field:
    """Return noise (h, w) averaged along the field's stream lines, REACH to either side."""
    total = noise.copy()
    for sign in (np.float32(1), np.float32(-1)):
        total += _along(noise, field, sign)
    return total


def _along(noise: Field, field: Field, sign: np.float32) -> Field:
    """Return the sum of noise (h, w) over the steps of stream lines that start in every pixel, one way."""
    rows, columns = np.mgrid[: noise.shape[0], : noise.shape[1]].astype(np.float32)
    heading: NDArray[np.float32] = field * sign
    total = np.zeros_like(noise)
    for _ in range(round(REACH * CHART_SCALE)):
        columns, rows = columns + heading[..., 0], rows + heading[..., 1]
        total += cv2.remap(noise, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        following = cv2.remap(field, columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        heading = following * np.sign((following * heading).sum(axis=2, keepdims=True))
    return total
