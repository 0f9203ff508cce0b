"""Portraits beside drawings of them, by the face stylizer (teachers/face_stylizer.py); cached.

The stylizer draws a face anew, so its drawing is of the same person but features lie a little elsewhere. Every
drawing is laid onto its photo by the meshes that the service reads from both.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data import mesh_warp
from mien_export.data.caching import write_arrays
from mien_export.data.crops import WEIGHTS, Crops, cache_folder, load_crops, networks_key
from mien_export.data.mesh_warp import laid_onto
from mien_export.data.parallel import in_parts
from mien_export.runner import WeightsRunner
from mien_export.teachers import face_stylizer
from mien_export.teachers.face_stylizer import SHA256, load_face_stylizer
from mien_export.teachers.mesh import eye_distance
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Mesh, RgbImage
from mien_service.faces.find import FaceFinder, NoFaceFound
from mien_service.faces.landmarks import MeshLandmarks

PACK, SIZE = "stylegan", 256
"""Whose crops are drawn; the side of the service's square within each, in pixels."""

FARTHEST = 0.02
"""Mean distance of a laid drawing's mesh from the photo's, over the distance of the outer eye corners, from which on
a pair is left out: most are at a third of it, and what the mesh reads from a photo twice differs by a tenth."""

VERSION = 1
"""Raised whenever drawings are made otherwise: cached ones of an older kind are made again."""

Draw = Callable[[RgbImage], RgbImage]
"""Draws a square of face_stylizer.SIDE pixels."""

Read = Callable[[RgbImage], Mesh | None]
"""Reads the mesh of the largest face (468, 3) in a picture's pixels, or None where there is no face."""


@dataclass(frozen=True, eq=False)
class DrawnFaces:
    """Crops with drawings of them: drawings are (n, side, side, 3) uint8 RGB, pixel on pixel with the crops'."""

    crops: Crops
    drawings: NDArray[np.uint8]


def load_drawn_faces(style: str) -> DrawnFaces:
    """Return the crops of PACK that could be drawn in one of the stylizer's STYLES; made once and cached."""
    file = cache_folder() / f"drawn-{style}-{PACK}-{_key()}.npz"
    crops = load_crops(PACK, SIZE)
    if not file.exists():
        made = in_parts(partial(_drawings, style), list(zip(crops.pixels, crops.meshes, strict=True)))
        kept = {i: drawing for i, drawing in enumerate(made) if drawing is not None}
        write_arrays(file, drawings=np.stack(list(kept.values())), index=np.array(list(kept)))
    with np.load(file) as saved:
        return DrawnFaces(crops.at(saved["index"].tolist()), saved["drawings"])


def _key() -> str:
    """Return a short name of what the drawings are made with."""
    spread = mesh_warp.WIDTHS, mesh_warp.FALL
    made_with = f"{networks_key(WEIGHTS)} {SHA256} {SIZE} {spread} {FARTHEST} {VERSION}"
    return hashlib.sha256(made_with.encode()).hexdigest()[:8]


def _drawings(style: str, crops: Sequence[tuple[RgbImage, Mesh]]) -> list[RgbImage | None]:
    draw, read = load_face_stylizer(style), mesh_reader()
    return [drawn(crop, mesh, draw, read) for crop, mesh in crops]


def mesh_reader() -> Read:
    """Return what reads a picture's mesh as the service does."""
    finder, run = FaceFinder(NetworkDetector(), MeshLandmarks()), WeightsRunner(WEIGHTS)

    def read(picture: RgbImage) -> Mesh | None:
        try:
            [face] = finder.find(picture, "largest", run)
        except NoFaceFound:
            return None
        return face.mesh

    return read


def drawn(crop: RgbImage, mesh: Mesh, draw: Draw, read: Read) -> RgbImage | None:
    """Return the drawing of a crop (side, side, 3) with its mesh, laid onto it, or None where it does not fit.

    The whole crop is shown to the stylizer, made smaller: its margin is drawn as well.
    """
    side = crop.shape[0]
    seen = (face_stylizer.SIDE, face_stylizer.SIDE)
    drawing = draw(np.asarray(cv2.resize(crop, seen, interpolation=cv2.INTER_AREA), np.uint8))
    found = read(drawing)
    if found is None:
        return None
    laid = laid_onto(drawing, found[:, :2], mesh[:, :2], side)
    again = read(laid)
    return laid if again is not None and distance(again, mesh) <= FARTHEST else None


def distance(one: Mesh, other: Mesh) -> float:
    """Return the mean distance of two meshes' points in the picture, over the distance of the other's eye corners."""
    apart = np.linalg.norm(one[:, :2] - other[:, :2], axis=1)
    return float(apart.mean()) / eye_distance(other)
