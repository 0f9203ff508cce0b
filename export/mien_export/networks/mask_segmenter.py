"""MaskSegmenter: an aligned face to where a mask covers it, straps included."""

import torch
from torch import nn

from mien_export.networks.u_net import SMALL_WIDTHS, UNet

IMAGE_SIZE = 256

RARE = -3.0
"""The logit of a network that has learned nothing: most pixels are bare."""


class MaskSegmenter(UNet):
    """(n, 3, s, s) RGB in 0..1 to logits (n, 1, s, s); s a multiple of 16."""

    def __init__(self, widths: tuple[int, ...] = SMALL_WIDTHS) -> None:
        super().__init__(3, 0, widths)
        self.head = nn.Conv2d(widths[0], 4, 3, 1, 1)
        self.shuffle = nn.PixelShuffle(2)
        nn.init.zeros_(self.head.weight)
        assert self.head.bias is not None
        nn.init.constant_(self.head.bias, RARE)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the logits of the cover."""
        return self.shuffle(self.head(self.features(image)).float())


class ServedMaskSegmenter(nn.Module):
    """The segmenter as it is served: how much of each pixel is covered."""

    def __init__(self, net: MaskSegmenter) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the cover (n, 1, s, s) in 0..1 of faces (n, 3, s, s), RGB in 0..1."""
        return self.net(image).sigmoid()
