"""Train the addiction preview's student: a small EditNet that has learned what the layers draw, over a little ageing.

    python -m mien_export train preview_student --minutes 30

Resumes from runs/preview_student/checkpoint.pt where there is one. Writes a contact sheet of people who are held out
beside it. It is shown beside the layers by `evaluate addiction_preview` and `evaluate addiction_blind`; it is served
only once it wins there (decision 14).
"""

from pathlib import Path

from mien_export.data.signed_faces import CONDITION_SIZE, SIDE, SignedPairs, load_signed_faces
from mien_export.networks.edit_net import EditNet
from mien_export.networks.lite0 import Lite0
from mien_export.networks.patch_discriminator import HighPassDiscriminator
from mien_export.networks.u_net import SMALL_WIDTHS
from mien_export.recipes.edit_losses import EditLosses, LossWeights
from mien_export.recipes.edit_step import EditSettings, EditTrainer, PairSource, Stage
from mien_export.recipes.loop import pick_device, placed

SETTINGS = EditSettings(
    stages=(Stage(96, 32, 0.3), Stage(SIDE, 12, 1.0)), confined=True, discriminator_from=0.3, average_decay=0.995
)

WEIGHTS = LossWeights(unchanged=0.0, alpha=0.0, alpha_smooth=0.0)
"""The service would confine the edit to the skin, and so does training: outside there is nothing to press down."""


def network() -> EditNet:
    """Return the student, untrained."""
    return EditNet(condition_size=CONDITION_SIZE, widths=SMALL_WIDTHS, gated=False)


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    return trainer(SignedPairs(load_signed_faces(), pick_device()), folder).train(minutes)


def trainer(pairs: PairSource, folder: Path, settings: EditSettings = SETTINGS) -> EditTrainer:
    """Return the training, going on from its checkpoint."""
    losses = EditLosses(WEIGHTS, placed(Lite0(), pick_device()), looked_at=6)
    return EditTrainer(network(), pairs, losses, folder, HighPassDiscriminator(), settings)
