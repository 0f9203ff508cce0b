"""Repainter: the design of the seed project for taking off masks, as a baseline.

Its mask is filled with noise, and a plain U-Net repaints the whole face. The adversarial term that the project meant to
use was never connected.
"""

import torch
from torch import nn

from mien_export.networks.edit_net import FieldNet, painting
from mien_export.networks.u_net import WIDTHS, UNet

IMAGE_SIZE = 128


class Repainter(UNet, FieldNet):
    """(n, 5, s, s), of which the first three channels are a face and the fourth its hole, to paint all over it.

    s is a multiple of 16. What the face shows in its hole is not looked at.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__(4, 0, widths)
        self.head = nn.Conv2d(widths[0], 12, 3, 1, 1)
        self.shuffle = nn.PixelShuffle(2)

    def forward(
        self,
        image: torch.Tensor,
        condition: torch.Tensor | None = None,  # noqa: ARG002 - the base class's; there is none
    ) -> tuple[torch.Tensor, ...]:
        """Return flow, residual and alpha, which are 0, and paint, whose matte is 1."""
        return painting(self.repainted(image), torch.ones_like(image[:, :1]))

    def repainted(self, image: torch.Tensor) -> torch.Tensor:
        """Return the whole face (n, 3, s, s), RGB in 0..1."""
        face, hole = image[:, :3], image[:, 3:4]
        noisy = face + (torch.rand_like(face) - face) * hole
        return torch.sigmoid(self.shuffle(self.head(self.features(torch.cat([noisy, hole], dim=1)))).float())
