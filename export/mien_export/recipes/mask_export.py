"""Write the networks of /unmask to the weights folder.

python -m mien_export export mask_segmenter
python -m mien_export export face_filler
"""

from pathlib import Path

import numpy as np

from mien_export.networks import face_filler
from mien_export.networks.face_filler import FaceFiller, ServedFaceFiller
from mien_export.networks.mask_segmenter import IMAGE_SIZE, MaskSegmenter, ServedMaskSegmenter
from mien_export.onnx import Tensor
from mien_export.recipes.shipping import Shipment, averaged, example_photos, ship

FACE = Tensor("image", (3, IMAGE_SIZE, IMAGE_SIZE), "aligned face, RGB", (0.0, 1.0))
COVER = Tensor("cover", (1, IMAGE_SIZE, IMAGE_SIZE), "how much of each pixel a mask or its strap covers", (0.0, 1.0))

HOLED = Tensor(
    "image",
    (face_filler.CHANNELS, IMAGE_SIZE, IMAGE_SIZE),
    "aligned face whose hole the prior filled, RGB in 0..1; the hole, 0 or 1; 1 if that filling was drawn",
)
FILLING = Tensor("filling", (3, IMAGE_SIZE, IMAGE_SIZE), "what the hole shows, RGB", (0.0, 1.0))

SEGMENTER = Shipment(
    name="mask_segmenter",
    task="/unmask",
    version="1.1.0",
    licence=(
        "Non-commercial research (trained on CelebA, UTKFace, StyleGAN portraits and MaskedFaceSegmentation, with "
        "masks of MaskTheFace; see weights/LICENSE.md)"
    ),
    inputs=(FACE,),
    outputs=(COVER,),
    exact_bound=1e-4,
    packed_bound=0.02,
)


FILLER = Shipment(
    name="face_filler",
    task="/unmask",
    version="1.1.0",
    licence=(
        "Non-commercial research (trained on CelebA, UTKFace and StyleGAN portraits, with masks of MaskTheFace; "
        "see weights/LICENSE.md)"
    ),
    inputs=(HOLED,),
    outputs=(FILLING,),
    exact_bound=1e-4,
    packed_bound=0.02,
)


def export_mask_segmenter(checkpoint: Path, weights: Path) -> None:
    """Write the segmenter's averaged weights into `weights` and its manifest; prints the parity."""
    net = MaskSegmenter()
    net.load_state_dict(averaged(checkpoint))
    ship(ServedMaskSegmenter(net), SEGMENTER, [example_photos(IMAGE_SIZE)], weights)


def export_face_filler(checkpoint: Path, weights: Path) -> None:
    """Write the filler's averaged weights into `weights` and its manifest; prints the parity."""
    net = FaceFiller()
    net.load_state_dict(averaged(checkpoint))
    photos = example_photos(IMAGE_SIZE)
    hole = np.zeros_like(photos[:, :1])
    hole[:, :, IMAGE_SIZE // 2 :] = 1
    drawn = np.zeros_like(hole)
    drawn[1:] = 1
    ship(ServedFaceFiller(net), FILLER, [np.concatenate([photos, hole, drawn], axis=1)], weights)
