"""A head turned to another pose: where each pixel of the aligned square is fetched from, and what of it was seen.

The face's mesh is turned as a rigid body. Around it lies a skirt of rings that falls back like the sides of a head and
turns with it, less and less outwards, and not at all at the square's edge: hair, ears and neck follow, the background
stays. What the camera did not see is fetched from the other half of the face.
"""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.align import CROP_SIZE, crop_transform, points_at_resolution
from mien_service.faces.edit import Edit, Field
from mien_service.faces.face import Mesh
from mien_service.faces.head_model import HeadModel, Placement, placement
from mien_service.faces.mesh import ibug_landmarks
from mien_service.faces.raster import Triangles, cross, rasterised

Vectors = NDArray[np.float32]

NECK = np.array([0.0, 0.25, 0.75])
"""What the head turns about, in its own frame."""

CLEARLY = 0.1
"""Sine of the angle from which on a head clearly turns one flank away and the other one to the camera."""

SEEN = (0.12, 0.5)
"""What a place of the turned face covers in the photo over what it covers afterwards: below the first it counts as not
seen, from the second on as wholly seen."""

SOFT = 0.012
"""Width over which seen and unseen are blended, as a share of the square's side."""


@dataclass(frozen=True, eq=False)
class Turn:
    """Fields over the aligned square, n x n, that turn a head.

    flow, twin_flow: (n, n, 2) x, y in pixels of the n x n square: a pixel shows what lay at its place plus flow, or, of
    the other half of the face, at its place plus twin_flow. seen, twin_seen: (n, n) in 0..1, how well each was seen.
    head: (n, n) in 0..1, 1 on what turns with the head, 0 on what stays.
    """

    flow: Field
    twin_flow: Field
    seen: Field
    twin_seen: Field
    head: Field


def turned(mesh: Mesh, model: HeadModel, target: NDArray[np.float64], side: int) -> Turn:
    """Return how a head, whose mesh (468, 3) lies in pixels of the aligned square, is turned.

    `target` is the rotation (3, 3) from the head to the square afterwards; with it the face fills the same square.
    """
    start = placement(mesh, model)
    shape = start.to_head(mesh)
    shape = (shape + model.mirrored(shape)) / np.float32(2)
    end = _framed(shape, Placement(start.scale, target, np.zeros(3)))
    after = end.to_picture(shape)
    skirt = _skirt(after, shape, model, start, end)
    before = np.concatenate([mesh, skirt.before + _pulled(mesh - start.to_picture(shape), model, skirt.turning)])
    turning = np.concatenate([np.ones(len(mesh), np.float32), skirt.turning])
    corners = _Corners(before, np.concatenate([after, skirt.after]), turning)
    triangles, twins = _with_skirt(model)
    return _fields(corners, triangles, twins, side)


def by_mesh(turn: Turn, amount: float = 1.0) -> Edit:
    """Return a turn as an edit, by a share of it: of each place what was seen better, and nothing that was not."""
    side = turn.head.shape[0]
    matte = (1 - turn.seen) * turn.twin_seen
    return Edit(
        residual=np.zeros((side, side, 3), np.float32),
        alpha=np.full((side, side), amount, np.float32),
        flow=turn.flow,
        twin=np.dstack([turn.twin_flow, matte]).astype(np.float32),
    )


def _framed(shape: Mesh, free: Placement) -> Placement:
    """Return the placement moved and scaled so that the face's aligned square is the square itself."""
    landmarks = ibug_landmarks(free.to_picture(shape))
    square = crop_transform(landmarks)
    zoom = float(np.hypot(square[0, 0], square[1, 0]))
    turn = np.eye(3)
    turn[:2, :2] = square[:, :2] / zoom
    return Placement(free.scale * zoom, turn @ free.rotation, np.append(square[:, 2], 0.0))


@dataclass(frozen=True, eq=False)
class _Skirt:
    """The rings' corners, ring by ring: (r, 3) in pixels before and after, and (r,) in 0..1 how much each turns."""

    before: Vectors
    after: Vectors
    turning: Vectors


def _skirt(after: Mesh, shape: Mesh, model: HeadModel, start: Placement, end: Placement) -> _Skirt:
    oval, depths = after[model.oval, :2], shape[model.oval, 2]
    edge, towards = _on_edge(oval), _towards(shape[model.oval], start, end)
    rings: list[tuple[Vectors, Vectors, Vectors]] = []
    for share, depth, turns in zip(model.rings, model.ring_depth.T, model.ring_turning.T, strict=True):
        at_depth = np.column_stack([np.zeros((len(depths), 2)), depths + towards @ depth])
        behind = end.to_picture(at_depth)[:, 2]
        placed = np.column_stack([oval + share * (edge - oval), behind]).astype(np.float32)
        turning = (towards @ turns).astype(np.float32)
        before = placed + turning[:, None] * (start.to_picture(end.to_head(placed)) - placed)
        rings.append((before, placed, turning))
    return _Skirt(*(np.concatenate(parts) for parts in zip(*rings, strict=True)))


def _towards(oval: Mesh, start: Placement, end: Placement) -> Vectors:
    """Return (k, 4) on which of the skirt's parts points of the head's oval lie; sums are 1.

    The parts are the flank that turns away from the camera, that which turns to it, the top and the bottom.
    """
    away = oval[:, :2] - oval[:, :2].mean(axis=0)
    across, down = (away / np.hypot(*away.T)[:, None]).T
    # How much farther from the camera the head's own right gets.
    turned_away = float(end.rotation[2, 0] - start.rotation[2, 0])
    leaving = np.clip(0.5 + np.sign(across) * turned_away / (2 * CLEARLY), 0, 1)
    return np.column_stack(
        [across**2 * leaving, across**2 * (1 - leaving), down**2 * (down < 0), down**2 * (down >= 0)]
    )


def _on_edge(points: Vectors) -> Vectors:
    """Return where rays from the square's middle through points (n, 2), which run clockwise, meet its edge.

    Where points run back for a while, as an oval seen from the side does at the jaw, rays do not: triangles would fold.
    """
    middle = (CROP_SIZE - 1) / 2
    away = points - middle
    angles = np.maximum.accumulate(np.unwrap(np.arctan2(away[:, 1], away[:, 0])))
    rays = np.column_stack([np.cos(angles), np.sin(angles)])
    return (middle + rays * (middle / np.abs(rays).max(axis=1, keepdims=True))).astype(np.float32)


def _pulled(missed: Vectors, model: HeadModel, turning: Vectors) -> Vectors:
    """Return (r, 3): how far rings follow the oval where the mesh is not quite the rigid, symmetric head."""
    return np.tile(missed[model.oval], (len(model.rings), 1)) * turning[:, None]


@dataclass(frozen=True, eq=False)
class _Corners:
    """All corners, mesh first: (v, 3) in pixels before and after, (v,) how much each turns."""

    before: Vectors
    after: Vectors
    turning: Vectors


def _with_skirt(model: HeadModel) -> tuple[Triangles, NDArray[np.intp]]:
    """Return the triangles of face and skirt, and every corner's mirror twin."""
    count, first = len(model.oval), len(model.twins)
    around = np.arange(count)
    loops = [model.oval, *(first + ring * count + around for ring in range(len(model.rings)))]
    triangles, twins = [model.triangles], [model.twins]
    for inner, outer in pairwise(loops):
        following_inner, following_outer = np.roll(inner, -1), np.roll(outer, -1)
        triangles.append(np.column_stack([inner, outer, following_inner]))
        triangles.append(np.column_stack([following_inner, outer, following_outer]))
        twins.append(outer[-around])
    return np.concatenate(triangles), np.concatenate(twins)


def _fields(corners: _Corners, triangles: Triangles, twins: NDArray[np.intp], side: int) -> Turn:
    seen = _seen(corners, triangles)
    before, after = (points_at_resolution(points, side) for points in (corners.before, corners.after))
    values = np.column_stack([before[:, :2], before[twins, :2], seen, seen[twins], corners.turning])
    maps = rasterised(after, triangles, side).between(values.astype(np.float32))
    columns, rows = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    here = np.dstack([columns, rows])
    soft = np.asarray(cv2.GaussianBlur(maps[..., 4:], (0, 0), SOFT * side), np.float32)
    return Turn(maps[..., :2] - here, maps[..., 2:4] - here, soft[..., 0], soft[..., 1], soft[..., 2])


def _seen(corners: _Corners, triangles: Triangles) -> Vectors:
    """Return (v,) in 0..1 how well each corner was seen: what its triangles covered over what they cover afterwards."""
    areas = [
        cross(
            points[triangles[:, 1], :2] - points[triangles[:, 0], :2],
            points[triangles[:, 2], :2] - points[triangles[:, 0], :2],
        )
        for points in (corners.before, corners.after)
    ]
    ratio = areas[0] / np.where(np.abs(areas[1]) < 1e-6, 1e-6, areas[1])
    # A triangle that is folded afterwards says nothing.
    counts = np.where(areas[1] > 0, 1.0, 0.0)
    sums = np.zeros((len(corners.before), 2))
    for corner in triangles.T:
        np.add.at(sums, corner, np.column_stack([ratio.clip(-1, 1) * counts, counts]))
    least, most = SEEN
    return np.clip((sums[:, 0] / np.maximum(sums[:, 1], 1e-6) - least) / (most - least), 0, 1).astype(np.float32)
