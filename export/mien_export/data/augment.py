"""Random variation of training crops, on whatever device they are on."""

import math

import torch
from torch.nn import functional as F

TURN_DEGREES = 4.0
ZOOM = 0.05
SHIFT = 0.03
"""Largest shift as a share of the square: with turn and zoom about the jitter of the landmarks."""

GREY_SHARE = 0.08
BRIGHTNESS = 0.15
CONTRAST = 0.2
TINT = 0.06


def jittered_squares(crops: torch.Tensor, size: int, margin: float, jitter: bool = True) -> torch.Tensor:
    """Return the service's squares, (n, 3, size, size) in 0..1, from widened crops (n, side, side, 3) uint8.

    With `jitter` each is turned, zoomed, shifted and mirrored a little, as wrong landmarks would do.
    """
    images = crops.permute(0, 3, 1, 2).float() / 255
    n, device = images.shape[0], images.device
    scale = torch.full((n,), 1 / margin, device=device)
    angle = torch.zeros(n, device=device)
    shift = torch.zeros(n, 2, device=device)
    mirror = torch.ones(n, device=device)
    if jitter:
        scale = scale * (1 + ZOOM * (2 * torch.rand(n, device=device) - 1))
        angle = math.radians(TURN_DEGREES) * (2 * torch.rand(n, device=device) - 1)
        shift = SHIFT / margin * 2 * (2 * torch.rand(n, 2, device=device) - 1)
        mirror = torch.where(torch.rand(n, device=device) < 0.5, -1.0, 1.0)
    cos, sin = scale * torch.cos(angle), scale * torch.sin(angle)
    rows = torch.stack([cos * mirror, -sin, shift[:, 0], sin * mirror, cos, shift[:, 1]], dim=1)
    grid = F.affine_grid(rows.view(n, 2, 3), [n, 3, size, size], align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False).clamp(0, 1)


def varied_colours(images: torch.Tensor) -> torch.Tensor:
    """Return images (n, 3, h, w) in 0..1 with random brightness, contrast and tint; some of them grey."""
    n, device = images.shape[0], images.device

    def spread(amount: float, channels: int = 1) -> torch.Tensor:
        return amount * (2 * torch.rand(n, channels, 1, 1, device=device) - 1)

    mean = images.mean(dim=(2, 3), keepdim=True)
    varied = (images - mean) * (1 + spread(CONTRAST)) + mean * (1 + spread(BRIGHTNESS) + spread(TINT, 3))
    grey = varied.mean(dim=1, keepdim=True).expand_as(varied)
    is_grey = torch.rand(n, 1, 1, 1, device=device) < GREY_SHARE
    return torch.where(is_grey, grey, varied).clamp(0, 1)
