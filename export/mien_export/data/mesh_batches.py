"""Batches for MeshNet: faces turned, shifted, zoomed, mirrored and badly photographed, with their meshes."""

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from mien_export.data.augment import varied_colours
from mien_export.data.mesh_faces import ROOM, SIDE

WIDE_SHARE = 0.4
"""Share of faces framed as loosely as a detector does; the others as tightly as a second look does."""

SHIFT = (0.03, 0.13)
"""Deviation of the shift in shares of the square's side: second look, first look."""

ZOOM = (0.05, 0.17)
"""Deviation of the logarithm of the zoom."""

TURN_DEGREES = (4.0, 18.0)
"""Deviation of the turn; LARGE_TURN_SHARE of loosely framed faces lie anywhere within LARGE_TURN_DEGREES."""

LARGE_TURN_SHARE = 0.25
LARGE_TURN_DEGREES = 60.0

TIGHT_SHARE = 0.2
"""Share of faces whose picture ends close around them: beyond its edge the edge is repeated, as where photos end."""

TIGHTEST = 0.45
"""Nearest that such an edge comes, as a share of the way from a crop's middle to its own edge: it cuts the face."""

BLURRED_SHARE = 0.2
SMALL_SHARE = 0.25
DARK_SHARE = 0.12
NOISE_SHARE = 0.3


@dataclass(frozen=True, eq=False)
class Placement:
    """How squares lie in their crops: for each the map from square to crop in -1..1 coordinates, and mirroring."""

    matrix: torch.Tensor
    """(n, 2, 2), mirroring left out."""
    shift: torch.Tensor
    """(n, 2)."""
    mirrored: torch.Tensor
    """(n,) bool."""


def random_placement(n: int, device: torch.device) -> Placement:
    """Return placements as first and second looks would choose them."""
    wide = (torch.rand(n, device=device) < WIDE_SHARE).float()

    def deviation(narrow_wide: tuple[float, float]) -> torch.Tensor:
        return narrow_wide[0] + (narrow_wide[1] - narrow_wide[0]) * wide

    angle = torch.randn(n, device=device) * deviation(TURN_DEGREES)
    lying = (torch.rand(n, device=device) < LARGE_TURN_SHARE * wide).float()
    angle = angle + lying * LARGE_TURN_DEGREES * (2 * torch.rand(n, device=device) - 1)
    angle = torch.deg2rad(angle)
    zoom = torch.exp(torch.randn(n, device=device).clamp(-2, 2) * deviation(ZOOM)) / ROOM
    shift = torch.randn(n, 2, device=device).clamp(-2, 2) * deviation(SHIFT)[:, None] * 2 / ROOM
    cos, sin = zoom * torch.cos(angle), zoom * torch.sin(angle)
    matrix = torch.stack([cos, -sin, sin, cos], dim=1).view(n, 2, 2)
    return Placement(matrix, shift, torch.rand(n, device=device) < 0.5)


def random_frames(n: int, device: torch.device) -> torch.Tensor:
    """Return where pictures end, (n, 2, 2): the first and the last x and y, as the crops' -1..1; most not at all."""
    ends = TIGHTEST + (1 - TIGHTEST) * torch.rand(n, 2, 2, device=device)
    is_tight = torch.rand(n, 1, 1, device=device) < TIGHT_SHARE
    return torch.where(is_tight, ends, 1.0) * torch.tensor([[-1.0], [1.0]], device=device)


def squares(crops: torch.Tensor, place: Placement, size: int, frames: torch.Tensor) -> torch.Tensor:
    """Return the squares (n, 3, size, size) in 0..1 cut out of crops (n, side, side, 3) uint8 that end at `frames`."""
    images = crops.permute(0, 3, 1, 2).float() / 255
    flip = torch.where(place.mirrored, -1.0, 1.0)
    matrix = place.matrix.clone()
    matrix[:, :, 0] = matrix[:, :, 0] * flip[:, None]
    grid = F.affine_grid(torch.cat([matrix, place.shift[..., None]], dim=2), [len(crops), 3, size, size], False)
    grid = torch.maximum(torch.minimum(grid, frames[:, None, None, 1]), frames[:, None, None, 0])
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def placed_meshes(meshes: torch.Tensor, place: Placement, twins: torch.Tensor) -> torch.Tensor:
    """Return meshes (n, 468, 3), given in crop pixels, in shares of the squares' sides."""
    inverse = torch.linalg.inv(place.matrix)
    plane = (meshes[..., :2] + 0.5) * (2 / SIDE) - 1 - place.shift[:, None]
    plane = plane @ inverse.transpose(1, 2)
    depth = meshes[..., 2:] * (2 / SIDE) * torch.linalg.det(inverse).sqrt()[:, None, None]
    points = torch.cat([plane, depth], dim=2)
    signs = torch.tensor([-1.0, 1.0, 1.0], device=meshes.device)
    points = torch.where(place.mirrored[:, None, None], points[:, twins] * signs, points)
    return points / 2 + torch.tensor([0.5, 0.5, 0.0], device=meshes.device)


def placed_rotations(rotations: torch.Tensor, place: Placement) -> torch.Tensor:
    """Return rotation matrices (n, 3, 3) of heads, given in crops, as seen in the squares."""
    inverse = torch.linalg.inv(place.matrix)
    turn = torch.zeros_like(rotations)
    turn[:, :2, :2] = inverse / torch.linalg.det(inverse).sqrt()[:, None, None]
    turn[:, 2, 2] = 1
    turned = turn @ rotations
    flip = torch.diag(torch.tensor([-1.0, 1.0, 1.0], device=rotations.device))
    return torch.where(place.mirrored[:, None, None], flip @ turned @ flip, turned)


def badly_photographed(images: torch.Tensor) -> torch.Tensor:
    """Return images (n, 3, h, w) in 0..1 with random colours; some blurred, small, dark or noisy."""
    images = _some(images, BLURRED_SHARE, _motion_blurred)
    images = _some(images, SMALL_SHARE, _small)
    images = varied_colours(images)
    images = _some(images, 0.1, lambda part: part.mean(dim=1, keepdim=True).expand_as(part))
    images = _some(images, DARK_SHARE, lambda part: part.pow(1.8) * _between(part, 0.2, 0.7))
    return _some(images, NOISE_SHARE, lambda part: part + _between(part, 0.01, 0.08) * torch.randn_like(part)).clamp(
        0, 1
    )


def _some(images: torch.Tensor, share: float, change) -> torch.Tensor:
    """Return `images` with a random `share` of them changed."""
    chosen = (torch.rand(len(images), device=images.device) < share).nonzero()[:, 0]
    if not len(chosen):
        return images
    out = images.clone()
    out[chosen] = change(images[chosen])
    return out


def _between(images: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Return one random number an image, shaped to multiply it."""
    return low + (high - low) * torch.rand(len(images), 1, 1, 1, device=images.device)


def _motion_blurred(images: torch.Tensor) -> torch.Tensor:
    """Return images blurred along a random line each (or all around, where the line is short and wide)."""
    n, _, height, width = images.shape
    reach = 5
    axis = torch.arange(-reach, reach + 1, device=images.device).float()
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    angle = math.pi * torch.rand(n, 1, 1, device=images.device)
    along = x * torch.cos(angle) + y * torch.sin(angle)
    across = y * torch.cos(angle) - x * torch.sin(angle)
    length = 0.5 + 3 * torch.rand(n, 1, 1, device=images.device)
    breadth = 0.5 + 1.2 * torch.rand(n, 1, 1, device=images.device)
    kernel = torch.exp(-0.5 * ((along / length) ** 2 + (across / breadth) ** 2))
    kernel = (kernel / kernel.sum(dim=(1, 2), keepdim=True)).repeat_interleave(3, dim=0)[:, None]
    flat = F.pad(images, [reach] * 4, mode="replicate").reshape(1, n * 3, height + 2 * reach, width + 2 * reach)
    return F.conv2d(flat, kernel, groups=n * 3).view_as(images)


def _small(images: torch.Tensor) -> torch.Tensor:
    """Return images as enlarged from a few pixels, one size for all of them."""
    side = int(torch.randint(20, 72, ()).item())
    small = F.interpolate(images, size=(side, side), mode="area")
    return F.interpolate(small, size=images.shape[2:], mode="bilinear", align_corners=False)
