"""Fixed regions drawn from the 68 landmarks: where an attribute may change a face, and where it may not.

Masks are (height, width) bool. Margins are shares of the distance between the eyes: they grow with the face.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.align import LEFT_EYE, RIGHT_EYE
from mien_service.faces.face import Box, Points

Mask = NDArray[np.bool_]

JAW = slice(0, 17)
JAW_BELOW_EARS = slice(1, 16)
BROWS = slice(17, 27)
NOSE_BASE = slice(31, 36)
MOUTH = slice(48, 60)

OVAL_MARGIN = 0.12
"""A seam's feather belongs to the edit: 5 pixels on a CelebA photo."""

EYE_MARGIN = 0.2
"""Lids and crow's feet move in a smile."""

MUSTACHE_MARGIN = 0.2
MOUTH_MARGIN = 0.12

FOREHEAD = 0.6
"""How far the oval rises above the brows, as a share of brows to nose base: by the rule of thirds 1 is the
hairline, and the oval stays below it."""

HAIRLINE = 1.0
"""How far the whole face rises above the brows, measured alike."""

BOX_MARGIN = 0.1


def attribute_region(landmarks: Points, shape: tuple[int, ...], attribute: str) -> Mask:
    """Return where an edit of `attribute` may change the picture of `shape` (height, width, ...).

    landmarks are (68, 2) in pixels. smiling: lower face and eyes; mustache: nose base to lower lip; young and
    male: face oval and brows; addiction: all of the face. Raises KeyError for another attribute.
    """
    return {
        "smiling": _smile,
        "mustache": mustache_area,
        "young": face_oval,
        "male": face_oval,
        "addiction": whole_face,
    }[attribute](landmarks, shape)


def face_oval(landmarks: Points, shape: tuple[int, ...]) -> Mask:
    """Return the oval of jaw, brows and most of the forehead."""
    return _oval(landmarks, shape, FOREHEAD)


def whole_face(landmarks: Points, shape: tuple[int, ...]) -> Mask:
    """Return the oval of jaw, brows and the forehead up to the hairline: all skin of the face."""
    return _oval(landmarks, shape, HAIRLINE)


def _oval(landmarks: Points, shape: tuple[int, ...], forehead: float) -> Mask:
    brows = landmarks[BROWS]
    up = brows.mean(axis=0) - landmarks[NOSE_BASE].mean(axis=0)
    return hull([landmarks[JAW], brows + forehead * up], shape, OVAL_MARGIN * eye_distance(landmarks))


def mustache_area(landmarks: Points, shape: tuple[int, ...]) -> Mask:
    """Return nose base to lower lip."""
    margin = MUSTACHE_MARGIN * eye_distance(landmarks)
    return hull([landmarks[NOSE_BASE], landmarks[MOUTH]], shape, margin)


def _smile(landmarks: Points, shape: tuple[int, ...]) -> Mask:
    unit = eye_distance(landmarks)
    area = hull([landmarks[JAW_BELOW_EARS]], shape, OVAL_MARGIN * unit)
    for eye in (LEFT_EYE, RIGHT_EYE):
        area |= hull([landmarks[eye]], shape, EYE_MARGIN * unit)
    return area


def surroundings(landmarks: Points, box: Box, shape: tuple[int, ...], attribute: str) -> Mask:
    """Return hair and background near the face: within 10 % of its box, outside oval and region."""
    near = np.zeros(shape[:2], np.bool_)
    across, down = BOX_MARGIN * box.width, BOX_MARGIN * box.height
    left, top = max(round(box.left - across), 0), max(round(box.top - down), 0)
    near[top : max(round(box.bottom + down), 0), left : max(round(box.right + across), 0)] = True
    return near & ~face_oval(landmarks, shape) & ~attribute_region(landmarks, shape, attribute)


def detail_area(landmarks: Points, shape: tuple[int, ...], attribute: str) -> Mask:
    """Return the attribute's region away from mouth and mustache: skin that an edit should keep as sharp."""
    mouth = hull([landmarks[MOUTH]], shape, MOUTH_MARGIN * eye_distance(landmarks))
    return attribute_region(landmarks, shape, attribute) & ~mouth & ~mustache_area(landmarks, shape)


def eye_distance(landmarks: Points) -> float:
    """Return the distance between the middles of the eyes in pixels."""
    return float(np.hypot(*(landmarks[RIGHT_EYE].mean(axis=0) - landmarks[LEFT_EYE].mean(axis=0))))


def hull(parts: list[Points], shape: tuple[int, ...], margin: float) -> Mask:
    """Return the filled convex hull of all `parts`, grown by `margin` pixels."""
    mask = np.zeros(shape[:2], np.uint8)
    hull = cv2.convexHull(np.concatenate(parts).round().astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 1)
    return np.asarray(cv2.dilate(mask, _disc(margin)), np.bool_)


def shrunk(mask: Mask, margin: float) -> Mask:
    """Return the mask without what lies within `margin` pixels of its edge."""
    return np.asarray(cv2.erode(mask.astype(np.uint8), _disc(margin)), np.bool_)


def _disc(margin: float) -> NDArray[np.uint8]:
    """Return the kernel that grows or shrinks a mask by `margin` pixels."""
    side = 2 * round(margin) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
