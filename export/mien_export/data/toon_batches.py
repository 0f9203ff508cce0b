"""Batches of photos and toons in all styles, on the device that trains."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from mien_export.data.attribute_batches import alike_degraded
from mien_export.data.augment import jittered_squares, varied_colours
from mien_export.data.edit_pairs import Batch
from mien_export.data.resize import reduced
from mien_export.data.toon_pairs import ToonPairs

SHOWN_FACES = 5
"""Held-out portraits on the contact sheet, each in every style."""


@dataclass(frozen=True)
class Source:
    """The pairs of a style, and whether a photo's tint is also its toon's."""

    pairs: ToonPairs
    tinted: bool


class ToonBatches:
    """A condition is 1 in the place of its style (n, styles), else 0."""

    def __init__(self, sources: Mapping[str, Source], shown: ToonPairs, device: torch.device, seed: int = 0) -> None:
        """Styles are numbered as `sources` has them. `shown` are portraits nobody trains on."""
        self._sources = list(sources.values())
        self._pixels = [_both(source.pairs, device) for source in self._sources]
        self._shown = _both(shown, device)
        self._device = device
        self._random = np.random.default_rng(seed)

    def batch(self, images: int, side: int) -> Batch:
        """Return randomly chosen, jittered pairs of side `side`."""
        styles = self._random.integers(len(self._sources), size=images)
        pairs = torch.stack([self._drawn(style) for style in styles])
        squares = jittered_squares(reduced(pairs, side), side, 1.0)
        photos, toons = squares[:, :3], squares[:, 3:]
        tinted = torch.tensor([self._sources[style].tinted for style in styles], device=self._device)
        alike = varied_colours(torch.cat([photos, toons], dim=3))
        photos = alike[..., :side]
        toons = torch.where(tinted[:, None, None, None], alike[..., side:], toons)
        return _batch(alike_degraded(photos), toons, self._condition(styles))

    def shown(self, side: int) -> Batch:
        """Return the held-out portraits in every style; their truth is known in the first alone."""
        styles = np.arange(len(self._sources) * len(self._shown)) % len(self._sources)
        pairs = self._shown.repeat_interleave(len(self._sources), dim=0)
        squares = jittered_squares(reduced(pairs, side), side, 1.0, jitter=False)
        return _batch(squares[:, :3], squares[:, 3:], self._condition(styles))

    def _drawn(self, style: int) -> torch.Tensor:
        pixels = self._pixels[style]
        return pixels[int(self._random.integers(len(pixels)))]

    def _condition(self, styles: np.ndarray) -> torch.Tensor:
        return torch.eye(len(self._sources), device=self._device)[torch.from_numpy(styles).to(self._device)]


def _both(pairs: ToonPairs, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.concatenate([pairs.photos, pairs.toons], axis=3)).to(device)


def _batch(photos: torch.Tensor, toons: torch.Tensor, condition: torch.Tensor) -> Batch:
    region = torch.ones_like(photos[:, :1])
    return Batch(photos.contiguous(memory_format=torch.channels_last), toons, condition, photos[:, :0], region, toons)
