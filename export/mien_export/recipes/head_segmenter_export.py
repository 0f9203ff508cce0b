"""Write the head segmenter to the weights folder.

python -m mien_export export head_segmenter
"""

from pathlib import Path

from mien_export.networks.head_segmenter import HeadSegmenter, ServedHeadSegmenter
from mien_export.onnx import Tensor
from mien_export.recipes.shipping import Shipment, averaged, example_photos, ship
from mien_service.faces.head_maps import MAPS, NETWORK, SIDE

SHIPMENT = Shipment(
    name=NETWORK,
    task="/toonify",
    version="1.0.0",
    licence=(
        "Non-commercial research (trained on CelebA, UTKFace and StyleGAN portraits as BiSeNet sees them, which "
        "learned from CelebAMask-HQ; see weights/LICENSE.md)"
    ),
    inputs=(Tensor("image", (3, SIDE, SIDE), "the square around a head, RGB", (0.0, 1.0)),),
    outputs=(Tensor("maps", (len(MAPS), SIDE, SIDE), f"how surely each pixel shows {', '.join(MAPS)}", (0.0, 1.0)),),
    exact_bound=1e-4,
    packed_bound=0.02,
)


def export_head_segmenter(checkpoint: Path, weights: Path) -> None:
    """Write the averaged weights into `weights` and its manifest; prints the parity."""
    net = HeadSegmenter()
    net.load_state_dict(averaged(checkpoint))
    ship(ServedHeadSegmenter(net), SHIPMENT, [example_photos(SIDE)], weights)
