"""A small U-Net (Ronneberger et al. 2015) that sees squares of pixels at once (pixel-unshuffle).

Conditions come in as planes beside the picture and, embedded, through FiLM (Perez et al. 2018). Group normalisation (Wu
& He 2018) needs no statistics of its own: small batches, two picture sizes, averaged weights and the exported file all
compute the same. Batch normalisation, folded away, is not faster when served (47 against 48 ms for 256 pixels on one
core of ONNX Runtime). It is when training on a CPU core (the network alone 78 against 54 images a second at 128
pixels), but that is only a part of a step.
"""

import itertools

import torch
from torch import nn
from torch.nn import functional as F

WIDTHS = (32, 64, 128, 192)
"""Channels at 1/2, 1/4, 1/8 and 1/16 of the picture's side, folded twice: 3.6 million parameters, 2.4 GMAC at 256
pixels."""

SMALL_WIDTHS = (24, 40, 80, 112)
"""A smaller network: 1.3 million parameters, 1.0 GMAC, half the time."""

BOTTOM_BLOCKS = 4

EMBEDDED = 64
"""Numbers that a condition becomes. One weight for each of its own would be heard a hundred times more slowly: an
optimizer's step is the same for all."""

FIRST_SPREAD = 0.05
"""Deviation of the weights by which an embedded condition spreads over the features."""

GROUPS = 8


class ConvBlock(nn.Sequential):
    """3x3 convolution, group normalisation, SiLU."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
            nn.GroupNorm(GROUPS, channels_out),
            nn.SiLU(),
        )


def start_at_zero(layer: nn.Conv2d | nn.Linear) -> None:
    """Make a layer with a bias answer 0 until it has learned something."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)


class Embedding(nn.Sequential):
    """A condition (n, size) to (n, EMBEDDED): more and less of something are not each other's opposites."""

    def __init__(self, condition_size: int) -> None:
        first = nn.Linear(condition_size, EMBEDDED)
        nn.init.normal_(first.weight)
        super().__init__(first, nn.SiLU(), nn.Linear(EMBEDDED, EMBEDDED), nn.SiLU())


class Film(nn.Module):
    """Scales and shifts feature maps by what an embedded condition (n, size) says.

    It says a little from the start: heads begin at 0, and a condition that did too would be heard only once they had
    left it, and they would not leave it for a condition that is not heard (250 steps of nothing were measured).
    """

    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.spread = nn.Linear(size, 2 * channels)
        start_at_zero(self.spread)
        nn.init.normal_(self.spread.weight, std=FIRST_SPREAD)

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


class UNet(nn.Module):
    """(n, channels, s, s) in 0..1 and a condition (n, condition_size) to features at 1/fold of the side.

    s is a multiple of 8 fold.
    """

    def __init__(self, channels: int, condition_size: int, widths: tuple[int, ...], fold: int = 2) -> None:
        """`fold` is the side of the squares of pixels that are seen at once."""
        super().__init__()
        self.channels = channels
        self.condition_size = condition_size
        top = widths[0]
        self.unshuffle = nn.PixelUnshuffle(fold)
        self.stem = nn.Sequential(ConvBlock(fold * fold * (channels + condition_size), top), ConvBlock(top, top))
        self.down = nn.ModuleList(
            nn.Sequential(ConvBlock(narrow, wide, stride=2), ConvBlock(wide, wide))
            for narrow, wide in itertools.pairwise(widths[:-1])
        )
        self.lowest = ConvBlock(widths[-2], widths[-1], stride=2)
        self.embedding = Embedding(condition_size) if condition_size else None
        heard = EMBEDDED if condition_size else 0
        self.bottom = nn.ModuleList(BottomBlock(widths[-1], heard) for _ in range(BOTTOM_BLOCKS))
        self.up = nn.ModuleList(UpBlock(wide, narrow, heard) for wide, narrow in itertools.pairwise(widths[::-1]))

    def features(self, image: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
        """Return (n, widths[0], s / fold, s / fold)."""
        x = image * 2 - 1
        if self.embedding is not None and condition is not None:
            planes = condition[:, :, None, None].expand(-1, -1, image.shape[-2], image.shape[-1])
            x = torch.cat([x, planes], dim=1)
            condition = self.embedding(condition)
        x = self.stem(self.unshuffle(x))
        skips = [x]
        for block in self.down:
            x = block(x)
            skips.append(x)
        x = self.lowest(x)
        for block in self.bottom:
            x = block(x, condition)
        for block, skip in zip(self.up, reversed(skips), strict=True):
            x = block(x, skip, condition)
        return x
