"""A head cut out of its photo: how much of each pixel is the head's."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.align import Affine, AlignedFace, apply, invert, scale_of
from mien_service.faces.edit import Field
from mien_service.faces.face import Points, RgbImage
from mien_service.faces.guided import guided
from mien_service.faces.head_maps import SIDE, HeadMaps, head_maps
from mien_service.faces.networks import RunNetwork

EDGE = 0.5
"""A map's edge: parts of the head that hang together from here on are one."""

NOTHING, WHOLE = 0.15, 0.85
"""Up to where, and from where on, a pixel is taken to be not or wholly the head's: single hairs lie between."""

REACH = 0.012
"""How far an edge may lie from the map's, as a share of the square's side: three of its pixels."""

NEAR = 4
"""Pixels of the square up to which a head's map fades out around it: what lies farther away is not its own."""

SMOOTH, TUFT = 1.5, 5
"""Deviation by which a head's map is smoothed, and radius of what is too small to stay of it, in pixels of the square:
what looks like hair around bald heads. Against the face parser of 120 training people neither costs overlap."""

FAINT, TRACE = 0.36, 0.12
"""From where on such a tuft is in the map, and how much of a pixel it keeps: not enough to be seen, but it is no other
head's."""

STEEPER = 5.0
"""How much steeper a map's edge is then made: where the photo has none, as between chin and neck, it is not to be a
haze."""

CRISP = 2.5
"""How steep the edge between chin and neck is in the photo, over that of the map."""

CORNER = 0.03
"""Deviation by which a cut-out is rounded where it ends at the photo's edge, as a share of the square's side."""

ROUNDED_AT, ROUND_LEVEL = 4.0, 0.42
"""That deviation in pixels of the copy on which it is done, and the level of the smoothed cut-out that is its edge."""

MARGIN = 0.015
"""Room around the head, as a share of the square's side."""

FACE_SHARE = 0.9
"""The landmarks' hull, made so much smaller, belongs to the head whatever lies over it: a face has no holes."""


@dataclass(frozen=True, eq=False)
class HeadCutout:
    """A head within a photo.

    left, top: where its box begins, in whole photo pixels; alpha: (h, w) in 0..1, the box's size, how much of each
    pixel is the head's; maps: those it was cut out by.
    """

    left: int
    top: int
    alpha: Field
    maps: HeadMaps

    def of(self, picture: RgbImage) -> RgbImage:
        """Return the box's part of a picture of the photo's size, (h, w, 3); not a copy."""
        height, width = self.alpha.shape
        return picture[self.top : self.top + height, self.left : self.left + width]


def head_cutout(photo: RgbImage, face: AlignedFace, run: RunNetwork, *, neck: bool = False) -> HeadCutout:
    """Return the head of a face of `photo` (height, width, 3): with hair, hat and ears, and if asked with neck.

    Its edge follows the photo's. Raises what `run` raises.
    """
    maps = head_maps(photo, face.transform, run)
    coarse = head_of(face, maps, neck=neck)
    coarse[coarse <= TRACE] = 0
    left, top, right, bottom = _box(coarse, maps.transform, photo.shape)
    part = photo[top:bottom, left:right]
    # From pixels of the box to those of the square.
    place = maps.transform.copy()
    place[:, 2] += place[:, :2] @ np.array([left, top])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    fields = np.dstack([coarse, _bare_neck(maps)])
    enlarged, below = cv2.split(cv2.warpAffine(fields, place, (right - left, bottom - top), flags=flags))
    drawn = guided(np.asarray(enlarged, np.float32), part, REACH * SIDE / scale_of(place))
    drawn = (drawn - np.float32(NOTHING)) / np.float32(WHOLE - NOTHING)
    if not neck:
        # Chin and neck have one colour: there the map's own edge is better than any of the photo's.
        chin = np.clip((enlarged - np.float32(EDGE)) * np.float32(CRISP) + np.float32(0.5), 0, 1)
        drawn += (chin - drawn) * below
    outside = left == 0, top == 0, right == photo.shape[1], bottom == photo.shape[0]
    alpha = _rounded_off(np.clip(drawn, 0, 1), outside, CORNER * SIDE / scale_of(place))
    return HeadCutout(left, top, alpha, maps)


def _bare_neck(maps: HeadMaps) -> Field:
    """Return (SIDE, SIDE) in 0..1, where neck is, and what is near it."""
    reach = 2 * round(REACH * SIDE) + 1
    near = cv2.dilate(np.clip(maps.skin - maps.head, 0, 1), np.ones((reach, reach), np.uint8))
    return np.asarray(cv2.blur(near, (reach, reach)), np.float32)


def _rounded_off(alpha: Field, ends: tuple[bool, bool, bool, bool], deviation: float) -> Field:
    """Return alpha (h, w) with round corners where it ends left, at the top, right or at the bottom: at the photo's."""
    if not any(ends):
        return alpha
    height, width = alpha.shape
    ratio = min(ROUNDED_AT / max(deviation, 1e-6), 1.0)
    size = max(round(width * ratio), 1), max(round(height * ratio), 1)
    small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    room = round(3 * deviation * ratio) + 1
    left, top, right, bottom = (room if end else 0 for end in ends)
    whole = cv2.copyMakeBorder(small, top, bottom, left, right, cv2.BORDER_CONSTANT, value=0)
    soft = cv2.GaussianBlur(whole, (0, 0), max(deviation * ratio, 0.3), borderType=cv2.BORDER_REPLICATE)
    # On a straight end, half of what is around is left; farther within more than that, and nothing is taken away.
    level = np.asarray(soft[top : top + size[1], left : left + size[0]], np.float32) - np.float32(ROUND_LEVEL)
    near = np.zeros(level.shape, np.bool_)
    near[:, :left] = near[:top] = True
    near[:, size[0] - right :] = near[size[1] - bottom :] = True
    level[~near] = 1
    rounder = cv2.resize(level, (width, height), interpolation=cv2.INTER_LINEAR) * np.float32(2 * deviation)
    return np.minimum(alpha, np.clip(rounder + np.float32(0.5), 0, 1))


def head_of(face: AlignedFace, maps: HeadMaps, *, neck: bool) -> Field:
    """Return `own_head` of a face among those that were seen in its photo."""
    landmarks, *others = (apply(maps.transform, one.landmarks) for one in (face.face, *face.others))
    return own_head(maps, landmarks, others, neck=neck)


def own_head(maps: HeadMaps, landmarks: Points, others: Sequence[Points] = (), *, neck: bool = False) -> Field:
    """Return (SIDE, SIDE) in 0..1, the map of one head of those in the square, and its face without holes.

    `landmarks` is (68, 2) in pixels of the square, and marks whose head it is. Where it touches that of one of `others`
    each has what is nearer to its own face.
    """
    face = _face(landmarks)
    field = np.maximum(maps.head, maps.skin) if neck else maps.head
    clean = cv2.morphologyEx(cv2.GaussianBlur(field, (0, 0), SMOOTH), cv2.MORPH_OPEN, _disc(TUFT))
    whole = np.maximum(clean, face)
    near = _hanging_together(whole, face)
    apart = (whole > EDGE) & (near == 0)
    steep = np.clip((whole - np.float32(EDGE)) * np.float32(STEEPER) + np.float32(EDGE), 0, 1)
    own = np.where((cv2.dilate(near, _disc(NEAR)) > 0) & ~apart, steep, np.float32(0))
    around = cv2.dilate(_hanging_together(np.maximum(field, face), face), _disc(NEAR)) > 0
    own = np.maximum(own, np.where(around & (field > FAINT) & ~apart, np.float32(TRACE), np.float32(0)))
    return np.where(_nearer(landmarks, others), own, np.float32(0))


def _hanging_together(whole: Field, face: Field) -> NDArray[np.uint8]:
    """Return (SIDE, SIDE), 1 in those parts of a map that a face lies in."""
    _, parts = cv2.connectedComponents((whole > EDGE).astype(np.uint8))
    return np.isin(parts, np.unique(parts[face > EDGE])).astype(np.uint8)


def _disc(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _nearer(landmarks: Points, others: Sequence[Points]) -> NDArray[np.bool_]:
    """Return (SIDE, SIDE) where a face is nearer than any other, in widths of each."""
    own = _distance(landmarks)
    return np.logical_and.reduce([np.ones((SIDE, SIDE), np.bool_), *(own <= _distance(other) for other in others)])


def _distance(landmarks: Points) -> Field:
    """Return (SIDE, SIDE), how far each pixel is from the middle of a face, in deviations of its landmarks."""
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    x, y = landmarks.mean(axis=0)
    return np.asarray(np.hypot(columns - x, rows - y) / landmarks.std(), np.float32)


def _face(landmarks: Points) -> Field:
    """Return where the landmarks' hull lies, 1, made a little smaller; elsewhere 0."""
    centre = np.asarray(landmarks.mean(axis=0), np.float32)
    smaller = np.rint(centre + (landmarks - centre) * FACE_SHARE).astype(np.int32)
    drawn = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillConvexPoly(drawn, cv2.convexHull(smaller), 1)
    return drawn.astype(np.float32)


def _box(coarse: Field, transform: Affine, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the photo's part around what is marked, not empty, within the photo."""
    rows, columns = np.nonzero(coarse > NOTHING)
    margin = MARGIN * SIDE
    left, right = columns.min() - margin, columns.max() + margin
    top, bottom = rows.min() - margin, rows.max() + margin
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    placed = apply(invert(transform), corners)
    height, width = shape[:2]
    first = np.clip(np.floor(placed.min(axis=0)), 0, [width - 1, height - 1]).astype(int)
    last = np.clip(np.ceil(placed.max(axis=0)) + 1, first + 1, [width, height]).astype(int)
    return int(first[0]), int(first[1]), int(last[0]), int(last[1])
