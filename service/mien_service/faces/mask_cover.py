"""Where a mask covers an aligned face, by the network `mask_segmenter`."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.align import LEFT_EYE, RIGHT_EYE, Marked
from mien_service.faces.edit import Field
from mien_service.faces.face import Points, RgbImage
from mien_service.faces.networks import RunNetwork

NETWORK = "mask_segmenter"

COVERED = 0.5
"""A pixel counts as covered from this on."""

TOUCHED = 0.25
"""Beside covered pixels one is filled from this on: rather too much of a face is invented than a strap left."""

SURE, LEAST_SHARE = 0.8, 0.025
"""A mask covers at least this share of the aligned square this surely (chosen on held-out faces, see the card)."""

SPECK = 0.01
"""A part of less than this share of the largest one's area is no part of the mask."""

GROWN = 0.03
"""How far a hole reaches past the mask, as a share of the square's side: over its soft rim and its closest shadow."""

STRAP, STRAP_GROWN = 0.015, 0.012
"""Half the width up to which a part is a strap, and how far the hole reaches past it: hair lies beside it."""

LID = 0.012
"""How far a lid reaches past the eye's landmarks, as a share of the square's side."""


def mask_cover(crop: RgbImage, run: RunNetwork) -> Field:
    """Return how much of each pixel of an aligned face (256, 256, 3) a mask or its strap covers, (256, 256) in 0..1."""
    image = np.ascontiguousarray(crop.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    return run(NETWORK, image=image)["cover"][0, 0]


def has_mask(cover: Field) -> bool:
    """Return whether `cover` is a mask's."""
    return float((cover > SURE).mean()) >= LEAST_SHARE


def hole_under(cover: Field, landmarks: Points | None = None) -> Field:
    """Return (256, 256), 1 where the face is to be filled under a mask's `cover`: whole, without specks beside it.

    The hole reaches a little past the mask, but not over the eyes of `landmarks`, (68, 2) in pixels of the square: a
    mask often ends right below them.
    """
    _, parts, measures, _ = cv2.connectedComponentsWithStats((cover > TOUCHED).astype(np.uint8))
    areas = measures[:, cv2.CC_STAT_AREA]
    covered = [part for part in np.unique(parts[cover > COVERED]) if areas[part] >= SPECK * areas[1:].max()]
    outlines, _ = cv2.findContours(np.isin(parts, covered).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = cv2.drawContours(np.zeros(cover.shape, np.uint8), outlines, -1, 1, cv2.FILLED)
    cloth = cv2.morphologyEx(whole, cv2.MORPH_OPEN, _disc(STRAP * len(whole)))
    straps = cv2.dilate(whole, _disc(STRAP_GROWN * len(whole)))
    hole = np.maximum(grown(np.asarray(cloth, np.uint8)), straps.astype(np.float32))
    if landmarks is None:
        return hole
    return np.where(_eyes(landmarks, cover.shape) & (whole == 0), np.float32(0), hole)


def marked_on(marked: Marked, landmarks: Points) -> Marked:
    """Return the connected parts of what is marked in the square that lie on the face: others are a neighbour's."""
    face = np.zeros(marked.shape, np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(np.rint(landmarks).astype(np.int32)), 255)
    count, parts = cv2.connectedComponents(marked)
    own = [part for part in range(1, count) if face[parts == part].any()]
    return np.where(np.isin(parts, own), np.uint8(255), np.uint8(0))


def grown(marked: NDArray[np.uint8]) -> Field:
    """Return (256, 256), 1 where what is marked reaches when it is grown by GROWN: paint fades at its edge, inwards."""
    return np.asarray(cv2.dilate((marked > 0).astype(np.uint8), _disc(GROWN * len(marked))), np.float32)


def _eyes(landmarks: Points, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return where the eyes and their lids are."""
    drawn = np.zeros(shape, np.uint8)
    for eye in (LEFT_EYE, RIGHT_EYE):
        cv2.fillConvexPoly(drawn, cv2.convexHull(np.rint(landmarks[eye]).astype(np.int32)), 1)
    return cv2.dilate(drawn, _disc(LID * len(drawn))) > 0


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * round(radius) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
