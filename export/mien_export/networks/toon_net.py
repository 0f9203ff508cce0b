"""The network of /toonify as it is served: an EditNet that gates nothing, on pictures of any size."""

import torch
from torch import nn
from torch.nn import functional as F

from mien_export.networks.edit_net import REACH, EditNet


class ServedToonNet(nn.Module):
    """Pictures (n, 3, h, w) RGB in 0..1 and conditions (n, styles) to flow and change; h and w multiples of 16.

    Faces are to be as large as in the aligned square of 256 pixels, whatever is around them.
    """

    def __init__(self, net: EditNet) -> None:
        """Raises ValueError for a network that gates or paints."""
        super().__init__()
        if net.gated or net.paints:
            raise ValueError("a toon is moved and coloured everywhere")
        self.net = net

    def forward(self, image: torch.Tensor, condition: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the flow (n, 2, h, w), x and y in pixels, and the change (n, 3, h, w), RGB in -1..1 to add."""
        x = self.net.features(image, condition)
        smooth = F.interpolate(self.net.smooth_head(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        return torch.tanh(smooth) * REACH, torch.tanh(self.net.shuffle(self.net.fine_head(x)))
