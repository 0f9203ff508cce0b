"""Synthetic people by number: each seed is one person of the generator, the same on every machine."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.teachers.generator import LAYERS, STYLE_SIZE, Mapping, load_mapping
from mien_service.faces.face import RgbImage

TRUNCATION = 0.8
"""How far a person's w is from the mean, over how far it was drawn: further out faces fall apart."""

DIRECTIONS = Path(__file__).with_name("directions.npz")
"""The mean of w, and the directions in it (teachers/directions.py)."""


def styles_of(seeds: Sequence[int]) -> torch.Tensor:
    """Return the styles (n, 23, 512) of the people numbered `seeds`."""
    drawn = np.stack([np.random.default_rng(seed).normal(size=STYLE_SIZE) for seed in seeds])
    with torch.no_grad():
        w = _mapping()(torch.from_numpy(drawn.astype(np.float32)))
    mean = torch.from_numpy(mean_style())
    return (mean + TRUNCATION * (w - mean))[:, None].expand(-1, LAYERS, -1)


@cache
def mean_style() -> NDArray[np.float32]:
    """Return the mean of w, (512,)."""
    with np.load(DIRECTIONS) as saved:
        return saved["mean"]


@cache
def _mapping() -> Mapping:
    return load_mapping()


def pictures_of(rendered: torch.Tensor) -> list[RgbImage]:
    """Return what the generator renders, (n, 3, s, s) about -1..1, as pictures (s, s, 3) uint8 RGB."""
    levels = ((rendered + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return [np.ascontiguousarray(picture) for picture in levels.permute(0, 2, 3, 1).numpy()]
