"""Write the mask segmenter to the weights folder.

python -m mien_export export mask_segmenter
"""

from pathlib import Path

from mien_export.networks.mask_segmenter import IMAGE_SIZE, MaskSegmenter, ServedMaskSegmenter
from mien_export.onnx import Tensor
from mien_export.recipes.shipping import Shipment, averaged, example_photos, ship

FACE = Tensor("image", (3, IMAGE_SIZE, IMAGE_SIZE), "aligned face, RGB", (0.0, 1.0))
COVER = Tensor("cover", (1, IMAGE_SIZE, IMAGE_SIZE), "how much of each pixel a mask or its strap covers", (0.0, 1.0))

SEGMENTER = Shipment(
    name="mask_segmenter",
    task="/unmask",
    version="0.1.0",
    licence=(
        "Non-commercial research (trained on CelebA, UTKFace, StyleGAN portraits and MaskedFaceSegmentation, with "
        "masks of MaskTheFace; see weights/LICENSE.md)"
    ),
    inputs=(FACE,),
    outputs=(COVER,),
    exact_bound=1e-4,
    packed_bound=0.02,
)


def export_mask_segmenter(checkpoint: Path, weights: Path) -> None:
    """Write the segmenter's averaged weights into `weights` and its manifest; prints the parity."""
    net = MaskSegmenter()
    net.load_state_dict(averaged(checkpoint))
    ship(ServedMaskSegmenter(net), SEGMENTER, [example_photos(IMAGE_SIZE)], weights)
