"""What the face stylizer loses of a photo, given back to its drawing: skin tone, beards, glasses, teeth.

It draws everybody young, pale and shaven. Its strokes are finer than all that, and stay.
"""

import cv2
import numpy as np

from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage

FINE, COARSE = 1.2, 7.0
"""Standard deviations in pixels of the 256-pixel square: what lies between is a face's features, and what is coarser
its tones."""

TONES, FEATURES = 0.4, 0.8
"""How much of the photo's own takes the place of the drawing's."""


def restored(photo: RgbImage, drawing: RgbImage) -> RgbImage:
    """Return a drawing (256, 256, 3) that lies on its photo, with features and some of the tones of the photo."""
    ours, theirs = _lab(photo), _lab(drawing)
    difference = ours - theirs
    coarse = np.asarray(cv2.GaussianBlur(difference, (0, 0), COARSE), np.float32)
    lightness = np.ascontiguousarray(difference[..., 0])
    made = theirs + np.float32(TONES) * coarse
    made[..., 0] += np.float32(FEATURES) * (cv2.GaussianBlur(lightness, (0, 0), FINE) - coarse[..., 0])
    made[..., 0] = made[..., 0].clip(0, 100)
    levels = np.asarray(cv2.cvtColor(made, cv2.COLOR_Lab2RGB), np.float32)
    return np.rint(levels.clip(0, 1) * 255).astype(np.uint8)


def _lab(picture: RgbImage) -> Field:
    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab), np.float32)
