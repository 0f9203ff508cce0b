"""Reducing pictures on the device."""

import torch
from torch.nn import functional as F


def reduced(crops: torch.Tensor, side: int) -> torch.Tensor:
    """Return crops (n, s, s, c) uint8 as (n, side, side, c), averaged down: sampling them as they are would alias."""
    if crops.shape[1] <= side:
        return crops
    small = F.interpolate(crops.permute(0, 3, 1, 2).float(), (side, side), mode="bilinear", antialias=True)
    return small.permute(0, 2, 3, 1)
