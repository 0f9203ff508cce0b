"""Cutting out heads without a network of their own: what the head segmenter is held against.

Each finds a head in its square, (SIDE, SIDE, 3), as `head_maps` cuts it.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from mien_export.data.head_batches import HeadBatch
from mien_export.quality.regions import Mask, hull
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Points, RgbImage
from mien_service.faces.find import FaceFinder, NoFaceFound
from mien_service.faces.head_maps import SIDE
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.faces.networks import RunNetwork

LIFTED, GROWN = 0.4, 1.15
"""How far the mesh's upper half is stretched over the hair, in heights of the mesh, and how much larger it is then
made: the best of a few on training faces."""

SURE, FAR = 0.85, 1.7
"""The mesh made so much smaller is surely the head; outside of the stretched mesh made so much larger nothing is."""

ROUNDS = 3

Meshes = Sequence[Points | None]


def meshes_of(squares: Sequence[RgbImage], run: RunNetwork) -> list[Points | None]:
    """Return the mesh's points (468, 2) in each square, or None where no face is found."""
    finder = FaceFinder(NetworkDetector(), MeshLandmarks())
    return [_mesh(finder, square, run) for square in squares]


def _mesh(finder: FaceFinder, square: RgbImage, run: RunNetwork) -> Points | None:
    try:
        faces = finder.find(square, "all", run)
    except NoFaceFound:
        return None
    middle = (SIDE - 1) / 2
    nearest = min(faces, key=lambda face: float(np.hypot(*(face.landmarks.mean(axis=0) - middle))))
    assert nearest.mesh is not None
    return nearest.mesh[:, :2]


def grown_hull(mesh: Points | None) -> Mask:
    """Return the hull of a mesh, stretched over the hair and made a little larger; nothing without a mesh."""
    if mesh is None:
        return np.zeros((SIDE, SIDE), np.bool_)
    return hull([_scaled(_stretched(mesh), GROWN)], (SIDE, SIDE), 0)


def grabcut(square: RgbImage, mesh: Points | None) -> Mask:
    """Return the head by its colours, from what surely is of it and what is not (Rother, Kolmogorov & Blake 2004)."""
    if mesh is None:
        return np.zeros((SIDE, SIDE), np.bool_)
    labels = np.where(grown_hull(mesh), cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[~hull([_scaled(_stretched(mesh), FAR)], (SIDE, SIDE), 0)] = cv2.GC_BGD
    labels[hull([_scaled(mesh, SURE)], (SIDE, SIDE), 0)] = cv2.GC_FGD
    if not (labels == cv2.GC_BGD).any():
        return grown_hull(mesh)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(square, labels, (0, 0, 0, 0), *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)


def mean_head(trained: HeadBatch) -> Mask:
    """Return where more than half of the heads that are trained on lie in their squares, unknown places left out."""
    known = trained.known.sum(dim=0)[0]
    share = (trained.maps[:, 0] * trained.known[:, 0]).sum(dim=0) / known.clamp(min=1)
    return (share > 0.5).numpy()


def _stretched(mesh: Points) -> Points:
    """Return the mesh with its upper half drawn upwards, along its own height."""
    top, bottom = mesh[:, 1].min(), mesh[:, 1].max()
    middle, height = (top + bottom) / 2, bottom - top
    lifted = np.clip((middle - mesh[:, 1]) / (height / 2), 0, 1) * LIFTED * height
    return np.column_stack([mesh[:, 0], mesh[:, 1] - lifted]).astype(np.float32)


def _scaled(points: Points, factor: float) -> Points:
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    return ((points - centre) * np.float32(factor) + centre).astype(np.float32)
