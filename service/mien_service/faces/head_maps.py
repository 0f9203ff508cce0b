"""What of a head lies where, by the network `head_segmenter`: the whole head, bare skin with the neck, and hair.

The network sees a square that lies as the aligned one does but is larger: that one often cuts hair and neck.
"""

from dataclasses import dataclass

import numpy as np

from mien_service.faces.align import CROP_SIZE, Affine, cut
from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage
from mien_service.faces.networks import RunNetwork

NETWORK = "head_segmenter"

SIDE = 256
"""Of the head's square, in pixels."""

ROOM = 1.6
"""Side of the head's square over that of the aligned square."""

MAPS = ("head", "skin", "hair")
"""What the network answers with, in order."""


@dataclass(frozen=True, eq=False)
class HeadMaps:
    """How surely each pixel of the head's square shows what, each (SIDE, SIDE) in 0..1.

    transform: photo pixels to pixels of the square. head: hair, hat, face, ears, glasses and earrings, without the
    neck; skin: of face and ears, and the neck; hair.
    """

    transform: Affine
    head: Field
    skin: Field
    hair: Field


def head_transform(transform: Affine) -> Affine:
    """Return the transform to the head's square of SIDE pixels, from that to the aligned one of CROP_SIZE pixels."""
    zoom = SIDE / (CROP_SIZE * ROOM)
    wider = transform * zoom
    wider[:, 2] += (SIDE - 1) / 2 - zoom * (CROP_SIZE - 1) / 2
    return wider


def head_maps(photo: RgbImage, transform: Affine, run: RunNetwork) -> HeadMaps:
    """Return the maps of the head whose face `transform` takes to the aligned square. Raises what `run` raises.

    Beyond the photo's edge, which is repeated there, they mean nothing.
    """
    wider = head_transform(transform)
    square = cut(photo, wider, SIDE)
    image = np.ascontiguousarray(square.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    return HeadMaps(wider, *run(NETWORK, image=image)["maps"][0])
