"""Soft regions of an aligned face, drawn from its landmarks: where an edit may act.

Each function takes (68, 2) landmarks in pixels of the 256 px aligned square and returns (256, 256) float32
in 0..1. The indices are those of the iBUG 68-point scheme.
"""

from collections.abc import Callable

import cv2
import numpy as np

from mien_service.faces.align import CROP_SIZE
from mien_service.faces.edit import Field
from mien_service.faces.face import Points

JAW = slice(0, 17)
BROWS = slice(17, 27)
NOSE_BASE = slice(31, 36)
EYES = slice(36, 48)
LIPS = slice(48, 68)


def face_oval(landmarks: Points) -> Field:
    """The face from chin to hairline: the jaw line, and the brows raised by half a face height."""
    raised = landmarks[BROWS] + 0.55 * (landmarks[27] - landmarks[33])
    return _soft_hull(np.concatenate([landmarks[JAW], raised]), grow=1, feather=5)


def lower_face_and_eyes(landmarks: Points) -> Field:
    """Where a smile shows: cheeks, mouth and chin within the jaw line, and the eyes without the brows."""
    cheeks = np.concatenate([landmarks[1:16], landmarks[29:30], landmarks[39:40], landmarks[42:43]])
    return np.maximum(_soft_hull(cheeks, grow=1, feather=5), _soft_hull(landmarks[EYES], grow=5, feather=4))


def upper_lip(landmarks: Points) -> Field:
    """Where a mustache grows: from the nose base to the lower lip, a little past the mouth's corners."""
    return _soft_hull(np.concatenate([landmarks[NOSE_BASE], landmarks[LIPS]]), grow=7, feather=5)


def beard_area(landmarks: Points) -> Field:
    """Where a beard grows: from the nose base down, within and a little below the jaw line."""
    return _soft_hull(np.concatenate([landmarks[2:15], landmarks[NOSE_BASE]]), grow=8, feather=8)


def eyes_and_brows(landmarks: Points) -> Field:
    """Both eyes with their brows and lower lids."""
    below = landmarks[EYES] + 0.35 * (landmarks[33] - landmarks[27]) * np.array([0.0, 1.0])
    return _soft_hull(np.concatenate([landmarks[BROWS], landmarks[EYES], below]), grow=8, feather=8)


def _soft_hull(points: Points, *, grow: int, feather: int) -> Field:
    """Return the convex hull of `points`, grown and then blurred, by pixels of the square."""
    mask = np.zeros((CROP_SIZE, CROP_SIZE), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points).astype(np.int32)), 255, lineType=cv2.LINE_AA)
    side = 2 * grow + 1
    grown = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return np.asarray(cv2.GaussianBlur(grown, (0, 0), feather), np.float32) / np.float32(255)


REGIONS: dict[str, Callable[[Points], Field]] = {
    "face": face_oval,
    "smile": lower_face_and_eyes,
    "upper_lip": upper_lip,
    "beard": beard_area,
    "eyes": eyes_and_brows,
}
"""Regions by the name that attribute tables use."""
