"""Train the refiner of turned heads: an hour and a quarter on two CPU cores.

    python -m mien_export train head_refiner --minutes 75

Resumes from runs/head_refiner/checkpoint.pt where there is one, else goes on from the shipped weights. The first run
makes its pairs (20 minutes). Writes a contact sheet of people who are held out beside the checkpoint.
"""

from pathlib import Path

from mien_export.data.turned_batches import TurnedPairs
from mien_export.networks.descriptor import FaceDescriptor
from mien_export.networks.head_refiner import HeadRefiner, ServedHeadRefiner
from mien_export.networks.lite0 import Lite0
from mien_export.networks.patch_discriminator import PatchDiscriminator
from mien_export.recipes.edit_losses import EditLosses, LossWeights
from mien_export.recipes.edit_step import EditSettings, EditTrainer, Stage
from mien_export.recipes.loop import load_shipped, pick_device, placed
from mien_service.faces.refining import SIDE

SHIPPED = Path("weights/head_refiner.onnx")
"""Where training goes on from, if it is there."""

SHOWN = 4
"""People of each kind in the contact sheet."""

SETTINGS = EditSettings(
    stages=(Stage(96, 20, 0.25), Stage(128, 16, 0.75), Stage(SIDE, 12, 1.0)),
    discriminator_from=0.12,
    discriminator_rate=1e-3,
)

WEIGHTS = LossWeights(
    bend=0.1,
    unchanged=0.0,
    perceptual=0.5,
    adversarial=0.1,
    identity=0.1,
    alpha=0.0,
    alpha_smooth=0.001,
    flow_smooth=0.02,
    residual=0.1,
    paint=0.006,
)
"""The whole square counts, nothing is to be kept shut. Paint is never as sharp as the photo, but smears under a tint
are: a large residual costs more."""

CRITIC_WIDTHS = (48, 96, 192)
"""Of the discriminator: it looks at hair and background as well as at a face."""

CENTRED_ON = 256
"""Truths that the descriptor is centred on."""


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    return trainer(TurnedPairs.load(SHOWN, pick_device()), folder).train(minutes)


def trainer(pairs: TurnedPairs, folder: Path, settings: EditSettings = SETTINGS) -> EditTrainer:
    """Return the refiner's training, going on from its checkpoint or from what is shipped."""
    device = pick_device()
    net = HeadRefiner()
    if SHIPPED.exists():
        load_shipped(ServedHeadRefiner(net), SHIPPED)
    descriptor = placed(FaceDescriptor(), device)
    descriptor.centre_on(pairs.batch(CENTRED_ON, SIDE).real.split(16))
    losses = EditLosses(WEIGHTS, placed(Lite0(), device), descriptor, looked_at=8)
    return EditTrainer(net, pairs, losses, folder, PatchDiscriminator(widths=CRITIC_WIDTHS), settings)
