"""Train the seed project's way of turning faces, a baseline of the refiner: on the same pairs, for as long.

    python -m mien_export train seed_frontalizer --minutes 75

Resumes from runs/seed_frontalizer/checkpoint.pt where there is one. It is measured by `evaluate frontalize`, and not
shipped.
"""

from pathlib import Path

from mien_export.data.turned_batches import SeedPairs
from mien_export.networks.patch_discriminator import PatchDiscriminator
from mien_export.networks.seed_frontalizer import IMAGE_SIZE, SeedFrontalizer
from mien_export.recipes.edit_losses import EditLosses, LossWeights
from mien_export.recipes.edit_step import EditSettings, EditTrainer, Stage
from mien_export.recipes.head_refiner import SHOWN
from mien_export.recipes.loop import pick_device

SETTINGS = EditSettings(stages=(Stage(IMAGE_SIZE, 16, 1.0),), rate=2e-3)

WEIGHTS = LossWeights(unchanged=0, perceptual=0, adversarial=0.02, alpha=0, alpha_smooth=0, flow_smooth=0, paint=0)
"""Its pixels, and a discriminator of patches."""


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    return trainer(SeedPairs.load(SHOWN, pick_device()), folder).train(minutes)


def trainer(pairs: SeedPairs, folder: Path, settings: EditSettings = SETTINGS) -> EditTrainer:
    """Return the training, going on from its checkpoint."""
    return EditTrainer(SeedFrontalizer(), pairs, EditLosses(WEIGHTS), folder, PatchDiscriminator(), settings)
