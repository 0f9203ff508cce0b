"""Train the network of /toonify: photos to toons in all learned styles, by pairs.

    python -m mien_export train toon_net --minutes 60

Resumes from runs/toon_net/checkpoint.pt where there is one, else goes on from the shipped weights. Writes a contact
sheet of people who are held out beside it.
"""

from pathlib import Path

from mien_export.data.toon_batches import SHOWN_FACES, ToonBatches
from mien_export.data.toon_pairs import load_cel, load_sketch
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

# Two fifths of the time on parts of squares, many at a time: where a line runs is told by what is close to it.
SETTINGS = EditSettings(stages=(Stage(128, 16, 0.4), Stage(256, 5, 1.0)), discriminator_from=0.2)

WEIGHTS = LossWeights(changed=1.0, unchanged=0.0, alpha=0.0, alpha_smooth=0.0, perceptual=1.2, adversarial=0.06)
"""All of the square is redrawn: there is no outside. Lines are told by the photo, strokes by the discriminator."""


def network() -> EditNet:
    """Return the network, untrained. It moves pixels and adds to them; nothing is gated."""
    return EditNet(condition_size=len(LEARNED), widths=SMALL_WIDTHS, gated=False)


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    pairs = {"cel": load_cel(), "sketch": load_sketch()}
    sources = {style: pairs[style].split(held_out=False) for style in LEARNED}
    shown = pairs["cel"].split(held_out=True).first(SHOWN_FACES)
    return trainer(ToonBatches(sources, shown, pick_device()), folder).train(minutes)


def trainer(pairs: PairSource, folder: Path, settings: EditSettings = SETTINGS) -> EditTrainer:
    """Return the training, going on from its checkpoint or from what is shipped."""
    losses = EditLosses(WEIGHTS, placed(Lite0(), pick_device()), looked_at=6)
    critic = PatchDiscriminator(condition_size=len(LEARNED))
    net = network()
    if SHIPPED.exists():
        load_shipped(ServedToonNet(net), SHIPPED)
    return EditTrainer(net, pairs, losses, folder, critic, settings)
