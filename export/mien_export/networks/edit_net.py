"""EditNet: an aligned face to the fields of an edit, flow, residual and alpha (design: composite, never regenerate)."""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from mien_export.networks.u_net import WIDTHS, UNet, start_at_zero

REACH = 12.0
"""Longest flow along an axis, in pixels of a 256 px square; shorter in proportion on a smaller one."""

REACH_SIDE = 256

FIRST_ALPHA = 0.12
"""Alpha of a network that has learned nothing: low, but over the compositor's floor, so that it can grow."""

FIRST_MATTE = 0.1
"""Matte of a network that has learned nothing: it lays the face's own colours over the face."""

MATTE_FLOOR = 0.03
"""What a paint's matte must exceed to count: elsewhere it is exactly 0, and the photo's pixels stay."""


@dataclass(frozen=True)
class Fields:
    """An edit of n faces of side s, as the network gives it.

    flow: (n, 2, s, s) x, y in pixels of the s x s square; residual: (n, 3, s, s) RGB in -1..1 (1 is 255 grey levels);
    alpha: (n, 1, s, s) in 0..1; paint: (n, 4, s, s) RGB in 0..1 and matte in 0..1, or None; twin: (n, 4, s, s) another
    picture of the face, RGB in 0..1, and a matte in 0..1 by which it is laid over the face, or None: it is moved as the
    face is, and the residual is added to both.
    """

    flow: torch.Tensor
    residual: torch.Tensor
    alpha: torch.Tensor
    paint: torch.Tensor | None = None
    twin: torch.Tensor | None = None

    def enlarged(self, times: int) -> "Fields":
        """Return the same edit for faces `times` as large, smoothly, as the service brings it to the photo."""
        if times == 1:
            return self
        paint, twin = (None if maps is None else _larger(maps, times) for maps in (self.paint, self.twin))
        flow = _larger(self.flow, times) * times
        return Fields(flow, _larger(self.residual, times), _larger(self.alpha, times), paint, twin)

    def confined(self, region: torch.Tensor) -> "Fields":
        """Return the edit with alpha and mattes scaled by a region (n, 1, s, s) in 0..1."""
        paint, twin = (
            None if maps is None else torch.cat([maps[:, :3], maps[:, 3:] * region], dim=1)
            for maps in (self.paint, self.twin)
        )
        return Fields(self.flow, self.residual, self.alpha * region, paint, twin)


def _larger(maps: torch.Tensor, times: int) -> torch.Tensor:
    return F.interpolate(maps, scale_factor=float(times), mode="bilinear", align_corners=False)


class FieldNet(nn.Module):
    """A network that answers with an edit's fields, whatever it sees."""

    condition_size: int = 0

    def forward(self, image: torch.Tensor, condition: torch.Tensor | None = None) -> tuple[torch.Tensor, ...]:
        """Return flow, residual, alpha and, if the network paints, paint, shaped and ranged as `Fields` says."""
        raise NotImplementedError

    def fields(self, image: torch.Tensor, condition: torch.Tensor | None = None) -> Fields:
        """Return `forward`'s answer by name."""
        return Fields(*self(image, condition))


def painting(colours: torch.Tensor, matte: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return the answer of a FieldNet that only paints: `colours` (n, 3, s, s) in 0..1 under `matte` (n, 1, s, s)."""
    nothing = torch.zeros_like(colours)
    return nothing[:, :2], nothing, nothing[:, :1], torch.cat([colours, matte], dim=1)


class EditNet(UNet, FieldNet):
    """(n, 3 + extra_channels, s, s) and a condition (n, condition_size) to the fields of an edit; s a multiple of 16.

    The input's first three channels are the aligned face, RGB in 0..1; behind them come what else the task knows (a
    hole's mask, what is known of it). A network that has learned nothing changes no pixel: flow and residual are 0, and
    paint is the face as it is, so that it can be changed before there is a reason to lay it on thicker.
    """

    def __init__(
        self,
        condition_size: int = 0,
        extra_channels: int = 0,
        widths: tuple[int, ...] = WIDTHS,
        *,
        paint: bool = False,
        gated: bool = True,
    ) -> None:
        """`gated` networks learn alpha; others answer 1 everywhere and are confined by a region alone."""
        super().__init__(3 + extra_channels, condition_size, widths)
        top = widths[0]
        # Flow and alpha are smooth and are enlarged as such; residual and paint need every pixel (teeth, lids).
        self.smooth_head = nn.Conv2d(top, 3 if gated else 2, 3, 1, 1)
        self.fine_head = nn.Conv2d(top, 4 * (7 if paint else 3), 3, 1, 1)
        self.shuffle = nn.PixelShuffle(2)
        self.paints = paint
        self.gated = gated
        self._start_as_no_edit()

    def _start_as_no_edit(self) -> None:
        for head in (self.smooth_head, self.fine_head):
            start_at_zero(head)
        if self.gated:
            assert self.smooth_head.bias is not None
            nn.init.constant_(self.smooth_head.bias[2:], logit(FIRST_ALPHA))
        if self.paints:
            assert self.fine_head.bias is not None
            nn.init.constant_(self.fine_head.bias[24:], logit(MATTE_FLOOR + (1 - MATTE_FLOOR) * FIRST_MATTE))

    def forward(self, image: torch.Tensor, condition: torch.Tensor | None = None) -> tuple[torch.Tensor, ...]:
        """Return flow, residual, alpha and, if the network paints, paint, shaped and ranged as `Fields` says."""
        x = self.features(image, condition)
        smooth = F.interpolate(self.smooth_head(x).float(), scale_factor=2.0, mode="bilinear", align_corners=False)
        fine = self.shuffle(self.fine_head(x).float())
        reach = REACH * image.shape[-1] / REACH_SIDE
        alpha = torch.sigmoid(smooth[:, 2:]) if self.gated else torch.ones_like(smooth[:, :1])
        fields = (torch.tanh(smooth[:, :2]) * reach, torch.tanh(fine[:, :3]), alpha)
        if not self.paints:
            return fields
        matte = floored(torch.sigmoid(fine[:, 6:]), MATTE_FLOOR)
        colours = (image[:, :3].float() + torch.tanh(fine[:, 3:6])).clamp(0, 1)
        return (*fields, torch.cat([colours, matte], dim=1))


def floored(values: torch.Tensor, floor: float) -> torch.Tensor:
    """Return values in 0..1 with those below `floor` at 0 and the rest stretched over 0..1.

    The gradient is passed through as if there were no floor (straight-through, Bengio et al. 2013): a pixel below it
    can rise again.
    """
    raised = (values - floor) / (1 - floor)
    if not values.requires_grad:
        return raised.clamp(min=0)
    return raised + (raised.clamp(min=0) - raised).detach()


def logit(share: float) -> float:
    """Return what the logistic function makes a share in 0..1 of."""
    return math.log(share / (1 - share))
