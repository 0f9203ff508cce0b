"""SeedFrontalizer: the design of the seed project for turning faces to the front, as a baseline.

An encoder like VGG16's and a U-Net decoder redraw the whole face, 128 pixels a side, from the turned photo alone. The
project's encoder came trained on faces and frozen; this one learns with the rest.
"""

import itertools

import torch
from torch import nn
from torch.nn import functional as F

from mien_export.networks.edit_net import FieldNet, painting

IMAGE_SIZE = 128

WIDTHS = (32, 64, 128, 256, 256)
DEPTHS = (2, 2, 3, 3, 3)
"""Channels and convolutions at the side and at 1/2 to 1/16 of it; VGG16 has twice the channels."""


def _block(channels_in: int, channels_out: int, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i in range(depth):
        layers += [nn.Conv2d(channels_out if i else channels_in, channels_out, 3, 1, 1, bias=False)]
        layers += [nn.BatchNorm2d(channels_out), nn.ReLU()]
    return nn.Sequential(*layers)


class SeedFrontalizer(FieldNet):
    """(n, 3, s, s) RGB in 0..1 to paint over all of it; s a multiple of 16."""

    def __init__(self) -> None:
        super().__init__()
        down = itertools.pairwise((3, *WIDTHS))
        self.down = nn.ModuleList(_block(a, b, depth) for (a, b), depth in zip(down, DEPTHS, strict=True))
        up = itertools.pairwise(WIDTHS[::-1])
        self.up = nn.ModuleList(_block(wide + narrow, narrow, 2) for wide, narrow in up)
        self.head = nn.Conv2d(WIDTHS[0], 3, 1)

    def forward(
        self,
        image: torch.Tensor,
        condition: torch.Tensor | None = None,  # noqa: ARG002 - the base class's; there is none
    ) -> tuple[torch.Tensor, ...]:
        """Return flow, residual and alpha, which are 0, and paint, whose matte is 1."""
        return painting(self.redrawn(image), torch.ones_like(image[:, :1]))

    def redrawn(self, image: torch.Tensor) -> torch.Tensor:
        """Return the frontal face (n, 3, s, s), RGB in 0..1."""
        x, skips = image * 2 - 1, list[torch.Tensor]()
        for block in self.down:
            x = block(F.max_pool2d(x, 2) if skips else x)
            skips.append(x)
        for block, skip in zip(self.up, skips[-2::-1], strict=True):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skip], dim=1))
        return torch.sigmoid(self.head(x).float())
