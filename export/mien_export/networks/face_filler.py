"""FaceFiller: a face with a hole to what the hole shows."""

import torch
from torch import nn

from mien_export.networks.edit_net import FieldNet
from mien_export.networks.u_net import WIDTHS

IMAGE_SIZE = 256

CHANNELS = 5
"""The face with its hole coarsely filled (RGB), the hole, and noise."""


class FaceFiller(FieldNet):
    """(n, CHANNELS, s, s) to an edit that paints the hole and nothing else; s a multiple of 16.

    A network that has learned nothing leaves the coarse filling as it is. Noise of 0 asks for the likeliest face.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__(CHANNELS, 0, widths)
        self.head = nn.Conv2d(widths[0], 12, 3, 1, 1)
        self.shuffle = nn.PixelShuffle(2)
        nn.init.zeros_(self.head.weight)
        assert self.head.bias is not None
        nn.init.zeros_(self.head.bias)

    def forward(self, image: torch.Tensor, condition: torch.Tensor | None = None) -> tuple[torch.Tensor, ...]:
        """Return flow, residual and alpha, which are 0, and paint, whose matte is the hole."""
        nothing = torch.zeros_like(image[:, :3])
        paint = torch.cat([self.filled(image, condition), image[:, 3:4]], dim=1)
        return nothing[:, :2], nothing, nothing[:, :1], paint

    def filled(self, image: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
        """Return (n, 3, s, s), RGB about 0..1: what the whole square would show, of which the hole is taken."""
        return image[:, :3] + torch.tanh(self.shuffle(self.head(self.features(image, condition)).float()))


class ServedFaceFiller(nn.Module):
    """The filler as it is served: colours only."""

    def __init__(self, net: FaceFiller) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the filling (n, 3, s, s) RGB in 0..1 for (n, CHANNELS, s, s)."""
        return self.net.filled(image).clamp(0, 1)
