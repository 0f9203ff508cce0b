"""Train the seed project's way of taking off masks, a baseline of the filler: for as long as that was trained.

    python -m mien_export train repainter --minutes 95

Resumes from runs/repainter/checkpoint.pt where there is one. It is measured by `evaluate face_filler`, and not shipped.
"""

from pathlib import Path

from mien_export.data.hole_pairs import HolePairs
from mien_export.networks.repainter import IMAGE_SIZE, Repainter
from mien_export.recipes.edit_losses import EditLosses, LossWeights
from mien_export.recipes.edit_step import EditSettings, EditTrainer, Stage
from mien_export.recipes.face_filler import hole_pairs

SETTINGS = EditSettings(stages=(Stage(IMAGE_SIZE, 16, 1.0),))

WEIGHTS = LossWeights(unchanged=1, perceptual=0, adversarial=0, alpha=0, alpha_smooth=0, flow_smooth=0, paint=0)
"""The whole face counts, by its pixels alone."""


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    return trainer(hole_pairs(), folder).train(minutes)


def trainer(pairs: HolePairs, folder: Path, settings: EditSettings = SETTINGS) -> EditTrainer:
    """Return the training, going on from its checkpoint."""
    return EditTrainer(Repainter(), pairs, EditLosses(WEIGHTS), folder, settings=settings)
