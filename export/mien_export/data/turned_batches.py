"""Batches of turned heads for the head refiner: pairs with a truth first, real heads without one last."""

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from torch.nn import functional as F

from mien_export.data.attribute_batches import alike_degraded
from mien_export.data.augment import varied_colours
from mien_export.data.edit_pairs import Batch, pairs_batch
from mien_export.data.turned_heads import KINDS, TurnedHeads, load_turned_heads
from mien_service.faces.refining import CHANNELS

SHARES = (0.2, 0.5, 0.3)
"""How much of a batch is of each of KINDS. Photos that were turned away have sides as no camera sees them."""

KNOWN_FROM, KNOWN_WEIGHT = 0.7, 0.5
"""Of a real head no truth is known; but where it was seen as well as this, it should stay what the mesh made of it:
that counts for so much of what a truth counts for."""

HEAD = slice(0, 3)
TWIN = slice(3, 6)
TRUTH = slice(CHANNELS, CHANNELS + 3)
BEFORE = slice(CHANNELS + 3, CHANNELS + 6)


class TurnedPairs:
    """Pairs on the device. The source is the turned head, `extra` what else the refiner sees.

    Real heads come last in a batch. Their target is the source, which counts a little where it was seen well;
    `real` is another, frontal photo of the person, and so is `person`.
    """

    def __init__(self, heads: Sequence[TurnedHeads], shown: int, device: torch.device, seed: int = 0) -> None:
        """`heads` are of KINDS, one each; `shown` people of each who are held out make the contact sheet."""
        self._pixels = [torch.from_numpy(one.pixels).to(device) for one in heads]
        self._trained = [np.nonzero(~one.held_out)[0] for one in heads]
        self._shown = [np.nonzero(one.held_out)[0][:shown] for one in heads]
        self._random = np.random.default_rng(seed)

    @classmethod
    def load(cls, shown: int, device: torch.device) -> Self:
        """Return the pairs of all kinds, which are made where they are not cached."""
        return cls([load_turned_heads(kind) for kind in KINDS], shown, device)

    def batch(self, images: int, side: int) -> Batch:
        """Return mirrored heads of varied colours, a little noisy or blurred as photos are."""
        counts = [round(images * share) for share in SHARES]
        chosen = [self._random.choice(index, count) for index, count in zip(self._trained, counts, strict=True)]
        views = self._views(chosen, side)
        mirrored = torch.rand(len(views), 1, 1, 1, device=views.device) < 0.5
        views = torch.where(mirrored, views.flip(3), views)
        # One picture beside the other: all take on the same colours.
        colours = torch.cat([views[:, part] for part in (HEAD, TWIN, TRUTH, BEFORE)], dim=3)
        head, twin, truth, before = alike_degraded(varied_colours(colours)).chunk(4, dim=3)
        views = torch.cat([head, twin, views[:, TWIN.stop : CHANNELS], truth, before], dim=1)
        return self._paired(views, real=len(chosen[KINDS.index("real")]))

    def shown(self, side: int) -> Batch:
        """Return the heads that are shown, as they are."""
        return self._paired(self._views(self._shown, side), real=len(self._shown[KINDS.index("real")]))

    def _paired(self, views: torch.Tensor, real: int) -> Batch:
        return turned_batch(views, real)

    def _views(self, chosen: Sequence[np.ndarray], side: int) -> torch.Tensor:
        """Return chosen views of each kind, (n, CHANNELS + 6, side, side) in 0..1."""
        picked = [pixels[torch.from_numpy(index)] for pixels, index in zip(self._pixels, chosen, strict=True)]
        views = torch.cat(picked).permute(0, 3, 1, 2).float() / 255
        if views.shape[-1] == side:
            return views
        return F.interpolate(views, (side, side), mode="bilinear", antialias=True)


class SeedPairs(TurnedPairs):
    """The same heads as the seed project's network saw them: the photo before, and the truth. Real heads have none."""

    def _paired(self, views: torch.Tensor, real: int) -> Batch:
        known = views[: len(views) - real]
        everywhere = torch.ones_like(known[:, :1])
        return pairs_batch(known[:, BEFORE], known[:, TRUTH], region=everywhere)


def turned_batch(views: torch.Tensor, real: int) -> Batch:
    """Return views (n, CHANNELS + 6, s, s) as a batch; of the last `real` no truth is known."""
    source, truth = views[:, HEAD], views[:, TRUTH]
    known = len(views) - real
    everywhere = torch.ones_like(source[:, :1])
    seen, turns = views[:, 6:7], views[:, 8:9]
    trusted = KNOWN_WEIGHT * ((seen - KNOWN_FROM) / (1 - KNOWN_FROM)).clamp(0, 1) * (turns > 0.99)
    return Batch(
        source=source,
        target=torch.cat([truth[:known], source[known:]]),
        condition=source.new_zeros(len(views), 0),
        extra=views[:, TWIN.start : CHANNELS],
        region=torch.cat([everywhere[:known], trusted[known:]]),
        real=truth,
        judged=everywhere,
        person=truth,
    )
