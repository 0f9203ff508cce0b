"""HeadRefiner: a head turned by its mesh to the fields of an edit that make it whole."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from mien_export.networks.edit_net import MATTE_FLOOR, REACH, REACH_SIDE, FieldNet, floored, logit
from mien_export.networks.u_net import UNet, start_at_zero
from mien_service.faces.refining import CHANNELS

WIDTHS = (32, 64, 96, 144)
"""2.1 million parameters."""

FIRST_MATTE = 0.35
"""Matte of a network that has learned nothing: thick enough for its colours to be learned. Much is painted here."""

KEPT, PAINTED = 3.0, 2.0
"""How much less likely paint is, as a logit, on the face where it was seen, whose own pixels are finer; and how much
more likely elsewhere, where the mesh leaves smears."""

SMOOTHED = 8
"""Pixels over which smears are averaged: what paint starts from."""

MIDDLE, REACH_OF_FACE = (0.5, 0.588), (0.27, 0.32)
"""Where the mean frontal face lies in its aligned square: x, y and half axes as shares of the side."""

RIM_OF_FACE = 0.2
"""Width over which it ends, as a share of its size."""

SURE = 0.98
"""How sure the network that has learned nothing is of a half that the mesh calls seen."""


class HeadRefiner(UNet, FieldNet):
    """(n, CHANNELS, s, s) to the fields of an edit, the twin among them; s a multiple of 16.

    Channels are faces/refining.py's: the turned head (RGB in 0..1), the other half's pixels, how well each was seen,
    what turns. A network that has learned nothing moves no pixel, takes the other half where only that was seen, leaves
    the face and smooths the rest.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__(CHANNELS, 0, widths)
        self.smooth_head = nn.Conv2d(widths[0], 3, 3, 1, 1)
        self.fine_head = nn.Conv2d(widths[0], 4 * 7, 3, 1, 1)
        self.shuffle = nn.PixelShuffle(2)
        for head in (self.smooth_head, self.fine_head):
            start_at_zero(head)
        assert self.fine_head.bias is not None
        nn.init.constant_(self.fine_head.bias[24:], logit(MATTE_FLOOR + (1 - MATTE_FLOOR) * FIRST_MATTE))

    def forward(
        self,
        image: torch.Tensor,
        condition: torch.Tensor | None = None,  # noqa: ARG002 - the base class's; there is none
    ) -> tuple[torch.Tensor, ...]:
        """Return flow, residual, alpha (1 everywhere), paint and twin, as `Fields` has them."""
        flow, residual, mix, paint = self.refined(image)
        twin = torch.cat([image[:, 3:6].float(), mix], dim=1)
        return flow, residual, torch.ones_like(mix), paint, twin

    def refined(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return flow (n, 2, s, s), residual (n, 3, s, s), the twin's matte (n, 1, s, s) and paint (n, 4, s, s)."""
        x = self.features(image)
        smooth = F.interpolate(self.smooth_head(x).float(), scale_factor=2.0, mode="bilinear", align_corners=False)
        fine = self.shuffle(self.fine_head(x).float())
        flow = torch.tanh(smooth[:, :2]) * (REACH * image.shape[-1] / REACH_SIDE)
        head, twin = image[:, :3].float(), image[:, 3:6].float()
        seen, twin_seen = image[:, 6:7], image[:, 7:8]
        # What the mesh says of the halves is where the network starts from.
        unseen = ((1 - seen) * twin_seen).float().clamp(1 - SURE, SURE)
        mix = torch.sigmoid(torch.log(unseen / (1 - unseen)) + smooth[:, 2:])
        coarse = F.avg_pool2d(head + (twin - head) * mix, SMOOTHED)
        smooth_colours = F.interpolate(coarse, scale_factor=float(SMOOTHED), mode="bilinear", align_corners=False)
        colours = (smooth_colours + torch.tanh(fine[:, 3:6])).clamp(0, 1)
        trusted = seen.float() * torch.from_numpy(_face(image.shape[-1])).to(image.device)
        matte = floored(torch.sigmoid(fine[:, 6:] + PAINTED - (KEPT + PAINTED) * trusted), MATTE_FLOOR)
        return flow, torch.tanh(fine[:, :3]), floored(mix, 2 * (1 - SURE)), torch.cat([colours, matte], dim=1)


@cache
def _face(side: int) -> NDArray[np.float32]:
    """Return (side, side) in 0..1 where a frontal face is; a constant, which the exported graph holds as such."""
    place = (np.arange(side) + 0.5) / side
    across, down = ((place - middle) / reach for middle, reach in zip(MIDDLE, REACH_OF_FACE, strict=True))
    away = np.hypot(across[None, :], down[:, None])
    return np.clip((1 + RIM_OF_FACE / 4 - away) / RIM_OF_FACE, 0, 1).astype(np.float32)


class ServedHeadRefiner(nn.Module):
    """The refiner as it is served: flow, residual, the twin's matte, paint."""

    def __init__(self, net: HeadRefiner) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return HeadRefiner.refined's."""
        return self.net.refined(image)
