"""Write the refiner of turned heads to the weights folder.

python -m mien_export export head_refiner
"""

from pathlib import Path

import numpy as np

from mien_export.networks.edit_net import REACH, REACH_SIDE
from mien_export.networks.head_refiner import HeadRefiner, ServedHeadRefiner
from mien_export.onnx import Tensor
from mien_export.recipes.shipping import Shipment, averaged, example_photos, ship
from mien_service.faces.refining import CHANNELS, NETWORK, SIDE

SEES = "turned head RGB, its other half RGB, how well each was seen, what turns with the head"

SHIPMENT = Shipment(
    name=NETWORK,
    task="/frontalize",
    version="1.0.0",
    licence=(
        "Non-commercial research (trained on CelebA, StyleGAN portraits and people of MobileStyleGAN, which learned "
        "from FFHQ; see weights/LICENSE.md)"
    ),
    inputs=(Tensor("image", (CHANNELS, SIDE, SIDE), SEES, (0.0, 1.0)),),
    outputs=(
        Tensor(
            "flow",
            (2, SIDE, SIDE),
            "x, y in pixels of the square: where to fetch a pixel of the turned head",
            (-REACH * SIDE / REACH_SIDE, REACH * SIDE / REACH_SIDE),
        ),
        Tensor("residual", (3, SIDE, SIDE), "RGB to add, 1 is 255 grey levels", (-1.0, 1.0)),
        Tensor("mix", (1, SIDE, SIDE), "how much of the other half is laid over the head", (0.0, 1.0)),
        Tensor("paint", (4, SIDE, SIDE), "RGB to lay over the rest, and its matte", (0.0, 1.0)),
    ),
    exact_bound=1e-3,
    packed_bound=0.05,
)


def export_head_refiner(checkpoint: Path, weights: Path) -> None:
    """Write the averaged weights into `weights` and its manifest; prints the parity."""
    net = HeadRefiner()
    net.load_state_dict(averaged(checkpoint))
    photos = example_photos(SIDE)
    maps = np.ones_like(photos)
    maps[:, 0, :, : SIDE // 2] = 0
    ship(ServedHeadRefiner(net), SHIPMENT, [np.concatenate([photos, photos[..., ::-1], maps], axis=1)], weights)
