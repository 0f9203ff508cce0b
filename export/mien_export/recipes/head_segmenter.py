"""Train the head segmenter on what the face parser sees: about forty minutes on one CPU core.

    python -m mien_export train head_segmenter --minutes 40

Resumes from runs/head_segmenter/checkpoint.pt where there is one, else goes on from the shipped weights. The first run
labels its pictures (seven minutes on one core). Writes a contact sheet of held-out people beside the checkpoint.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from mien_export.data.drawn_scenes import drawn_scene
from mien_export.data.head_batches import HeadBatch, Heads, plain_batch, varied_batch
from mien_export.data.head_labels import SOURCES, HeadLabels, load_head_labels
from mien_export.networks.head_segmenter import HeadSegmenter, ServedHeadSegmenter
from mien_export.recipes.loop import autocast, load_shipped, pick_device, placed
from mien_export.recipes.supervised import Recipe, Schedule, Terms, train_supervised
from mien_service.faces.head_maps import SIDE

SHIPPED = Path("weights/head_segmenter.onnx")
"""Where training goes on from, if it is there."""

SOURCE_SHARES = {"stylegan": 0.62, "celeba": 0.3, "utkface": 0.08}
"""How often a batch is of each pack."""

STAGES = ((SIDE // 2, 24, 0.8), (SIDE, 6, 0.2))
"""Side and size of a batch, and how often: most is learned at a quarter of the price."""

DICE_WEIGHT = 0.5

SCENES, SCENE_SIDE, SCENE_SEED = 300, 192, 2_000
"""Backgrounds drawn in code, their side, and where their seeds begin."""

PER_SOURCE = 6
"""Faces of each pack on the contact sheet, held out."""


class HeadData:
    """Batches of all packs."""

    def __init__(self, device: torch.device) -> None:
        labels = {pack: load_head_labels(pack) for pack in SOURCES}
        training = {pack: heads_of(made.of_split(training=True), device) for pack, made in labels.items()}
        self._heads = {SIDE: training, SIDE // 2: {pack: heads.halved() for pack, heads in training.items()}}
        self._held_out = [heads_of(made.of_split(training=False), device) for made in labels.values()]
        self._backgrounds = scenes(device)

    def batch(self) -> HeadBatch:
        """Return a batch of one pack at one size."""
        side, count, _ = STAGES[_drawn([share for _, _, share in STAGES])]
        heads = self._heads[side][list(SOURCE_SHARES)[_drawn(list(SOURCE_SHARES.values()))]]
        chosen = torch.randint(len(heads.planes), (count,), device=heads.planes.device)
        return varied_batch(heads.at(chosen), self._backgrounds, side)

    def shown(self) -> HeadBatch:
        """Return a few held-out faces of every pack, plain and varied."""
        parts: list[HeadBatch] = []
        for heads in self._held_out:
            few = heads.at(torch.arange(min(PER_SOURCE, len(heads.planes))))
            parts += [plain_batch(few, SIDE), varied_batch(few, self._backgrounds, SIDE)]
        together = zip(*((part.images, part.maps, part.known) for part in parts), strict=True)
        return HeadBatch(*(torch.cat(part) for part in together))


def heads_of(labels: HeadLabels, device: torch.device) -> Heads:
    """Return labelled pictures on the device."""
    planes = np.concatenate([labels.pixels, labels.labels], axis=3)
    back = np.stack([cv2.invertAffineTransform(transform) for transform in labels.transforms])
    return Heads(torch.from_numpy(planes).to(device), torch.from_numpy(back.astype(np.float32)).to(device))


def scenes(device: torch.device) -> torch.Tensor:
    """Return backgrounds drawn in code, (SCENES, 3, SCENE_SIDE, SCENE_SIDE) in 0..1."""
    drawn = [
        drawn_scene(SCENE_SIDE, SCENE_SIDE, np.random.default_rng(seed))
        for seed in range(SCENE_SEED, SCENE_SEED + SCENES)
    ]
    return torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2).float().to(device) / 255


def _drawn(shares: list[float]) -> int:
    return int(torch.multinomial(torch.tensor(shares), 1).item())


def losses(logits: torch.Tensor, batch: HeadBatch) -> Terms:
    """Return the loss terms over known pixels: cross entropy, and one minus the soft Dice overlap of each map."""
    weight = batch.known / batch.known.mean().clamp(min=1e-3)
    entropy = F.binary_cross_entropy_with_logits(logits, batch.maps, weight.expand_as(logits))
    found, wanted = ((maps * batch.known).flatten(2) for maps in (logits.sigmoid(), batch.maps))
    # An area that a square lacks adds nothing: there the ratio is about 1.
    dice = 1 - (2 * (found * wanted).sum(dim=2) + 1) / (found.sum(dim=2) + wanted.sum(dim=2) + 1)
    return {"entropy": entropy, "dice": DICE_WEIGHT * dice.mean()}


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    device = pick_device()
    data = HeadData(device)
    model = HeadSegmenter()
    if SHIPPED.exists():
        load_shipped(ServedHeadSegmenter(model), SHIPPED)
    model = placed(model, device)

    def terms() -> Terms:
        batch = data.batch()
        with autocast(device):
            logits = model(batch.images.contiguous(memory_format=torch.channels_last))
        return losses(logits, batch)

    recipe = Recipe(terms, _no_batches, lambda average, file: write_sheet(average, data, file))
    return train_supervised(model, recipe, minutes, folder, Schedule(learning_rate=2e-3))


def _no_batches() -> Iterator[torch.Tensor]:
    """Group normalisation has nothing to calibrate."""
    return iter(())


@torch.no_grad()
def write_sheet(model: torch.nn.Module, data: HeadData, file: Path) -> None:
    """Write held-out squares, the maps that are found and the true ones, as RGB, as one PNG: unknown is grey."""
    batch = data.shown()
    found = model(batch.images).sigmoid()
    truth = torch.lerp(torch.full_like(batch.maps, 0.5), batch.maps, batch.known)
    # Each square above what is found and the truth: (n, 3, 3 s, s).
    columns = torch.cat([batch.images, found, truth], dim=2)
    rows = [torch.cat(list(part), dim=2) for part in columns.split(2 * PER_SOURCE)]
    width = max(row.shape[2] for row in rows)
    sheet = torch.cat([F.pad(row, (0, width - row.shape[2])) for row in rows], dim=1)
    levels = (sheet.permute(1, 2, 0) * 255).byte().cpu().numpy()
    cv2.imwrite(str(file), cv2.cvtColor(levels, cv2.COLOR_RGB2BGR))
