"""Heads for the tests of this room: photos of people with their mesh, and maps that are drawn from it."""

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
import people
from finding import find
from served import weights_folder

from mien_service.faces.align import align, apply, at_resolution, cut
from mien_service.faces.edit import Field
from mien_service.faces.emoji.drawing import emoji
from mien_service.faces.face import Points, RgbImage
from mien_service.faces.head_maps import SIDE as MAP_SIDE
from mien_service.faces.head_maps import HeadMaps, head_transform
from mien_service.faces.head_model import HeadModel
from mien_service.faces.skin.areas import LEFT_BROW, LEFT_EYE, LIPS, RIGHT_BROW, RIGHT_EYE

SIDE = 416
FEATURES = (LEFT_EYE, RIGHT_EYE, LEFT_BROW, RIGHT_BROW, LIPS)
HAIR_ABOVE = 0.34
"""Height of the hair that is drawn above the mesh, as a share of the face's height."""


@dataclass(frozen=True, eq=False)
class Head:
    """A head's square, (SIDE, SIDE, 3), with mesh (468, 2) in its pixels and maps."""

    square: RgbImage
    mesh: Points
    maps: HeadMaps

    def drawn(self, strength: float = 1.0) -> Field:
        return emoji(self.square, self.mesh, self.maps, strength)

    def with_square(self, square: RgbImage) -> "Head":
        return replace(self, square=square)

    def mirrored(self) -> "Head":
        with np.load(weights_folder() / "head_model.npz") as table:
            twins = HeadModel.of(dict(table)).twins
        mesh = (self.mesh * [-1, 1] + [SIDE - 1, 0])[twins].astype(np.float32)
        maps = (np.ascontiguousarray(one[:, ::-1]) for one in (self.maps.head, self.maps.skin, self.maps.hair))
        return Head(np.ascontiguousarray(self.square[:, ::-1]), mesh, HeadMaps(self.maps.transform, *maps))

    def enlarged(self, plane: Field) -> Field:
        return np.asarray(cv2.resize(plane, (SIDE, SIDE)), np.float32)


@cache
def head(name: str) -> Head:
    """Return the head of one of the people."""
    return head_in(people.small_person(name, 1024))


def head_in(photo: RgbImage) -> Head:
    """Return the head of the face in a photo; its maps are drawn from its mesh."""
    [face] = find(photo)
    assert face.mesh is not None
    transform = head_transform(align(photo, face).transform)
    place = at_resolution(transform, SIDE)
    plane = np.ascontiguousarray(face.mesh[:, :2])
    return Head(cut(photo, place, SIDE), apply(place, plane), _maps(transform, apply(transform, plane)))


def _maps(transform: np.ndarray, mesh: Points) -> HeadMaps:
    face = _filled([mesh])
    down = mesh[152] - mesh[10]
    middle, height = mesh[10] + 0.1 * down, float(np.hypot(*down))
    wide = 0.56 * float(np.hypot(*(mesh[454] - mesh[234])))
    hair = np.zeros((MAP_SIDE, MAP_SIDE), np.float32)
    axes = (round(wide), round(HAIR_ABOVE * height))
    cv2.ellipse(hair, tuple(np.rint(middle).astype(int).tolist()), axes, 0, 180, 360, 1, cv2.FILLED)
    hair *= 1 - face
    features = np.max([_filled([mesh[list(one)]]) for one in FEATURES], axis=0)
    neck = np.stack([mesh[172], mesh[397], mesh[397] + 0.4 * down, mesh[172] + 0.4 * down])
    head = np.maximum(face, hair)
    skin = np.maximum(face * (1 - features), _filled([neck]) * (1 - head))
    return HeadMaps(transform, *(np.asarray(one, np.float32) for one in (head, skin, hair)))


def _filled(outlines: list[Points]) -> Field:
    drawn = np.zeros((MAP_SIDE, MAP_SIDE), np.uint8)
    for outline in outlines:
        cv2.fillConvexPoly(drawn, cv2.convexHull(np.rint(outline).astype(np.int32)), 1)
    return drawn.astype(np.float32)


def at(picture: np.ndarray, points: Points) -> np.ndarray:
    """Return the pixels at points (n, 2)."""
    x, y = np.rint(points).astype(int).T
    return picture[y, x]
