"""Where a mask covers an aligned face, by the network `mask_segmenter`."""

import numpy as np

from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage
from mien_service.faces.networks import RunNetwork

NETWORK = "mask_segmenter"

COVERED = 0.5
"""A pixel counts as covered from this on."""

LEAST_SHARE = 0.02
"""A mask covers at least this share of the aligned square: a third of the smallest, worn on the chin."""


def mask_cover(crop: RgbImage, run: RunNetwork) -> Field:
    """Return how much of each pixel of an aligned face (256, 256, 3) a mask or its strap covers, (256, 256) in 0..1."""
    image = np.ascontiguousarray(crop.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    return run(NETWORK, image=image)["cover"][0, 0]


def has_mask(cover: Field) -> bool:
    """Return whether `cover` is a mask's."""
    return float((cover > COVERED).mean()) >= LEAST_SHARE
