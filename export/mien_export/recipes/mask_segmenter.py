"""Train the mask segmenter on overlays and on the pack mask_segmentation: about forty minutes on two CPU cores.

    python -m mien_export train mask_segmenter --minutes 40

Resumes from runs/mask_segmenter/checkpoint.pt where there is one, else goes on from the shipped weights. Writes a
contact sheet beside the checkpoint.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from mien_export.data.augment import jittered_squares
from mien_export.data.crops import MARGIN, load_crops
from mien_export.data.masked_faces import MaskedFaces, load_overlays, load_segmented
from mien_export.data.mesh_batches import badly_photographed
from mien_export.data.packs import is_training
from mien_export.data.resize import reduced
from mien_export.networks.mask_segmenter import MaskSegmenter, ServedMaskSegmenter
from mien_export.recipes.loop import autocast, load_shipped, pick_device, placed
from mien_export.recipes.supervised import Recipe, Schedule, Terms, train_supervised

SHIPPED = Path("weights/mask_segmenter.onnx")
"""Where training goes on from, if it is there."""

PACK_SIZES = {"celeba": 160, "utkface": 160, "stylegan": 256}
"""Packs that masks are laid on, and about how large their faces are: a mask must not be sharper than its face."""

SOURCE_SHARES = {"celeba": 0.42, "utkface": 0.12, "stylegan": 0.24, "segmented": 0.08, "bare": 0.14}
"""How often a batch is of each source. A part of the overlays are no masks, too."""

STAGES = ((128, 24, 0.85), (256, 6, 0.15))
"""Side and size of a batch, and how often: most is learned at a quarter of the price."""

DICE_WEIGHT = 0.5

PER_SOURCE, PER_ROW = 6, 10
"""Faces of each source on the contact sheet, and faces in a row of it: rows are full."""

assert PER_SOURCE * len(SOURCE_SHARES) % PER_ROW == 0


@dataclass(frozen=True, eq=False)
class Source:
    """Faces on the device: (n, side, side, 4) uint8, RGB and the mask's cover."""

    pixels: torch.Tensor

    def batch(self, side: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return images (count, 3, side, side) and covers (count, 1, side, side), in 0..1, jittered."""
        chosen = torch.randint(len(self.pixels), (count,), device=self.pixels.device)
        squares = jittered_squares(reduced(self.pixels[chosen], round(side * MARGIN)), side, MARGIN)
        return badly_photographed(squares[:, :3]), squares[:, 3:]


def load_sources(device: torch.device) -> dict[str, Source]:
    """Return the sources of training faces by name."""
    sources: dict[str, Source] = {}
    for pack, size in PACK_SIZES.items():
        sources[pack] = _source(load_overlays(pack, size), device)
    sources["segmented"] = _source(load_segmented("training", 256), device)
    bare = load_crops("celeba", PACK_SIZES["celeba"])
    nothing = np.zeros(bare.pixels.shape[:3], np.uint8)
    sources["bare"] = _source(MaskedFaces(bare.pixels, nothing, bare.meshes, bare.rows), device)
    return sources


def _source(faces: MaskedFaces, device: torch.device) -> Source:
    # Rows of mask_segmentation have no split: its folder is one.
    index = [i for i, row in enumerate(faces.rows) if row["file"].startswith("training/") or is_training(row)]
    both = np.concatenate([faces.pixels[index], faces.cover[index][..., None]], axis=3)
    return Source(torch.from_numpy(both).to(device))


class SegmenterData:
    """Batches of all sources."""

    def __init__(self, device: torch.device) -> None:
        self._sources = load_sources(device)

    def batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return images (n, 3, s, s) and covers (n, 1, s, s) of one source at one size."""
        side, count, _ = STAGES[_drawn([share for _, _, share in STAGES])]
        name = list(SOURCE_SHARES)[_drawn(list(SOURCE_SHARES.values()))]
        return self._sources[name].batch(side, count)

    def shown(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a few faces of every source at 256 pixels, for the contact sheet."""
        parts = [source.batch(256, PER_SOURCE) for source in self._sources.values()]
        images, covers = (torch.cat(part) for part in zip(*parts, strict=True))
        return images, covers


def _drawn(shares: list[float]) -> int:
    return int(torch.multinomial(torch.tensor(shares), 1).item())


def losses(logits: torch.Tensor, cover: torch.Tensor) -> Terms:
    """Return the loss terms: cross entropy of each pixel, and one minus the soft Dice overlap of each masked face."""
    entropy = F.binary_cross_entropy_with_logits(logits, cover)
    found = logits.sigmoid().flatten(1)
    wanted = cover.flatten(1)
    masked = wanted.sum(dim=1) > 0
    dice = 1 - (2 * (found * wanted).sum(dim=1) + 1) / (found.sum(dim=1) + wanted.sum(dim=1) + 1)
    return {"entropy": entropy, "dice": DICE_WEIGHT * (dice * masked).sum() / masked.sum().clamp(min=1)}


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    device = pick_device()
    data = SegmenterData(device)
    model = MaskSegmenter()
    if SHIPPED.exists():
        load_shipped(ServedMaskSegmenter(model), SHIPPED)
    model = placed(model, device)

    def terms() -> Terms:
        images, cover = data.batch()
        with autocast(device):
            logits = model(images.contiguous(memory_format=torch.channels_last))
        return losses(logits, cover)

    recipe = Recipe(terms, _no_batches, lambda average, file: write_sheet(average, data, file))
    return train_supervised(model, recipe, minutes, folder, Schedule(learning_rate=1.5e-3))


def _no_batches() -> Iterator[torch.Tensor]:
    """Group normalisation has nothing to calibrate."""
    return iter(())


@torch.no_grad()
def write_sheet(model: torch.nn.Module, data: SegmenterData, file: Path) -> None:
    """Write training faces, the cover that is found and the true one as one PNG."""
    images, covers = data.shown()
    found = model(images).sigmoid()
    # Each face above what is found and the truth: (n, 3, 3 s, s).
    columns = torch.cat([images, *(one.expand_as(images) for one in (found, covers))], dim=2)
    rows = [torch.cat(list(part), dim=2) for part in columns.split(PER_ROW)]
    sheet = (torch.cat(rows, dim=1).permute(1, 2, 0) * 255).byte().cpu().numpy()
    cv2.imwrite(str(file), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
