"""Which pixels of a head's square are drawn as what: skin, hair, glasses, beard, and what else is the head's."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.drawn.canvas import Canvas, rounded
from mien_service.faces.edit import Field
from mien_service.faces.face import Points
from mien_service.faces.head_maps import HeadMaps
from mien_service.faces.skin.areas import LEFT_BROW, LEFT_EYE, LIPS, RIGHT_BROW, RIGHT_EYE

SMOOTH, HAIR_SMOOTH = 0.03, 0.055
"""Deviation by which maps are smoothed before their edges are made crisp, in eye distances; hair's more."""

ISLAND = 0.07
"""Radius up to which a part of the hair is no hair, and a gap in it no gap, in eye distances."""

LEAST, AROUND = 0.3, 6
"""From where on a map shows something of a head, and pixels of the map around it that are drawn, too."""

BELOW_EYES = (229, 230, 231, 449, 450, 451)
"""Points of the mesh below the eyes: glasses cover them, and eyes do not."""

JAW = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
"""From ear to ear."""

BEARD_TOP = (352, 411, 425, 327, 2, 98, 205, 187, 123)
"""Across cheeks and below the nose."""


@dataclass(frozen=True, eq=False)
class Face:
    """A face's mesh (468, 2) in pixels of what is drawn, and its eye distance in them."""

    points: Points
    unit: float

    def __getitem__(self, index: tuple[int, ...]) -> Points:
        return self.points[list(index)]


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of what is drawn, each (h, w) in 0..1 with crisp edges.

    whole: head and neck; features: brows, eyes and lips with a margin; other: hats, earrings and hands; glasses: with
    what is seen through them; left_over: what of the head is neither skin nor hair, its edges soft.
    """

    skin: Field
    hair: Field
    whole: Field
    glasses: Field
    other: Field
    features: Field
    left_over: Field


def face_of(points: Points) -> Face:
    """Return the face of a mesh (468, 2 or more), in the mesh's pixels."""
    plane = np.ascontiguousarray(points[:, :2], np.float32)
    left, right = plane[list(LEFT_EYE)].mean(axis=0), plane[list(RIGHT_EYE)].mean(axis=0)
    # Of a head in profile the eyes lie one behind the other: its height tells the scale.
    height = float(np.hypot(*(plane[152] - plane[10])))
    return Face(plane, max(float(np.hypot(*(right - left))), 0.35 * height, 2.0))


@dataclass(frozen=True)
class Frame:
    """The part of a square of side x side pixels that is drawn: rows and columns."""

    side: int
    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a picture of it."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start, 3

    def enlarged(self, plane: Field) -> Field:
        """Return this part of a map (SIDE, SIDE) of the square."""
        zoom = len(plane) / self.side
        # Pixel centre x of the square lies at (x + 0.5) * zoom - 0.5 of the map.
        shift = [(one.start + 0.5) * zoom - 0.5 for one in (self.columns, self.rows)]
        there = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = self.shape[1::-1]
        return np.asarray(cv2.warpAffine(plane, there, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def frame_of(maps: HeadMaps, side: int) -> Frame:
    """Return the part of a square of side x side pixels that holds head and neck, and a little around them."""
    shown = np.maximum(maps.head, maps.skin) > LEAST
    return Frame(side, *(_span(np.asarray(shown.any(axis=axis)), side) for axis in (1, 0)))


def _span(used: NDArray[np.bool_], side: int) -> slice:
    [places] = np.nonzero(used)
    if not len(places):
        return slice(0, side)
    zoom = side / len(used)
    first, last = (int(places[0]) - AROUND) * zoom, (int(places[-1]) + 1 + AROUND) * zoom
    return slice(max(int(first), 0), min(int(last) + 1, side))


def parts_of(maps: HeadMaps, face: Face, frame: Frame, hair_smooth: float = HAIR_SMOOTH) -> Parts:
    """Return the parts of a square of which a frame is drawn; the face is in pixels of the frame.

    hair_smooth: deviation by which the hair's map is smoothed before its edge is made crisp, in eye distances.
    """
    soft = SMOOTH * face.unit
    head, skin = (
        np.asarray(cv2.GaussianBlur(frame.enlarged(plane), (0, 0), soft), np.float32)
        for plane in (maps.head, maps.skin)
    )
    hair = frame.enlarged(_without_islands(maps.hair, ISLAND * face.unit * len(maps.hair) / frame.side))
    hair = np.asarray(cv2.GaussianBlur(hair, (0, 0), hair_smooth * face.unit), np.float32)
    features = _features(face, frame.shape)
    left_over = np.clip(head - np.maximum(skin, hair), 0, 1)
    seen_through = _has_glasses(left_over, face)
    glasses = crisp(left_over * _lens_zone(face, frame.shape), soft) if seen_through else np.zeros_like(head)
    other = np.asarray(crisp(left_over, soft) * (1 - np.maximum(features, glasses)), np.float32)
    whole = np.maximum(head, skin)
    return Parts(
        crisp(skin, soft), crisp(hair, hair_smooth * face.unit), crisp(whole, soft), glasses, other, features, left_over
    )


def _without_islands(hair: Field, radius: float) -> Field:
    """Return a map without parts and gaps that are thinner than twice the radius, in pixels of it."""
    side = 2 * max(round(radius), 1) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    opened = cv2.morphologyEx(hair, cv2.MORPH_OPEN, disc)
    return np.asarray(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, disc), np.float32)


def crisp(field: Field, soft: float) -> Field:
    """Return a field in 0..1 whose edges, of a deviation of `soft` pixels, are made about a pixel wide."""
    return np.clip((field - np.float32(0.5)) * np.float32(1.6 * max(soft, 0.7)) + np.float32(0.5), 0, 1)


def _features(face: Face, shape: tuple[int, ...]) -> Field:
    canvas = Canvas(np.zeros(shape, np.float32))
    outlines = [grown(face[outline], 0.05 * face.unit) for outline in (LEFT_EYE, RIGHT_EYE, LIPS)]
    outlines += [grown(hull(face[brow]), 0.03 * face.unit) for brow in (LEFT_BROW, RIGHT_BROW)]
    return np.asarray(np.max([canvas.mask(outline) for outline in outlines], axis=0), np.float32)


def hull(points: Points) -> Points:
    """Return the convex outline of points (n, 2)."""
    return np.asarray(cv2.convexHull(points)[:, 0], np.float32)


def grown(outline: Points, margin: float) -> Points:
    """Return an outline (n, 2), `margin` pixels farther away from its middle."""
    away = outline - outline.mean(axis=0)
    length = np.maximum(np.hypot(away[:, 0], away[:, 1]), 1e-6)[:, None]
    return np.asarray(outline + away / length * margin, np.float32)


def _has_glasses(left_over: Field, face: Face) -> bool:
    x, y = np.rint(face[BELOW_EYES]).astype(int).clip(0, [left_over.shape[1] - 1, left_over.shape[0] - 1]).T
    return bool(np.median(left_over[y, x]) > 0.35)


def _lens_zone(face: Face, shape: tuple[int, ...]) -> Field:
    """Return (h, w) in 0..1: a band across the eyes, from above the brows to the middle of the nose."""
    down = face.points[152] - face.points[10]
    across = np.array([down[1], -down[0]]) * 0.8
    middle = face[(*LEFT_EYE, *RIGHT_EYE)].mean(axis=0)
    corners = [middle + a * across + b * down for a, b in ((-1, -0.22), (1, -0.22), (1, 0.24), (-1, 0.24))]
    return Canvas(np.zeros(shape, np.float32)).mask(np.array(corners, np.float32))


def beard_zone(face: Face, shape: tuple[int, ...]) -> Field:
    """Return (h, w) in 0..1: where a beard may grow, its edge soft."""
    outline = rounded(np.concatenate([face[JAW], face[BEARD_TOP]]))
    return Canvas(np.zeros(shape, np.float32)).mask(outline, 0.06 * face.unit)
