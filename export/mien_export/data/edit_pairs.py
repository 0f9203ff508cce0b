"""Batches of faces before and after an edit: what every recipe of an edit hands to its training."""

from dataclasses import dataclass

import torch
from torch.nn import functional as F

CHANGE = 0.03
"""Largest difference of a channel, averaged over a few pixels, from which a place counts as changed: 8 grey levels.
JPEG and resizing stay below."""

AVERAGED = 0.02
GROWN = 0.04
"""Windows of averaging and of growth, as shares of the side: 5 and 10 pixels of 256."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Faces to learn from. All sides are s, all colours RGB in 0..1.

    source, target: (n, 3, s, s); condition: (n, c), c may be 0; extra: (n, k, s, s) further input channels, k may be 0;
    region: (n, 1, s, s) in 0..1, where the target holds; real: (n, 3, s, s), what the discriminator is shown as real,
    with the region where to look (`wanted()`, if the task has no better photos).
    judged: (n, 1, s, s) in 0..1, where the discriminator looks, or None: where the target holds. Pairs of which no
    target is known come last: their region is 0 there, and what they become is only judged.
    person: (n, 3, s, s), whom the output has to show, or None: the source.
    """

    source: torch.Tensor
    target: torch.Tensor
    condition: torch.Tensor
    extra: torch.Tensor
    region: torch.Tensor
    real: torch.Tensor
    judged: torch.Tensor | None = None
    person: torch.Tensor | None = None

    def looked_at(self) -> torch.Tensor:
        """Return where the discriminator looks, (n, 1, s, s)."""
        return self.region if self.judged is None else self.judged

    def wanted(self) -> torch.Tensor:
        """Return the target inside the region and the source outside it."""
        return within(self.target, self.source, self.region)


def pairs_batch(
    source: torch.Tensor,
    target: torch.Tensor,
    condition: torch.Tensor | None = None,
    extra: torch.Tensor | None = None,
    region: torch.Tensor | None = None,
) -> Batch:
    """Return a batch of pairs; a region that is not given is where the two differ."""
    region = changed_region(source, target) if region is None else region
    return Batch(
        source=source,
        target=target,
        condition=source.new_zeros(len(source), 0) if condition is None else condition,
        extra=source[:, :0] if extra is None else extra,
        region=region,
        real=within(target, source, region),
    )


def within(images: torch.Tensor, surroundings: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
    """Return `images` (n, 3, s, s) inside the region (n, 1, s, s) in 0..1, and `surroundings` outside it."""
    return surroundings + (images - surroundings) * region


def changed_region(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return (n, 1, s, s) in 0..1: where (n, 3, s, s) `target` differs from `source`, grown a little, its rim soft."""
    side = source.shape[-1]
    averaged, grown = _odd(AVERAGED * side), _odd(GROWN * side)
    difference = (target - source).abs().amax(dim=1, keepdim=True)
    changed = (_blurred(difference, averaged) > CHANGE).float()
    return _blurred(F.max_pool2d(changed, grown, 1, grown // 2), averaged)


def _odd(pixels: float) -> int:
    return 2 * max(round(pixels / 2), 1) + 1


def _blurred(maps: torch.Tensor, window: int) -> torch.Tensor:
    return F.avg_pool2d(maps, window, 1, window // 2, count_include_pad=False)
