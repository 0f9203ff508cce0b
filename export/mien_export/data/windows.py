"""Windows on the edited region: parts of the pictures at full size, for networks that need not see the whole."""

from dataclasses import dataclass

import torch

MULTIPLE = 8
"""Sides that the networks can halve three times."""

WANDERING = 0.1
"""How far a window lies beside the region's middle, at most, as a share of its own side."""


@dataclass(frozen=True)
class Windows:
    """A square of a side for each picture: its top row and left column."""

    corners: list[tuple[int, int]]
    side: int

    def cut(self, images: torch.Tensor) -> torch.Tensor:
        """Return the windows (n, c, side, side) of images (n, c, s, s)."""
        if self.side == images.shape[-1]:
            return images
        parts = [
            image[:, top : top + self.side, left : left + self.side]
            for image, (top, left) in zip(images, self.corners, strict=True)
        ]
        return torch.stack(parts)


def windows_on(region: torch.Tensor, share: float) -> Windows:
    """Return windows of a share of the side about the middle of each region (n, 1, s, s) in 0..1, a little beside it.

    A region that is empty has its middle in the picture's; a share of 1 is the whole picture.
    """
    whole = region.shape[-1]
    if share >= 1:
        return Windows([(0, 0)] * len(region), whole)
    side = min(MULTIPLE * max(round(share * whole / MULTIPLE), 1), whole)
    wandered = side * WANDERING * (2 * torch.rand(len(region), 2) - 1)
    corners = (_middles(region).cpu() + wandered - side / 2).round().clamp(0, whole - side)
    return Windows([(int(top), int(left)) for top, left in corners.tolist()], side)


def _middles(region: torch.Tensor) -> torch.Tensor:
    """Return the row and column (n, 2) of the middle of mass."""
    whole = region.shape[-1]
    places = torch.arange(whole, device=region.device) + 0.5
    weight = region[:, 0] + 1e-6
    total = weight.sum(dim=(1, 2))
    rows = (weight.sum(dim=2) * places).sum(dim=1) / total
    columns = (weight.sum(dim=1) * places).sum(dim=1) / total
    return torch.stack([rows, columns], dim=1)
