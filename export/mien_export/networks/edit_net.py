"""EditNet: an aligned face to the fields of an edit, flow, residual and alpha (design: composite, never regenerate).

A U-Net (Ronneberger et al. 2015) that sees a quarter of the pixels at once (pixel-unshuffle), with conditions through
FiLM (Perez et al. 2018). Group normalisation (Wu & He 2018) needs no statistics of its own: small batches, two
picture sizes, averaged weights and the exported file all compute the same. Batch normalisation, folded away, is not
faster when served (47 against 48 ms for 256 pixels on one core of ONNX Runtime). It is when training on a CPU core (the
network alone 78 against 54 images a second at 128 pixels), but that is only a part of a step.
"""

import itertools
import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

WIDTHS = (32, 64, 128, 192)
"""Channels at 1/2, 1/4, 1/8 and 1/16 of the picture's side: 3.6 million parameters, 2.4 GMAC at 256 pixels."""

SMALL_WIDTHS = (24, 40, 80, 112)
"""A smaller network: 1.3 million parameters, 1.0 GMAC, half the time."""

BOTTOM_BLOCKS = 4
GROUPS = 8

REACH = 12.0
"""Longest flow along an axis, in pixels of a 256 px square; shorter in proportion on a smaller one."""

REACH_SIDE = 256

FIRST_ALPHA = 0.12
"""Alpha of a network that has learned nothing: low, but over the compositor's floor, so that it can grow."""

MATTE_FLOOR = 0.03
"""What a paint's matte must exceed to count: elsewhere it is exactly 0, and the photo's pixels stay."""


@dataclass(frozen=True)
class Fields:
    """An edit of n faces of side s, as the network gives it.

    flow: (n, 2, s, s) x, y in pixels of the s x s square; residual: (n, 3, s, s) RGB in -1..1 (1 is 255 grey levels);
    alpha: (n, 1, s, s) in 0..1; paint: (n, 4, s, s) RGB in 0..1 and matte in 0..1, or None.
    """

    flow: torch.Tensor
    residual: torch.Tensor
    alpha: torch.Tensor
    paint: torch.Tensor | None = None


class ConvBlock(nn.Sequential):
    """3x3 convolution, group normalisation, SiLU."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
            nn.GroupNorm(GROUPS, channels_out),
            nn.SiLU(),
        )


class Film(nn.Module):
    """Scales and shifts feature maps by what a condition says; starts as the identity."""

    def __init__(self, condition_size: int, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.spread = nn.Linear(condition_size, 2 * channels)
        nn.init.zeros_(self.spread.weight)
        nn.init.zeros_(self.spread.bias)

    def forward(self, x: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """Return (n, channels, h, w) for the condition (n, size)."""
        both = self.spread(condition)[:, :, None, None]
        return x * (1 + both[:, : self.channels]) + both[:, self.channels :]


class BottomBlock(nn.Module):
    """Two convolutions added to their input, the condition between them; starts as the identity."""

    def __init__(self, channels: int, condition_size: int) -> None:
        super().__init__()
        self.first = ConvBlock(channels, channels)
        self.film = Film(condition_size, channels) if condition_size else None
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm = nn.GroupNorm(GROUPS, channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """Return (n, channels, h, w)."""
        return x + self.norm(self.second(_conditioned(self.film, self.first(x), condition)))


class UpBlock(nn.Module):
    """Doubles the side, and joins what the same side held on the way down."""

    def __init__(self, wide: int, narrow: int, condition_size: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(wide, narrow, 1)
        self.join = ConvBlock(2 * narrow, narrow)
        self.film = Film(condition_size, narrow) if condition_size else None

    def forward(self, x: torch.Tensor, skip: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """Return (n, narrow, 2h, 2w) for x (n, wide, h, w) and skip (n, narrow, 2h, 2w)."""
        enlarged = F.interpolate(self.narrow(x), scale_factor=2.0, mode="nearest")
        return _conditioned(self.film, self.join(torch.cat([enlarged, skip], dim=1)), condition)


def _conditioned(film: Film | None, x: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
    if film is None or condition is None:
        return x
    return film(x, condition)


class EditNet(nn.Module):
    """(n, 3 + extra_channels, s, s) and a condition (n, condition_size) to the fields of an edit; s a multiple of 16.

    The input's first three channels are the aligned face, RGB in 0..1; behind them come what else the task knows (a
    hole's mask, a prior, noise). A network that has learned nothing changes no pixel: flow and residual are 0, and
    so is the paint's matte.
    """

    def __init__(
        self,
        condition_size: int = 0,
        extra_channels: int = 0,
        widths: tuple[int, ...] = WIDTHS,
        *,
        paint: bool = False,
    ) -> None:
        super().__init__()
        self.condition_size = condition_size
        self.channels = 3 + extra_channels
        top = widths[0]
        self.unshuffle = nn.PixelUnshuffle(2)
        self.stem = nn.Sequential(ConvBlock(4 * self.channels, top), ConvBlock(top, top))
        self.down = nn.ModuleList(
            nn.Sequential(ConvBlock(narrow, wide, stride=2), ConvBlock(wide, wide))
            for narrow, wide in itertools.pairwise(widths[:-1])
        )
        self.lowest = ConvBlock(widths[-2], widths[-1], stride=2)
        self.bottom = nn.ModuleList(BottomBlock(widths[-1], condition_size) for _ in range(BOTTOM_BLOCKS))
        self.up = nn.ModuleList(
            UpBlock(wide, narrow, condition_size) for wide, narrow in itertools.pairwise(widths[::-1])
        )
        # Flow and alpha are smooth and are enlarged as such; residual and paint need every pixel (teeth, lids).
        self.smooth_head = nn.Conv2d(top, 3, 3, 1, 1)
        self.fine_head = nn.Conv2d(top, 4 * (7 if paint else 3), 3, 1, 1)
        self.shuffle = nn.PixelShuffle(2)
        self.paints = paint
        self._start_as_no_edit()

    def _start_as_no_edit(self) -> None:
        for head in (self.smooth_head, self.fine_head):
            nn.init.zeros_(head.weight)
            assert head.bias is not None
            nn.init.zeros_(head.bias)
        assert self.smooth_head.bias is not None
        nn.init.constant_(self.smooth_head.bias[2:], _logit(FIRST_ALPHA))
        if self.paints:
            assert self.fine_head.bias is not None
            nn.init.constant_(self.fine_head.bias[24:], _logit(MATTE_FLOOR))

    def forward(self, image: torch.Tensor, condition: torch.Tensor | None = None) -> tuple[torch.Tensor, ...]:
        """Return flow, residual, alpha and, if the network paints, paint, shaped and ranged as `Fields` says."""
        x = self.stem(self.unshuffle(image * 2 - 1))
        skips = [x]
        for block in self.down:
            x = block(x)
            skips.append(x)
        x = self.lowest(x)
        for block in self.bottom:
            x = block(x, condition)
        for block, skip in zip(self.up, reversed(skips), strict=True):
            x = block(x, skip, condition)
        smooth = F.interpolate(self.smooth_head(x).float(), scale_factor=2.0, mode="bilinear", align_corners=False)
        fine = self.shuffle(self.fine_head(x).float())
        reach = REACH * image.shape[-1] / REACH_SIDE
        fields = (torch.tanh(smooth[:, :2]) * reach, torch.tanh(fine[:, :3]), torch.sigmoid(smooth[:, 2:]))
        if not self.paints:
            return fields
        matte = floored(torch.sigmoid(fine[:, 6:]), MATTE_FLOOR)
        return (*fields, torch.cat([torch.sigmoid(fine[:, 3:6]), matte], dim=1))

    def fields(self, image: torch.Tensor, condition: torch.Tensor | None = None) -> Fields:
        """Return `forward`'s answer by name."""
        return Fields(*self(image, condition))


def floored(values: torch.Tensor, floor: float) -> torch.Tensor:
    """Return values in 0..1 with those below `floor` at 0 and the rest stretched over 0..1.

    The gradient is passed through as if there were no floor (straight-through, Bengio et al. 2013): a pixel below it
    can rise again.
    """
    raised = (values - floor) / (1 - floor)
    if not values.requires_grad:
        return raised.clamp(min=0)
    return raised + (raised.clamp(min=0) - raised).detach()


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
