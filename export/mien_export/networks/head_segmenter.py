"""HeadSegmenter: the square around a head to where head, skin and hair are."""

import torch
from torch import nn

from mien_export.networks.edit_net import logit
from mien_export.networks.u_net import UNet
from mien_service.faces.head_maps import MAPS

FOLD = 4
"""Side of the squares of pixels that are seen at once: a head is large, and its edge follows the photo afterwards."""

WIDTHS = (32, 48, 64, 72)
"""Channels at 1/4, 1/8, 1/16 and 1/32 of the side: 0.7 million parameters."""

FIRST_SHARES = (0.35, 0.2, 0.15)
"""Of head, skin and hair: what a network that has learned nothing answers everywhere, about their areas."""


class HeadSegmenter(UNet):
    """(n, 3, s, s) RGB in 0..1 to logits (n, 3, s, s) of head, skin and hair, each for itself; s a multiple of 32."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__(3, 0, widths, FOLD)
        self.head = nn.Conv2d(widths[0], FOLD * FOLD * len(MAPS), 3, 1, 1)
        self.shuffle = nn.PixelShuffle(FOLD)
        nn.init.zeros_(self.head.weight)
        first = torch.tensor([logit(share) for share in FIRST_SHARES])
        self.head.bias = nn.Parameter(first.repeat_interleave(FOLD * FOLD))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.shuffle(self.head(self.features(image)).float())


class ServedHeadSegmenter(nn.Module):
    """The segmenter as it is served: how surely each pixel shows head, skin and hair."""

    def __init__(self, net: HeadSegmenter) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return maps (n, 3, s, s) in 0..1 of squares (n, 3, s, s), RGB in 0..1."""
        return self.net(image).sigmoid()
