"""Moving the pixels of a batch, on whatever device it is on."""

import torch
from torch.nn import functional as F


def moved(images: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    """Return images (n, c, s, s) with each pixel fetched from its own place plus flow (n, 2, s, s) x, y in pixels.

    Cubic with a = -.75, as OpenCV's remap; beyond the edge the edge's pixels are repeated.
    """
    side = images.shape[-1]
    axis = torch.arange(side, device=images.device, dtype=torch.float32)
    places = torch.stack([axis[None, None, :] + flow[:, 0], axis[None, :, None] + flow[:, 1]], dim=3)
    # Pixel centre x lies at (2 x + 1) / side - 1 of grid_sample's -1..1.
    grid = (2 * places + 1) / side - 1
    return F.grid_sample(images, grid, mode="bicubic", padding_mode="border", align_corners=False)
