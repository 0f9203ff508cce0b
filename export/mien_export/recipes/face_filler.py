"""Train the filler of what masks hide: an hour and a half on one CPU core.

    python -m mien_export export face_prior
    python -m mien_export train face_filler --minutes 95

Resumes from runs/face_filler/checkpoint.pt where there is one, else goes on from the shipped weights. Writes a contact
sheet of held-out people beside the checkpoint.
"""

from pathlib import Path

import torch

from mien_export.data.crops import load_crops
from mien_export.data.hole_pairs import HoleFaces, HolePairs, hole_faces
from mien_export.data.masked_faces import load_overlays
from mien_export.data.packs import is_training, is_validation
from mien_export.networks.face_filler import FaceFiller, ServedFaceFiller
from mien_export.networks.lite0 import Lite0
from mien_export.networks.patch_discriminator import PatchDiscriminator
from mien_export.recipes.edit_losses import EditLosses, LossWeights
from mien_export.recipes.edit_step import EditSettings, EditTrainer, Stage
from mien_export.recipes.face_prior import shipped_prior
from mien_export.recipes.loop import load_shipped, pick_device, placed

SHIPPED = Path("weights/face_filler.onnx")
"""Where training goes on from, if it is there."""

PACKS = {"celeba": (160, 0.6), "stylegan": (256, 0.3), "utkface": (160, 0.1)}
"""Packs, about how large their faces are, and how often a batch is of each."""

SHOWN = 8

SETTINGS = EditSettings(stages=(Stage(128, 32, 0.55), Stage(256, 8, 1.0)), discriminator_from=0.6)
"""The first stage trains the coarse network alone, the second both."""

WEIGHTS = LossWeights(unchanged=0, alpha=0, alpha_smooth=0, flow_smooth=0, paint=0)
"""Only the hole is painted: there is nothing to keep shut or smooth."""

WINDOW = 0.6
"""A mask's width, about."""


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    return trainer(hole_pairs(), folder).train(minutes)


def hole_pairs() -> HolePairs:
    """Return the pairs to train on. Raises FileNotFoundError where the prior is not there."""
    device = pick_device()
    packs = {pack: _faces(pack, size, device) for pack, (size, _) in PACKS.items()}
    _, held_out = packs["celeba"]
    sources = [(packs[pack][0], share) for pack, (_, share) in PACKS.items()]
    return HolePairs(sources, HoleFaces(held_out.pixels[:SHOWN]), shipped_prior(SHIPPED.parent).to(device))


def _faces(pack: str, size: int, device: torch.device) -> tuple[HoleFaces, HoleFaces]:
    """Return the faces to train on and those to measure on."""
    crops = load_crops(pack, size)
    pixels = hole_faces(crops, load_overlays(pack, size), device).pixels
    splits = [[wanted(row) for row in crops.rows] for wanted in (is_training, is_validation)]
    training, held_out = (HoleFaces(pixels[torch.tensor(split)]) for split in splits)
    return training, held_out


def trainer(pairs: HolePairs, folder: Path, settings: EditSettings = SETTINGS) -> EditTrainer:
    """Return the filler's training, going on from its checkpoint or from what is shipped."""
    device = pick_device()
    net = FaceFiller()
    if SHIPPED.exists():
        load_shipped(ServedFaceFiller(net), SHIPPED)
    losses = EditLosses(WEIGHTS, placed(Lite0(), device), looked_at=8, window=WINDOW)
    return EditTrainer(net, pairs, losses, folder, PatchDiscriminator(), settings)
