"""What a face's expression is: the parts of an aligned face that the network is shown, and what it says.

The network learned from FER2013, whose pictures an old detector cut. MeshNet's landmarks on 1,456 of its training
pictures say where such a picture lies around a face: its side is .67 of the aligned square's (half of them between .63
and .74), and its middle lies lower by .048 of the square's.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.face import RgbImage
from mien_service.faces.networks import RunNetwork

NETWORK = "emotion_net"

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The seven of FER2013, in its order: the order of the network's probabilities."""

INPUT_SIDE = 44

CUT, MIDDLE = 172, (140, 128)
"""Side in pixels, and row and column of the middle, of where FER2013 would cut the aligned square of 256."""

ZOOMS = (0.87, 1.0)
"""Sides of the views that the network is shown, over that: two say more than the one between them."""


def expression_views(crop: RgbImage) -> NDArray[np.float32]:
    """Return what the network is shown of an aligned face (256, 256, 3): views (2, 1, 44, 44), grey in 0..1."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    size = INPUT_SIDE, INPUT_SIDE
    small = [cv2.resize(grey[view_of(zoom)], size, interpolation=cv2.INTER_AREA) for zoom in ZOOMS]
    return np.stack(small).astype(np.float32)[:, None] / np.float32(255)


def view_of(zoom: float) -> tuple[slice, slice]:
    """Return the rows and the columns of a view of the aligned square."""
    reach = round(CUT * zoom / 2)
    row, column = MIDDLE
    return slice(row - reach, row + reach), slice(column - reach, column + reach)


def read_expression(crop: RgbImage, run: RunNetwork) -> NDArray[np.float32]:
    """Return the probability (7,) of each of EXPRESSIONS on an aligned face (256, 256, 3).

    All views of the face and of its mirror image are read, and their mean returned: left and right are all one.
    """
    views = expression_views(crop)
    both = np.concatenate([views, views[..., ::-1]])
    return np.asarray(run(NETWORK, image=both)["probabilities"].mean(axis=0), np.float32)
