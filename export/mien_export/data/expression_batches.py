"""Batches of small grey faces for networks of expressions, varied as detectors frame and cameras see them."""

import math
from collections.abc import Callable

import torch
from torch.nn import functional as F

from mien_export.data.expressions import SIDE

VIEW = 0.93
"""Side of the part of a picture that is seen, as a share of the picture's: its own pixels at 44."""

ZOOM = 0.12
"""Deviation of the view's size, cut off at twice it: one detector's margin is not another's."""

SHIFT = 0.05
TURN_DEGREES = 9.0
STRETCH = 0.05
"""Deviations of the view's place in shares of the picture, of its turn, and of height over width."""

GAMMA = 0.2
CONTRAST = 0.15
BRIGHTNESS = 0.06
"""Deviations: what a network that evens out light still sees of them is what they cut off."""

SMALL_SHARE, BLURRED_SHARE, NOISE_SHARE, JPEG_SHARE, CUTOUT_SHARE = 0.08, 0.1, 0.12, 0.12, 0.3
"""Share of the faces that each of these befalls."""

CUTOUT = (0.2, 0.45)
"""Sides of the grey rectangle in shares of the face's."""


def plain_views(pictures: torch.Tensor, size: int, view: float = VIEW) -> torch.Tensor:
    """Return the middle of pictures (n, 48, 48) uint8 as the service shows it, (n, 1, size, size) in 0..1."""
    turn = torch.eye(2, device=pictures.device).expand(len(pictures), 2, 2) * view
    return _views(pictures, size, turn, torch.zeros(len(pictures), 2, device=pictures.device))


def varied_views(pictures: torch.Tensor, size: int) -> torch.Tensor:
    """Return random views (n, 1, size, size) in 0..1 of pictures (n, 48, 48) uint8, some of them badly photographed."""
    n, device = len(pictures), pictures.device

    def spread(deviation: float, count: int = 1) -> torch.Tensor:
        return deviation * torch.randn(n, count, device=device).clamp(-2, 2)

    side = VIEW * torch.exp(spread(ZOOM) + torch.cat([spread(STRETCH), spread(STRETCH)], dim=1))
    mirror = torch.where(torch.rand(n, device=device) < 0.5, -1.0, 1.0)
    angle = math.radians(TURN_DEGREES) * spread(1.0)[:, 0]
    cos, sin = torch.cos(angle), torch.sin(angle)
    turn = torch.stack([cos, -sin, sin, cos], dim=1).view(n, 2, 2) * side[:, None]
    turn[:, :, 0] = turn[:, :, 0] * mirror[:, None]
    return _badly_photographed(_views(pictures, size, turn, 2 * spread(SHIFT, 2)))


def _views(pictures: torch.Tensor, size: int, turn: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    images = pictures[:, None].float() / 255
    grid = F.affine_grid(torch.cat([turn, shift[..., None]], dim=2), [len(images), 1, size, size], align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _badly_photographed(faces: torch.Tensor) -> torch.Tensor:
    faces = _some(faces, SMALL_SHARE, _small)
    faces = _some(faces, BLURRED_SHARE, _blurred)
    n = len(faces)
    power = torch.exp(GAMMA * _normal(n, faces.device))
    gain = torch.exp(CONTRAST * _normal(n, faces.device))
    faces = (faces.clamp(min=1e-4).pow(power) - 0.5) * gain + 0.5 + BRIGHTNESS * _normal(n, faces.device)
    faces = _some(faces, NOISE_SHARE, _noisy).clamp(0, 1)
    faces = _some(faces, JPEG_SHARE, quantized)
    return _some(faces, CUTOUT_SHARE, _with_a_hole)


def _normal(n: int, device: torch.device) -> torch.Tensor:
    return torch.randn(n, 1, 1, 1, device=device).clamp(-2, 2)


def _some(faces: torch.Tensor, share: float, change: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """Return `faces` with a random `share` of them changed."""
    chosen = (torch.rand(len(faces), device=faces.device) < share).nonzero()[:, 0]
    if not len(chosen):
        return faces
    out = faces.clone()
    out[chosen] = change(faces[chosen])
    return out


def _small(faces: torch.Tensor) -> torch.Tensor:
    """Return faces as enlarged from fewer pixels, one size for all of them."""
    side = int(torch.randint(20, SIDE - 8, ()).item())
    small = F.interpolate(faces, size=(side, side), mode="area")
    return F.interpolate(small, size=faces.shape[2:], mode="bilinear", align_corners=False)


def _blurred(faces: torch.Tensor) -> torch.Tensor:
    kernel = torch.tensor([1.0, 2.0, 1.0], device=faces.device)
    soft = F.conv2d(F.pad(faces, [1] * 4, mode="replicate"), (kernel[:, None] * kernel / 16)[None, None])
    return torch.lerp(faces, soft, torch.rand(len(faces), 1, 1, 1, device=faces.device))


def _noisy(faces: torch.Tensor) -> torch.Tensor:
    strength = 0.01 + 0.05 * torch.rand(len(faces), 1, 1, 1, device=faces.device)
    return faces + strength * torch.randn_like(faces)


def quantized(faces: torch.Tensor) -> torch.Tensor:
    """Return faces (n, 1, s, s) in 0..1 as JPEG would: in blocks of 8, their fine waves in coarse steps, at random."""
    n, _, size, _ = faces.shape
    room = -size % 8
    blocks = F.pad(faces, [0, room, 0, room], mode="replicate")[:, 0].unfold(1, 8, 8).unfold(2, 8, 8)
    waves = _cosines(faces.device)
    found = waves @ (blocks - 0.5) @ waves.T
    frequency = torch.arange(8, device=faces.device)
    coarseness = 0.03 + 0.09 * torch.rand(n, 1, 1, 1, 1, device=faces.device)
    step = coarseness * (1 + 0.5 * (frequency[:, None] + frequency))
    blocks = waves.T @ (torch.round(found / step) * step) @ waves + 0.5
    whole = blocks.transpose(2, 3).reshape(n, 1, size + room, size + room)
    return whole[:, :, :size, :size].clamp(0, 1)


def _cosines(device: torch.device) -> torch.Tensor:
    """Return the orthonormal (8, 8) matrix of the discrete cosine transform."""
    place = torch.arange(8, device=device)
    waves = torch.cos(math.pi / 8 * (place + 0.5) * place[:, None]) / 2
    waves[0] *= math.sqrt(0.5)
    return waves


def _with_a_hole(faces: torch.Tensor) -> torch.Tensor:
    """Return faces with a grey rectangle somewhere ("cutout", DeVries and Taylor 2017)."""
    n, _, size, _ = faces.shape
    low, high = CUTOUT
    sides = low + (high - low) * torch.rand(n, 2, 1, device=faces.device)
    middles = torch.rand(n, 2, 1, device=faces.device)
    place = (torch.arange(size, device=faces.device) + 0.5) / size
    down, across = ((place - middles).abs() < sides / 2).unbind(dim=1)
    hole = (down[:, :, None] & across[:, None])[:, None]
    return torch.where(hole, faces.mean(dim=(2, 3), keepdim=True), faces)
