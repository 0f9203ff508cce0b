"""Train the networks of attribute edits on pairs made by the generator: an hour each on two CPU cores.

    make pairs
    python -m mien_export train smile_editor --minutes 60

Resumes from runs/NAME/checkpoint.pt where there is one, else goes on from the shipped weights. Writes a
contact sheet of people who are held out beside the checkpoint.
"""

from collections.abc import Sequence
from pathlib import Path

from mien_export.data.attribute_batches import AttributePairs, pairs_of
from mien_export.data.attribute_pairs import PairTable, load_pairs
from mien_export.networks.edit_net import EditNet
from mien_export.networks.lite0 import Lite0
from mien_export.networks.patch_discriminator import PatchDiscriminator
from mien_export.recipes.edit_losses import EditLosses, LossWeights
from mien_export.recipes.edit_step import EditSettings, EditTrainer, Stage
from mien_export.recipes.loop import pick_device, placed
from mien_export.teachers.attribute_edits import STYLES
from mien_service.tasks.attribute_editor import EDITORS, SIDE
from mien_service.tasks.attributes import Attribute

WEIGHTS_FOLDER = Path("weights")
"""Where training goes on from, if it was shipped."""

SHOWN = 12

SETTINGS = EditSettings(
    stages=(Stage(64, 64, 0.25), Stage(SIDE, 24, 0.7), Stage(SIDE, 16, 1.0, finer=2)),
    confined=True,
    discriminator_from=0.3,
)

WINDOW = 0.7
"""Share of the side that Lite0 and the discriminator see: no region is larger."""

WEIGHTS = LossWeights(bend=0.1, unchanged=0.0, alpha=0.0, alpha_smooth=0.002, paint=0.0005)
"""The service confines the edit to the region, and so does training: outside there is nothing to press down. Alpha is
not learned: however lightly pressed, it shut within minutes, before there was a residual to keep it open."""


def network(name: str) -> EditNet:
    """Return one of EDITORS, untrained."""
    return EditNet(condition_size=len(EDITORS[name]) + len(STYLES), paint=True, gated=False)


def train(name: str, minutes: float, folder: Path) -> Path:
    """Train one of EDITORS for `minutes` (all sessions together) and return the checkpoint's path."""
    table, pictures = load_pairs()
    edited = EDITORS[name]
    pairs = AttributePairs(table, pictures, edited, shown_pairs(table, edited), pick_device())
    return trainer(name, pairs, folder).train(minutes)


def shown_pairs(table: PairTable, edited: Sequence[Attribute]) -> list[int]:
    """Return pairs of people who are held out, each kind of edit in turn."""
    held_out = [pair for pair in pairs_of(table, edited) if table.is_held_out(pair)]
    kinds = [tuple((table.strengths[i] > 0).tolist() + (table.strengths[i] < 0).tolist()) for i in held_out]
    turns = [kinds[:i].count(kind) for i, kind in enumerate(kinds)]
    return [held_out[i] for i in sorted(range(len(held_out)), key=lambda i: turns[i])][:SHOWN]


def trainer(name: str, pairs: AttributePairs, folder: Path, settings: EditSettings = SETTINGS) -> EditTrainer:
    """Return the training of one of EDITORS, going on from its checkpoint or from what is shipped."""
    device = pick_device()
    net, shipped = network(name), WEIGHTS_FOLDER / f"{name}.onnx"
    losses = EditLosses(WEIGHTS, placed(Lite0(), device), looked_at=8, window=WINDOW)
    critic = PatchDiscriminator(condition_size=net.condition_size)
    return EditTrainer(net, pairs, losses, folder, critic, settings, shipped if shipped.exists() else None)
