"""Where each pixel of an aligned square lies on the head: what is drawn on skin is drawn there, and turns with it.

Places are those of the mean frontal face (head_model.py): u to the image's right and v down, in outer eye distances,
the middle between the eyes at 0. Brows lie at -.25, the mouth at .7, the chin at 1.2.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.align import CROP_SIZE, points_at_resolution
from mien_service.faces.edit import Field
from mien_service.faces.face import Mesh
from mien_service.faces.head_model import HeadModel, Placement, placement
from mien_service.faces.raster import Triangles, rasterised

RASTER_SIDE = 192
"""Places are drawn at this side and enlarged: they are flat within a triangle anyway."""

FOREHEAD = (0.0, -0.36, 0.1)
"""How far the forehead goes on above the mesh, which ends a third of the way up: u, v and depth."""

UPPER = -0.2
"""Points of the oval above this v carry the forehead."""

FACING = (0.1, 0.45)
"""Cosines of the angle to the camera from which on skin shows, and from which on wholly."""

LEFT, TOP, RIGHT, BOTTOM = -1.05, -1.0, 1.05, 1.35
"""The part of the head that charts cover."""

CHART_SCALE = 176
"""Pixels of a chart to an eye distance."""

CHART_SHAPE = (round((BOTTOM - TOP) * CHART_SCALE), round((RIGHT - LEFT) * CHART_SCALE))
"""Rows and columns of a chart, a map over the mean frontal face."""


@dataclass(frozen=True, eq=False)
class Surface:
    """The head's surface over an aligned square, n x n.

    places: (n, n, 2) u and v; shown: (n, n) in 0..1, how well it faces the camera, 0 beside the face; unit: pixels of
    the n x n square to an eye distance; normals: (468, 3) of the mesh, unit vectors away from the head.
    """

    places: Field
    shown: Field
    unit: float
    normals: NDArray[np.float32]

    def chart(self, drawn: Field) -> Field:
        """Return a chart, CHART_SHAPE or with channels, as it lies over the square: (n, n) or (n, n, c)."""
        x, y = (self.places[..., 0] - LEFT) * CHART_SCALE - 0.5, (self.places[..., 1] - TOP) * CHART_SCALE - 0.5
        return np.asarray(cv2.remap(drawn, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.float32)


def surface_of(mesh: Mesh, model: HeadModel, side: int) -> Surface:
    """Return the surface of a head whose mesh (468, 3) lies in pixels of the aligned square of 256 pixels."""
    placed = placement(mesh, model)
    corners, places, triangles = _with_forehead(mesh, model, placed)
    normals = vertex_normals(corners, triangles)
    low, high = FACING
    facing = np.clip((-normals[:, 2] - low) / (high - low), 0, 1)
    drawn = points_at_resolution(corners, RASTER_SIDE)
    maps = rasterised(drawn, triangles, RASTER_SIDE).between(np.column_stack([places, facing]).astype(np.float32))
    places_map = cv2.resize(_carried_on(maps), (side, side), interpolation=cv2.INTER_LINEAR)
    shown = cv2.resize(cv2.GaussianBlur(maps[..., 2], (0, 0), 1.5), (side, side), interpolation=cv2.INTER_LINEAR)
    unit = placed.scale * side / CROP_SIZE
    return Surface(np.asarray(places_map, np.float32), np.asarray(shown, np.float32), unit, normals[: len(mesh)])


def _with_forehead(mesh: Mesh, model: HeadModel, placed: Placement) -> tuple[Mesh, NDArray[np.float32], Triangles]:
    """Return corners (v, 3), their places (v, 2), and triangles, the upper forehead among them."""
    upper = model.oval[model.mean[model.oval, 1] < UPPER]
    upper = upper[np.argsort(model.mean[upper, 0])]
    towards = model.mean[upper] + np.array(FOREHEAD, np.float32) * (1 - np.abs(model.mean[upper, :1]) / np.float32(1.2))
    raised = mesh[upper] + placed.to_picture(towards) - placed.to_picture(model.mean[upper])
    first = len(mesh) + np.arange(len(upper))
    inner, following, outer, far = upper[:-1], upper[1:], first[:-1], first[1:]
    band = np.concatenate([np.column_stack([inner, outer, following]), np.column_stack([following, outer, far])])
    places = np.concatenate([model.mean[:, :2], towards[:, :2]])
    return np.concatenate([mesh, raised]), np.asarray(places, np.float32), np.concatenate([model.triangles, band])


def vertex_normals(corners: Mesh, triangles: Triangles) -> NDArray[np.float32]:
    """Return the unit normals (v, 3) of corners (v, 3), towards the camera at negative z where a face is frontal."""
    first, second = (corners[triangles[:, i]] - corners[triangles[:, 0]] for i in (1, 2))
    faces = np.cross(first, second)
    faces *= -np.sign(faces[:, 2].sum())
    sums = np.zeros_like(corners)
    for corner in triangles.T:
        np.add.at(sums, corner, faces)
    return (sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)).astype(np.float32)


def _carried_on(maps: Field) -> Field:
    """Return places (n, n, 2), carried on over a few pixels beside the face, so that enlarging mixes in no zeros."""
    known = (maps[..., 2:] > 0) | (np.abs(maps[..., :2]).sum(axis=2, keepdims=True) > 0)
    weights = known.astype(np.float32)
    blurred = cv2.GaussianBlur(np.dstack([maps[..., :2] * weights, weights]), (0, 0), 2.0)
    around = blurred[..., :2] / np.maximum(blurred[..., 2:], 1e-6)
    return np.where(known, maps[..., :2], around).astype(np.float32)
