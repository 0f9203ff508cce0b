"""FaceFiller: a face with a hole to what the hole shows, first coarsely at half the side, then finely.

Coarse-to-fine as in Yu et al. 2018 ("Generative Image Inpainting with Contextual Attention"). What may be under a hole
is learned at a quarter of the pixels, so from four times the faces in the same time; the second network only sharpens.
Both see 4x4 pixels at once.
"""

import torch
from torch import nn
from torch.nn import functional as F

from mien_export.networks.edit_net import FieldNet, painting
from mien_export.networks.u_net import UNet, start_at_zero

IMAGE_SIZE = 256

COARSE_SIZE = 128
"""Squares up to this side are filled coarsely only."""

CHANNELS = 5
"""The face with its hole filled by the prior (RGB), the hole, and whether that was drawn (1) or is the likeliest."""

WIDTHS = (48, 96, 160, 224)
FINE_WIDTHS = (32, 64, 96, 128)
FOLD = 4


class Painter(UNet):
    """(n, CHANNELS, s, s) to (n, 3, s, s): the first three channels, changed; s a multiple of 32.

    A network that has learned nothing changes nothing.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__(CHANNELS, 0, widths, FOLD)
        self.head = nn.Conv2d(widths[0], 3 * FOLD * FOLD, 3, 1, 1)
        self.shuffle = nn.PixelShuffle(FOLD)
        start_at_zero(self.head)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return (n, 3, s, s), RGB about 0..1."""
        return image[:, :3] + torch.tanh(self.shuffle(self.head(self.features(image)).float()))


class FaceFiller(FieldNet):
    """(n, CHANNELS, s, s) to an edit that paints the hole and nothing else; s a multiple of 64.

    A network that has learned nothing leaves the prior's filling, at COARSE_SIZE, as it is.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS, fine_widths: tuple[int, ...] = FINE_WIDTHS) -> None:
        super().__init__()
        self.coarse = Painter(widths)
        self.fine = Painter(fine_widths)

    def forward(
        self,
        image: torch.Tensor,
        condition: torch.Tensor | None = None,  # noqa: ARG002 - the base class's; there is none
    ) -> tuple[torch.Tensor, ...]:
        """Return flow, residual and alpha, which are 0, and paint, whose matte is the hole."""
        return painting(self.filled(image), image[:, 3:4])

    def filled(self, image: torch.Tensor) -> torch.Tensor:
        """Return (n, 3, s, s), RGB about 0..1: what the whole square would show, of which the hole is taken."""
        if image.shape[-1] <= COARSE_SIZE:
            return self.coarse(image)
        coarse = F.interpolate(self.coarse(F.avg_pool2d(image, 2)), scale_factor=2.0, mode="bilinear")
        face, hole = image[:, :3], image[:, 3:4]
        return self.fine(torch.cat([face + (coarse - face) * hole, image[:, 3:]], dim=1))


class ServedFaceFiller(nn.Module):
    """The filler as it is served: colours only."""

    def __init__(self, net: FaceFiller) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the filling (n, 3, s, s) RGB in 0..1 for (n, CHANNELS, s, s)."""
        return self.net.filled(image).clamp(0, 1)
