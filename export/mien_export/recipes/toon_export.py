"""Write the network of /toonify to the weights folder.

python -m mien_export export toon_net
"""

from pathlib import Path

import numpy as np

from mien_export.networks.edit_net import REACH
from mien_export.networks.toon_net import ServedToonNet
from mien_export.onnx import Tensor
from mien_export.recipes.shipping import Shipment, averaged, example_photos, ship
from mien_export.recipes.toon_net import network
from mien_service.tasks.toon_styles import LEARNED

EXAMPLE_SIDE = 256

SHIPMENT = Shipment(
    name="toon_net",
    task="/toonify",
    version="1.1.0",
    licence=(
        "Non-commercial research (trained on StyleGAN portraits, with drawings of MediaPipe's face stylizer; "
        "see weights/LICENSE.md)"
    ),
    inputs=(
        Tensor("image", (3, "height", "width"), "picture, faces as large as in the aligned square, RGB", (0.0, 1.0)),
        Tensor("condition", (len(LEARNED),), f"1 for the style, else 0: {', '.join(LEARNED)}", (0.0, 1.0)),
    ),
    outputs=(
        Tensor("flow", (2, "height", "width"), "x, y in pixels: where to fetch a pixel", (-REACH, REACH)),
        Tensor("change", (3, "height", "width"), "RGB to add then, 1 is 255 grey levels", (-1.0, 1.0)),
    ),
    exact_bound=1e-3,
    packed_bound=0.05,
)


def export_toon_net(checkpoint: Path, weights: Path) -> None:
    """Write the averaged weights into `weights` and its manifest; prints the parity."""
    net = network()
    net.load_state_dict(averaged(checkpoint))
    photos = example_photos(EXAMPLE_SIDE)
    conditions = np.eye(len(LEARNED), dtype=np.float32)[np.arange(len(photos)) % len(LEARNED)]
    ship(ServedToonNet(net), SHIPMENT, [photos, conditions], weights)
