"""Batches of photos and toons in all styles, on the device that trains."""

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional as F

from mien_export.data.attribute_batches import alike_degraded
from mien_export.data.augment import jittered_squares
from mien_export.data.edit_pairs import Batch
from mien_export.data.resize import reduced
from mien_export.data.toon_pairs import SIDE, ToonPairs

SHOWN_FACES = 5
"""Held-out portraits on the contact sheet, each in every style."""

COARSE_SHARE, COARSEST = 0.3, 0.35
"""Share of the photos that are enlarged ones, and the smallest side of those over that of the square."""


class ToonBatches:
    """A condition is 1 in the place of its style (n, styles), else 0."""

    def __init__(self, sources: Mapping[str, ToonPairs], shown: ToonPairs, device: torch.device, seed: int = 0) -> None:
        """Styles are numbered as `sources` has them. `shown` are portraits nobody trains on."""
        self._pixels = [_both(pairs, device) for pairs in sources.values()]
        self._shown = _both(shown, device)
        self._device = device
        self._random = np.random.default_rng(seed)

    def batch(self, images: int, side: int) -> Batch:
        """Return randomly chosen, jittered pairs of side `side`: parts of squares, with lines as wide as in wholes."""
        styles = self._random.integers(len(self._pixels), size=images)
        pairs = torch.stack([self._drawn(style) for style in styles])
        squares = self._windows(jittered_squares(pairs, SIDE, 1.0), side)
        return _batch(alike_degraded(some_coarser(squares[:, :3])), squares[:, 3:], self._condition(styles))

    def shown(self, side: int) -> Batch:
        """Return the held-out portraits in every style; their truth is known in theirs alone."""
        styles = np.arange(len(self._pixels) * len(self._shown)) % len(self._pixels)
        pairs = self._shown.repeat_interleave(len(self._pixels), dim=0)
        squares = jittered_squares(reduced(pairs, side), side, 1.0, jitter=False)
        return _batch(squares[:, :3], squares[:, 3:], self._condition(styles))

    def _windows(self, squares: torch.Tensor, side: int) -> torch.Tensor:
        """Return a random part (n, 6, side, side) of each square (n, 6, SIDE, SIDE)."""
        places = self._random.integers(SIDE - side + 1, size=(len(squares), 2))
        cut = [square[:, y : y + side, x : x + side] for square, (y, x) in zip(squares, places, strict=True)]
        return torch.stack(cut)

    def _drawn(self, style: int) -> torch.Tensor:
        pixels = self._pixels[style]
        return pixels[int(self._random.integers(len(pixels)))]

    def _condition(self, styles: np.ndarray) -> torch.Tensor:
        return torch.eye(len(self._pixels), device=self._device)[torch.from_numpy(styles).to(self._device)]


def some_coarser(photos: torch.Tensor) -> torch.Tensor:
    """Return photos (n, 3, s, s), some of them as enlarged from fewer pixels: faces far away are drawn as finely."""
    side = photos.shape[3]
    made = photos.clone()
    for photo in made.split(1):
        if torch.rand(()) < COARSE_SHARE:
            fewer = round(side * (COARSEST + (1 - COARSEST) * float(torch.rand(()))))
            small = F.interpolate(photo, (fewer, fewer), mode="area")
            photo.copy_(F.interpolate(small, (side, side), mode="bilinear", align_corners=False))
    return made


def _both(pairs: ToonPairs, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.concatenate([pairs.photos, pairs.toons], axis=3)).to(device)


def _batch(photos: torch.Tensor, toons: torch.Tensor, condition: torch.Tensor) -> Batch:
    region = torch.ones_like(photos[:, :1])
    return Batch(photos.contiguous(memory_format=torch.channels_last), toons, condition, photos[:, :0], region, toons)
