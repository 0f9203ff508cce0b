"""Two classifiers of the 40 CelebA attributes, as unlike each other as the data allows.

A is linear on frozen ImageNet features; B is a small residual network trained end to end. They look at faces
for the quality meters and for choosing training pairs; the service never loads them.
"""

import torch
from torch import nn
from torch.nn import functional as F

from mien_export.networks.lite0 import Lite0

ATTRIBUTES = 40

LINEAR_SIDE = 160
"""Side at which judge A looks, in pixels: block 10 is then 10x10, which pools to 5x5 without overlap."""

POOLED_BLOCK, LAST_BLOCK = 10, 15
POOLED_SIDE = 5
LINEAR_FEATURES = 112 * POOLED_SIDE**2 + 1280

RESIDUAL_SIDE = 80
"""Side at which judge B looks: a mouth is still 19 pixels wide, at two fifths of the cost of 128."""

WIDTHS = (32, 64, 128, 224)
"""Channels at 40, 20, 10 and 5 pixels."""

BLOCKS = (1, 1, 2, 1)
DROPPED = 0.3


class _HeadedLite0(Lite0):
    """Lite0 with its 1280 pooled head features."""

    def pooled(self, image: torch.Tensor) -> torch.Tensor:
        """Return (n, LINEAR_FEATURES): block 10 pooled to 5x5, then the head's mean."""
        middle, last = self.features(image, (POOLED_BLOCK, LAST_BLOCK))
        head = F.relu6(self._bn1(self._conv_head(last))).mean(dim=(2, 3))
        return torch.cat([F.adaptive_avg_pool2d(middle, POOLED_SIDE).flatten(1), head], dim=1)


class LinearJudge(nn.Module):
    """Judge A: (n, 3, 128, 128) RGB in 0..1 -> (n, 40) logits, linear in frozen Lite0 features."""

    def __init__(self) -> None:
        super().__init__()
        self.lite0 = _HeadedLite0()
        self.norm = nn.BatchNorm1d(LINEAR_FEATURES, affine=False)
        self.linear = nn.Linear(LINEAR_FEATURES, ATTRIBUTES)
        nn.init.zeros_(self.linear.weight)

    def features(self, image: torch.Tensor) -> torch.Tensor:
        """Return (n, LINEAR_FEATURES) raw features, before they are standardised."""
        size = (LINEAR_SIDE, LINEAR_SIDE)
        return self.lite0.pooled(F.interpolate(image, size, mode="bilinear", align_corners=False)).float()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.linear(self.norm(self.features(image)))


def _conv(channels_in: int, channels_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    )


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x + self.norm(self.second(self.first(x))))


class ResidualJudge(nn.Module):
    """Judge B: (n, 3, 128, 128) RGB in 0..1 -> (n, 40) logits, a residual network of plain convolutions.

    Squares of another size are averaged down to 80 pixels, so that training can make them at that size.
    The last map is read cell by cell, not averaged: faces are aligned, so a mouth is always in the same cell.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.PixelUnshuffle(2)]
        channels = 12
        for stage, (width, blocks) in enumerate(zip(WIDTHS, BLOCKS, strict=True)):
            layers.append(_conv(channels, width, stride=2 if stage else 1))
            layers += [_Residual(width) for _ in range(blocks)]
            channels = width
        self.maps = nn.Sequential(*layers)
        cells = (RESIDUAL_SIDE // 16) ** 2
        self.read = nn.Sequential(
            nn.Conv2d(channels, 32, 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(DROPPED),
            nn.Linear(32 * cells, ATTRIBUTES),
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        if image.shape[-1] != RESIDUAL_SIDE:
            size = (RESIDUAL_SIDE, RESIDUAL_SIDE)
            image = F.interpolate(image, size, mode="bilinear", align_corners=False, antialias=True)
        return self.read(self.maps((image - 0.5) * 4)).float()
