"""A small edit, learned in minutes: redder lips and larger eyes. It shows that the training of edits works.

    python -m mien_export train small_edit --minutes 10

Resumes from runs/small_edit/checkpoint.pt where there is one. Writes a contact sheet beside it.
"""

from pathlib import Path

from mien_export.data.crops import Crops, load_crops
from mien_export.data.packs import is_training
from mien_export.data.procedural_pairs import ProceduralPairs
from mien_export.networks.edit_net import EditNet
from mien_export.networks.lite0 import Lite0
from mien_export.networks.patch_discriminator import PatchDiscriminator
from mien_export.networks.u_net import SMALL_WIDTHS
from mien_export.recipes.edit_losses import EditLosses, LossWeights
from mien_export.recipes.edit_step import EditSettings, EditTrainer, Stage
from mien_export.recipes.loop import pick_device, placed

CROP_SIZE = 256
SHOWN = 6

SETTINGS = EditSettings(stages=(Stage(128, 16, 0.8), Stage(256, 4, 1.0)), average_decay=0.99, report_seconds=60)
"""Minutes, not hours: the average is short, and reports are frequent."""

WEIGHTS = LossWeights()


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    crops, shown = portraits()
    return trainer(crops, shown, folder).train(minutes)


def portraits() -> tuple[Crops, Crops]:
    """Return the crops of synthetic portraits to train on, and some held out, to be shown."""
    found = load_crops("stylegan", CROP_SIZE)
    held_out = [i for i, row in enumerate(found.rows) if not is_training(row)]
    return found.at([i for i, row in enumerate(found.rows) if is_training(row)]), found.at(held_out[:SHOWN])


def trainer(crops: Crops, shown: Crops, folder: Path, settings: EditSettings = SETTINGS) -> EditTrainer:
    """Return the training of the small edit, going on from its checkpoint."""
    device = pick_device()
    return EditTrainer(
        EditNet(condition_size=1, widths=SMALL_WIDTHS),
        ProceduralPairs(crops, shown, device),
        EditLosses(WEIGHTS, placed(Lite0(), device), looked_at=4),
        folder,
        PatchDiscriminator(condition_size=1),
        settings,
    )
