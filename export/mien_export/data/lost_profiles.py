"""Full profiles that the mesh teacher cannot read: faces all the same, with a box but without a mesh.

The box is what the shipped networks see; where they see nothing, it is the usual place of the others' boxes.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien_export.data.crops import cache_folder, networks_key
from mien_export.data.face_tiles import Tile, read_tiles, write_tiles
from mien_export.data.mesh_faces import ROOM, SIDE, load_mesh_faces
from mien_export.data.packs import is_training, read_pictures, read_rows
from mien_export.runner import WeightsRunner
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Box, RgbImage
from mien_service.faces.find import FaceFinder, NoFaceFound
from mien_service.faces.landmarks import MeshLandmarks, cut_square
from mien_service.faces.mesh import box_square

PACK = "cfp"

OVAL_POINTS = 16

CANDIDATE_SCORE, FACE_SCORE = 0.1, 0.2
"""Least scores of a box: lower than what is served, for there is one face in each picture."""


def lost_profiles(weights: Path) -> list[Tile]:
    """Return the profiles of training people that have no mesh, each with the oval in its box for points.

    They are sought once, by the networks in `weights`, and cached.
    """
    file = cache_folder() / f"tiles-profiles-{networks_key(weights)}.npz"
    if not file.exists():
        write_tiles(_sought(weights), file)
    return read_tiles(file)


def _sought(weights: Path) -> list[Tile]:
    known = {row["file"] for row in load_mesh_faces(PACK).rows}
    rows = [row for row in read_rows(PACK) if row["view"] == "profile" and is_training(row)]
    pictures = list(read_pictures(PACK, [row["file"] for row in rows if row["file"] not in known]))
    finder, run = FaceFinder(NetworkDetector(CANDIDATE_SCORE), MeshLandmarks(FACE_SCORE)), WeightsRunner(weights)
    boxes = [_box(finder, picture, run) for picture in pictures]
    seen = [_shares(box, picture) for box, picture in zip(boxes, pictures, strict=True) if box is not None]
    if not seen:
        raise RuntimeError("the networks see none of the profiles: where they usually lie is not known")
    usual = np.median(seen, axis=0)
    print(f"{len(pictures)} profiles without a mesh, {len(seen)} of them seen", flush=True)
    return [
        Tile(picture, _oval(_shares(box, picture) if box is not None else usual, picture))
        for box, picture in zip(boxes, pictures, strict=True)
    ]


def profile_squares(tiles: list[Tile]) -> NDArray[np.uint8]:
    """Return (n, side, side, 3) uint8 squares around the tiles' faces, as roomy as those of faces with a mesh."""
    boxes = [Box(*tile.points.min(axis=0).tolist(), *tile.points.max(axis=0).tolist()) for tile in tiles]
    squares = [box_square(box).moved(0, 0, ROOM) for box in boxes]
    return np.stack([cut_square(tile.pixels, square, SIDE) for tile, square in zip(tiles, squares, strict=True)])


def _box(finder: FaceFinder, picture: RgbImage, run: WeightsRunner) -> Box | None:
    try:
        [face] = finder.find(picture, "largest", run)
    except NoFaceFound:
        return None
    return face.box


def _shares(box: Box, picture: RgbImage) -> NDArray[np.float32]:
    height, width = picture.shape[:2]
    return np.array([box.left / width, box.top / height, box.right / width, box.bottom / height], np.float32)


def _oval(shares: NDArray[np.float32], picture: RgbImage) -> NDArray[np.float32]:
    """Return points on the oval within a box: turned, they span little more, as a face does, and corners do not."""
    height, width = picture.shape[:2]
    left, top, right, bottom = shares * np.array([width, height, width, height], np.float32)
    angle = np.linspace(0, 2 * np.pi, OVAL_POINTS, endpoint=False)
    x, y = (left + right + (right - left) * np.cos(angle)) / 2, (top + bottom + (bottom - top) * np.sin(angle)) / 2
    return np.column_stack([x, y]).astype(np.float32)
