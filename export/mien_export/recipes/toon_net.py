"""Train the network of /toonify: photos to toons in all learned styles, by pairs.

    python -m mien_export train toon_net --minutes 60

Resumes from runs/toon_net/checkpoint.pt where there is one, else goes on from the shipped weights. Writes a contact
sheet of people who are held out beside it.
"""

from pathlib import Path

from mien_export.data.toon_batches import SHOWN_FACES, Source, ToonBatches
from mien_export.data.toon_pairs import load_cel, load_drawn
from mien_export.networks.edit_net import EditNet
from mien_export.networks.lite0 import Lite0
from mien_export.networks.patch_discriminator import PatchDiscriminator
from mien_export.networks.toon_net import ServedToonNet
from mien_export.networks.u_net import SMALL_WIDTHS
from mien_export.recipes.edit_losses import EditLosses, LossWeights
from mien_export.recipes.edit_step import EditSettings, EditTrainer, PairSource, Stage
from mien_export.recipes.loop import load_shipped, pick_device, placed
from mien_service.tasks.toon_styles import LEARNED

SHIPPED = Path("weights/toon_net.onnx")

TINTED = frozenset({"cel"})
"""Styles in which a tint of the photo is one of the toon."""

SETTINGS = EditSettings(stages=(Stage(128, 16, 0.4), Stage(256, 5, 1.0)), discriminator_from=0.2)

WEIGHTS = LossWeights(changed=0.6, unchanged=0.0, alpha=0.0, alpha_smooth=0.0, perceptual=1.5, adversarial=0.12)
"""All of the square is redrawn: there is no outside. Where a line runs nobody knows, and the absolute difference alone
would draw none."""


def network() -> EditNet:
    """Return the network, untrained. It moves pixels and adds to them; nothing is gated."""
    return EditNet(condition_size=len(LEARNED), widths=SMALL_WIDTHS, gated=False)


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    cel = load_cel()
    found = {"cel": cel, "sketch": load_drawn("sketch")}
    sources = {style: Source(found[style].split(held_out=False), style in TINTED) for style in LEARNED}
    shown = cel.split(held_out=True).first(SHOWN_FACES)
    return trainer(ToonBatches(sources, shown, pick_device()), folder).train(minutes)


def trainer(pairs: PairSource, folder: Path, settings: EditSettings = SETTINGS) -> EditTrainer:
    """Return the training, going on from its checkpoint or from what is shipped."""
    losses = EditLosses(WEIGHTS, placed(Lite0(), pick_device()), looked_at=6)
    critic = PatchDiscriminator(condition_size=len(LEARNED))
    net = network()
    if SHIPPED.exists():
        load_shipped(ServedToonNet(net), SHIPPED)
    return EditTrainer(net, pairs, losses, folder, critic, settings)
