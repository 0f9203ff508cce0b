"""What a face's expression is: the part of an aligned face that the network is shown, and what it says.

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

VIEW = slice(60, 220), slice(48, 208)
"""Rows and columns of the aligned square of 256 pixels that the network is shown: 93 % of where FER2013 would cut."""


def expression_input(crop: RgbImage) -> NDArray[np.float32]:
    """Return what the network is shown of an aligned face (256, 256, 3): (1, 44, 44), grey in 0..1."""
    grey = cv2.cvtColor(crop[VIEW], cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (INPUT_SIDE, INPUT_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)[None] / np.float32(255)


def read_expression(crop: RgbImage, run: RunNetwork) -> NDArray[np.float32]:
    """Return the probability (7,) of each of EXPRESSIONS on an aligned face (256, 256, 3).

    The face and its mirror image are read, and their mean returned: left and right are all one.
    """
    face = expression_input(crop)
    both = np.stack([face, face[:, :, ::-1]])
    return np.asarray(run(NETWORK, image=both)["probabilities"].mean(axis=0), np.float32)
