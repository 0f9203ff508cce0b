"""Batches for the head segmenter: squares around heads with what they show, on other backgrounds and beside others.

Most portraits end close around the head. Beyond its picture a square shows what the service would see there, a
repeated edge, of which nothing is known; or, where the background is replaced, more of that background.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from mien_export.data.mesh_batches import badly_photographed
from mien_service.faces.align import CROP_SIZE
from mien_service.faces.head_maps import MAPS, ROOM

LOOSE_SHARE = 0.5
"""How often a square lies anyhow about the head; the others lie as wrong landmarks would make them."""

TURN_DEGREES, ZOOM, SHIFT = (3.0, 10.0), (0.04, 0.22), (0.02, 0.08)
"""Deviations, close and loose, of the turn, of the zoom's logarithm, of the shift in sides of the aligned square."""

LOOSE_ZOOM = -0.2
"""Mean logarithm of a loose square's zoom: nearer to the head, whose edges are seen larger."""

CUT_SHARE, CUT_MOST = 0.2, 0.3
"""How often a picture ends earlier, and at most how much of either side it lacks then."""

REPLACED_SHARE, NEIGHBOUR_SHARE, BLURRED_SHARE = 0.55, 0.5, 0.5
"""How often a background is replaced, and of those, how often another person stands in it, how often it is blurred."""

BESIDE = (0.75, 1.2)
"""How far away a neighbour's face is, in sides of the aligned square."""

REACH = 16
"""Cells along a square's side from which a person's colours beside a pixel are taken."""

PART = 100
"""Pictures that are halved at a time."""

SURE, NOTHING = 0.95, 0.05
"""From where on a pixel is wholly a person's, and up to where nothing of one."""


@dataclass(frozen=True, eq=False)
class Heads:
    """Labelled pictures on the device, as `head_labels` has them.

    planes: (n, h, w, 7) uint8, RGB and the label's planes. to_picture: (n, 2, 3) float32, from pixels of the aligned
    square to those of the picture.
    """

    planes: torch.Tensor
    to_picture: torch.Tensor

    def at(self, index: torch.Tensor) -> "Heads":
        """Return the pictures numbered `index`."""
        return Heads(self.planes[index], self.to_picture[index])

    def halved(self) -> "Heads":
        """Return the pictures at half their resolution: sampled as they are, they would alias in a small square."""
        parts = [_halved(part) for part in self.planes.split(PART)]
        to_picture = self.to_picture / 2
        # Pixel centre x of the picture lies at (x + 0.5) / 2 - 0.5 of the halved one.
        to_picture[:, :, 2] -= 0.25
        return Heads(torch.cat(parts), to_picture)


def _halved(planes: torch.Tensor) -> torch.Tensor:
    averaged = F.avg_pool2d(planes.permute(0, 3, 1, 2).float(), 2)
    return averaged.round().byte().permute(0, 2, 3, 1).contiguous()


@dataclass(frozen=True, eq=False)
class HeadBatch:
    """n squares of side s.

    images: (n, 3, s, s) RGB in 0..1; maps: (n, 3, s, s) in 0..1, head, skin and hair; known: (n, 1, s, s), 1 where the
    maps hold, else 0.
    """

    images: torch.Tensor
    maps: torch.Tensor
    known: torch.Tensor


@dataclass(frozen=True, eq=False)
class Placement:
    """How n squares lie about their heads.

    turn: radians; zoom: side of the square over that of the service's; shift: (n, 2) in sides of the aligned square;
    flip: -1 where the square is mirrored, else 1.
    """

    turn: torch.Tensor
    zoom: torch.Tensor
    shift: torch.Tensor
    flip: torch.Tensor

    def to_aligned(self) -> torch.Tensor:
        """Return (n, 2, 3), from the square's -1..1 to pixels of the aligned square."""
        half = self.zoom * ROOM * CROP_SIZE / 2
        cos, sin = half * torch.cos(self.turn), half * torch.sin(self.turn)
        x, y = ((CROP_SIZE - 1) / 2 + CROP_SIZE * self.shift).unbind(dim=1)
        return torch.stack([cos * self.flip, -sin, x, sin * self.flip, cos, y], dim=1).view(-1, 2, 3)


def service_placement(n: int, device: torch.device) -> Placement:
    """Return the service's squares."""
    one = torch.ones(n, device=device)
    return Placement(torch.zeros_like(one), one, torch.zeros(n, 2, device=device), one)


def random_placement(n: int, device: torch.device) -> Placement:
    """Return squares as wrong landmarks would make them, and some that lie anyhow."""
    loose = (torch.rand(n, device=device) < LOOSE_SHARE).float()

    def deviation(close_loose: tuple[float, float]) -> torch.Tensor:
        return close_loose[0] + (close_loose[1] - close_loose[0]) * loose

    turn = math.radians(1) * deviation(TURN_DEGREES) * torch.randn(n, device=device)
    zoom = torch.exp(deviation(ZOOM) * torch.randn(n, device=device).clamp(-2, 2) + LOOSE_ZOOM * loose)
    shift = deviation(SHIFT)[:, None] * torch.randn(n, 2, device=device).clamp(-2, 2)
    return Placement(turn, zoom, shift, torch.where(torch.rand(n, device=device) < 0.5, -1.0, 1.0))


def plain_batch(heads: Heads, side: int) -> HeadBatch:
    """Return the service's squares of `heads`, unchanged."""
    n, device = len(heads.planes), heads.planes.device
    planes, inside = _squares(heads, service_placement(n, device), _whole(n, device), side)
    return HeadBatch(planes[:, :3], planes[:, 3 : 3 + len(MAPS)], inside)


def varied_batch(heads: Heads, backgrounds: torch.Tensor, side: int) -> HeadBatch:
    """Return squares of `heads`, varied; `backgrounds`, (k, 3, b, b) in 0..1, are drawn from."""
    n, device = len(heads.planes), heads.planes.device
    placement = random_placement(n, device)
    planes, inside = _squares(heads, placement, _frames(n, device), side)
    images, maps, person = planes[:, :3], planes[:, 3 : 3 + len(MAPS)], planes[:, 3 + len(MAPS) :]
    behind = _with_neighbours(_backgrounds(backgrounds, n, side), heads, placement)
    replaced = (torch.rand(n, 1, 1, 1, device=device) < REPLACED_SHARE).float()
    laid_on = torch.lerp(behind, _without_fringe(images, person), person)
    # Clothes that are cut off by the picture's edge go on beyond it, and are still no head.
    elsewhere = (1 - inside) * (maps[:, :2].amax(dim=1, keepdim=True) < NOTHING)
    known = inside + replaced * elsewhere
    return HeadBatch(badly_photographed(torch.lerp(images, laid_on, replaced)), maps * inside, known)


def _squares(heads: Heads, placement: Placement, frames: torch.Tensor, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return planes (n, 7, side, side) in 0..1 and where they lie in the picture, which ends at `frames`, (n, 2, 2)."""
    pictures = heads.planes.permute(0, 3, 1, 2).float() / 255
    size = torch.tensor(heads.planes.shape[2:0:-1], device=heads.planes.device)
    to_aligned = placement.to_aligned()
    matrix = heads.to_picture[:, :, :2] @ to_aligned
    matrix[:, :, 2] += heads.to_picture[:, :, 2]
    # Pixel centre x of the picture lies at (2 x + 1) / width - 1 of its -1..1.
    matrix = matrix * (2 / size)[:, None]
    matrix[:, :, 2] += 1 / size - 1
    grid = F.affine_grid(matrix, [len(pictures), 1, side, side], align_corners=False)
    within = torch.maximum(torch.minimum(grid, frames[:, None, None, 1]), frames[:, None, None, 0])
    inside = (grid == within).all(dim=3)[:, None].float()
    planes = F.grid_sample(pictures, within, padding_mode="border", align_corners=False)
    return torch.cat([planes[:, :3], _surer(planes[:, 3:])], dim=1), inside


def _surer(shares: torch.Tensor) -> torch.Tensor:
    """Return shares in 0..1 as of logits twice as large: the parser leaves a haze around hair."""
    square, rest = shares.square(), (1 - shares).square()
    return square / (square + rest)


def _whole(n: int, device: torch.device) -> torch.Tensor:
    """Return frames of pictures that end at their own edge, (n, 2, 2)."""
    return torch.tensor([[-1.0, -1.0], [1.0, 1.0]], device=device).expand(n, 2, 2)


def _frames(n: int, device: torch.device) -> torch.Tensor:
    """Return where pictures end, (n, 2, 2): the first and the last x and y in -1..1; most at their own edge."""
    lacking = 2 * CUT_MOST * torch.rand(n, 2, 2, device=device)
    lacking = lacking * (torch.rand(n, 1, 1, device=device) < CUT_SHARE) * (torch.rand(n, 2, 2, device=device) < 0.5)
    return (1 - lacking) * torch.tensor([[-1.0], [1.0]], device=device)


def _backgrounds(pictures: torch.Tensor, n: int, side: int) -> torch.Tensor:
    """Return (n, 3, side, side): parts of `pictures`, some blurred as behind a portrait, some of one colour."""
    device = pictures.device
    chosen = pictures[torch.randint(len(pictures), (n,), device=device)]
    zoom = 0.3 + 0.7 * torch.rand(n, 1, 1, device=device)
    shift = (1 - zoom) * (2 * torch.rand(n, 2, 1, device=device) - 1)
    matrix = torch.cat([zoom * torch.eye(2, device=device), shift], dim=2)
    parts = F.grid_sample(chosen, F.affine_grid(matrix, [n, 3, side, side], False), align_corners=False)
    coarse = F.adaptive_avg_pool2d(parts, int(torch.randint(1, side // 8, (1,)).item()))
    blurred = F.interpolate(coarse, (side, side), mode="bicubic", align_corners=False).clamp(0, 1)
    return torch.where(torch.rand(n, 1, 1, 1, device=device) < BLURRED_SHARE, blurred, parts)


def _with_neighbours(behind: torch.Tensor, heads: Heads, placement: Placement) -> torch.Tensor:
    """Return backgrounds (n, 3, side, side) with the next of `heads` standing in some of them, left or right."""
    n, device = len(behind), behind.device
    away = BESIDE[0] + (BESIDE[1] - BESIDE[0]) * torch.rand(n, device=device)
    away = torch.where(torch.rand(n, device=device) < 0.5, -away, away)
    beside = torch.stack([away, 0.2 * torch.randn(n, device=device)], dim=1)
    others = heads.at(torch.arange(n, device=device).roll(1))
    planes, inside = _squares(
        others, replace(placement, shift=placement.shift + beside), _whole(n, device), behind.shape[-1]
    )
    person = planes[:, 3 + len(MAPS) :] * inside * (torch.rand(n, 1, 1, 1, device=device) < NEIGHBOUR_SHARE)
    return torch.lerp(behind, planes[:, :3], person)


def _without_fringe(images: torch.Tensor, person: torch.Tensor) -> torch.Tensor:
    """Return images whose half covered pixels show the person's colours beside them, not the old background's."""
    sure, side = (person > SURE).float(), images.shape[-1]
    sums = F.avg_pool2d(torch.cat([images * sure, sure], dim=1), side // REACH)
    sums = F.interpolate(sums, (side, side), mode="bilinear", align_corners=False)
    share = sums[:, 3:]
    return torch.where((sure == 0) & (share > 1e-3), sums[:, :3] / share.clamp(min=1e-3), images)
