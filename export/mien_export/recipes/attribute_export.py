"""Write a network of attribute edits to the weights folder.

python -m mien_export export smile_editor
"""

from pathlib import Path

import numpy as np

from mien_export.recipes.attribute_editor import network
from mien_export.recipes.edit_export import edit_inputs, edit_outputs
from mien_export.recipes.shipping import Shipment, averaged, example_photos, ship
from mien_service.tasks.attribute_editor import EDITORS, REACH, SIDE

VERSIONS = {"masculine_editor": "1.0.1", "age_editor": "1.0.1", "beard_editor": "1.0.1", "smile_editor": "1.1.1"}
"""Of the networks."""


def export_attribute_editor(name: str, checkpoint: Path, weights: Path) -> None:
    """Write the averaged weights of one of EDITORS into `weights` and its manifest; prints the parity."""
    net = network(name)
    net.load_state_dict(averaged(checkpoint))
    strengths = ", ".join(attribute.value for attribute in EDITORS[name])
    shipment = Shipment(
        name=name,
        task="/edit-attribute",
        version=VERSIONS[name],
        licence=(
            "Non-commercial research (trained on people of MobileStyleGAN, which learned from FFHQ, chosen by a judge "
            "that learned from CelebA; see weights/LICENSE.md)"
        ),
        inputs=tuple(edit_inputs(net, SIDE, f"{strengths} in {-REACH:g}..{REACH:g}, then four style numbers")),
        outputs=tuple(edit_outputs(net, SIDE)),
        exact_bound=1e-3,
        packed_bound=0.1,
        in_bytes=True,
    )
    photos = example_photos(SIDE)
    conditions = np.random.default_rng(0).normal(size=(len(photos), net.condition_size)).astype(np.float32)
    ship(net, shipment, [photos, conditions], weights)
