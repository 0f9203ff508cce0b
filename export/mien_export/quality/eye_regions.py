"""Eyes and mouth, where an edit of the skin has no business: drawn from the 68 landmarks, the iris by a look at it.

Masks are (height, width) bool; margins are shares of the distance between the eyes.
"""

import cv2
import numpy as np

from mien_export.quality.regions import Mask, eye_distance, hull, shrunk
from mien_service.faces.align import LEFT_EYE, RIGHT_EYE
from mien_service.faces.face import Points, RgbImage

INNER_LIPS = slice(60, 68)

LID = 0.02
"""Taken off along the lids and lips: they are skin, and landmarks are no finer."""

IRIS = 0.06
"""Radius of the part of an iris that is looked at: irises are 11.7 mm wide and eyes 63 mm apart, a radius of .09."""

SPOT = 0.03
"""Sigma of the blur before the darkest place is looked for, so that no lash is taken for a pupil."""


def eye_openings(landmarks: Points, shape: tuple[int, ...]) -> Mask:
    """Return what shows of both eyeballs in a picture of `shape` (height, width, ...); landmarks are (68, 2)."""
    return _inner([landmarks[LEFT_EYE]], landmarks, shape) | _inner([landmarks[RIGHT_EYE]], landmarks, shape)


def mouth_opening(landmarks: Points, shape: tuple[int, ...]) -> Mask:
    """Return what lies between the lips, nothing for a closed mouth; arguments as above."""
    return _inner([landmarks[INNER_LIPS]], landmarks, shape)


def irises(picture: RgbImage, landmarks: Points) -> Mask:
    """Return a disc about the darkest place of each eye's opening, which lies in pupil and iris, inside the opening."""
    unit = eye_distance(landmarks)
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), SPOT * unit)
    found = np.zeros(picture.shape[:2], np.uint8)
    openings = [_inner([landmarks[eye]], landmarks, picture.shape) for eye in (LEFT_EYE, RIGHT_EYE)]
    for opening in openings:
        if opening.any():
            row, column = np.unravel_index(np.argmin(np.where(opening, grey, np.inf)), grey.shape)
            cv2.circle(found, (int(column), int(row)), round(IRIS * unit), 1, cv2.FILLED)
    return found.astype(np.bool_) & np.logical_or(*openings)


def _inner(parts: list[Points], landmarks: Points, shape: tuple[int, ...]) -> Mask:
    return shrunk(hull(parts, shape, 0.0), LID * eye_distance(landmarks))
