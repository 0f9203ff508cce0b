"""Train the face VAE on CelebA and synthetic portraits: about two hours on two CPU cores.

    python -m mien_export train face_vae --minutes 120

Resumes from runs/face_vae/checkpoint.pt where there is one. Writes a contact sheet beside it.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from mien_export.data.augment import jittered_squares, varied_colours
from mien_export.data.crops import MARGIN, Crops, load_crops
from mien_export.data.packs import is_held_out
from mien_export.networks.face_vae import IMAGE_SIZE, FaceVae
from mien_export.networks.lite0 import Lite0, perceptual_distance
from mien_export.recipes.loop import autocast, pick_device, placed
from mien_export.recipes.supervised import Recipe, Schedule, Terms, train_supervised

BATCH = 32
SCHEDULE = Schedule(learning_rate=3e-3, warm_up_steps=300, report_seconds=240)

PIXEL_WEIGHT = 1.0
PERCEPTUAL_WEIGHT = 0.35
"""Lite0 distance beside the pixel term: enough for teeth and eyelids to be drawn rather than averaged."""

PERCEPTUAL_IMAGES = BATCH // 2
"""Images of a batch that the perceptual term looks at: Lite0 costs as much as the VAE itself."""

KL_WEIGHT = 4e-6
"""Per latent number and image. Small: edits need a smooth latent space, not samples from the prior."""

FACE_WEIGHT = 8.0
"""Weight of a pixel in the middle of the face, over one at the rim: edits happen in the face. With 2 the first 2,600
steps went into hair and background, and smiles were not drawn yet."""

CALIBRATION_BATCHES = 24
"""Batches that the averaged model's normalisation statistics are measured on, at each checkpoint."""


def training_crops() -> torch.Tensor:
    """Return all training crops, (n, side, side, 3) uint8; validation and reserved people are not among them."""
    celeba = load_crops("celeba", IMAGE_SIZE).where(split="train")
    stylegan = load_crops("stylegan", IMAGE_SIZE)
    synthetic = [i for i, row in enumerate(stylegan.rows) if not is_held_out(row["file"])]
    return torch.from_numpy(np.concatenate([celeba.pixels, stylegan.pixels[synthetic]]))


def validation_crops() -> Crops:
    """Return the crops of CelebA's validation identities."""
    return load_crops("celeba", IMAGE_SIZE).where(split="validation")


def face_weights(device: torch.device) -> torch.Tensor:
    """Return (1, 1, 128, 128) pixel weights of mean 1, highest over eyes, nose and mouth."""
    axis = torch.linspace(-1, 1, IMAGE_SIZE, device=device)
    distance = (axis[None, :] / 0.32) ** 2 + ((axis[:, None] - 0.12) / 0.38) ** 2
    weights = 1 + (FACE_WEIGHT - 1) * torch.exp(-0.5 * distance)
    return (weights / weights.mean())[None, None]


def losses(model: FaceVae, lite0: Lite0, images: torch.Tensor, weights: torch.Tensor) -> Terms:
    """Return the weighted loss terms of one batch of images (n, 3, 128, 128) in 0..1."""
    with autocast(images.device):
        decoded, mean, log_variance = model(images)
        with torch.no_grad():
            wanted = lite0.features(images[:PERCEPTUAL_IMAGES])
        got = lite0.features(decoded[:PERCEPTUAL_IMAGES])
    mean, log_variance = mean.float(), log_variance.float()
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1).mean()
    return {
        "pixel": PIXEL_WEIGHT * ((decoded.float() - images).abs() * weights).mean(),
        "perceptual": PERCEPTUAL_WEIGHT * perceptual_distance(got, wanted, weights).mean(),
        "kl": KL_WEIGHT * kl,
    }


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    device = pick_device()
    crops = training_crops().to(device)
    shown = torch.from_numpy(validation_crops().pixels[:16]).to(device)
    model = placed(FaceVae(), device)
    lite0 = placed(Lite0(), device)
    weights = face_weights(device)

    def terms() -> Terms:
        chosen = torch.randint(len(crops), (BATCH,), device=device)
        images = varied_colours(jittered_squares(crops[chosen], IMAGE_SIZE, MARGIN))
        return losses(model, lite0, images.contiguous(memory_format=torch.channels_last), weights)

    recipe = Recipe(terms, lambda: calibration_batches(crops), lambda average, file: write_sheet(average, shown, file))
    return train_supervised(model, recipe, minutes, folder, SCHEDULE)


def calibration_batches(crops: torch.Tensor) -> Iterator[torch.Tensor]:
    """Yield batches of plain squares for the averaged model's normalisation statistics, the same each time."""
    chosen = torch.randperm(len(crops), generator=torch.Generator().manual_seed(0)).to(crops.device)
    for part in chosen.split(BATCH)[:CALIBRATION_BATCHES]:
        yield jittered_squares(crops[part], IMAGE_SIZE, MARGIN, jitter=False)


@torch.no_grad()
def write_sheet(model: torch.nn.Module, crops: torch.Tensor, file: Path) -> None:
    """Write faces above their reconstructions (from the latent mean) as one PNG."""
    images = jittered_squares(crops, IMAGE_SIZE, MARGIN, jitter=False)
    assert isinstance(model, FaceVae)
    decoded = model.decoder(model.encoder(images)[0]).clamp(0, 1)
    rows = [torch.cat(list(part), dim=2) for part in (images[:8], decoded[:8], images[8:], decoded[8:])]
    picture = (torch.cat(rows, dim=1).permute(1, 2, 0).cpu().numpy() * 255).round().astype(np.uint8)
    cv2.imwrite(str(file), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
