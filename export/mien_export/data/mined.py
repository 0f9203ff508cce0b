"""Squares that the detector took for faces and that show none: what MeshNet's face score has to tell from faces."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from mien_export.data.drawn_scenes import drawn_scene
from mien_export.data.face_tiles import Tile
from mien_export.data.faceless import DRAWN_SEED
from mien_export.data.mesh_faces import ROOM, SIDE
from mien_export.data.scenes import Scene
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Box, RgbImage
from mien_service.faces.landmarks import cut_square, look
from mien_service.faces.mesh import box_square, mesh_box, mesh_square
from mien_service.faces.networks import RunNetwork

LONGEST = 480
"""Longest side at which the detector looks at the pictures that are mined."""

SCORE = 0.15
"""Least score of the boxes that are mined: lower than what is served, for more of the same kind."""

OVERLAP, NESTING = 0.2, 0.5
"""A box is wrong if it shares less than this with every true face: of both together, and of the smaller one.

The square around a part of a face shows most of it.
"""


NO_BOXES = np.zeros((0, 4), np.float32)


def mined_squares(scenes: Iterable[Scene], run: RunNetwork) -> NDArray[np.uint8]:
    """Return (n, side, side, 3) uint8 squares, as roomy as those of faces, where the detector is wrong.

    For each wrong box there are up to two: around the box, and around the mesh that MeshNet reads into it, as the
    service looks twice. What is seen of a hidden face is not wrong.
    """
    found = [square for scene in scenes for square in _wrong(scene, run)]
    return np.stack(found) if found else np.zeros((0, SIDE, SIDE, 3), np.uint8)


def portraits(tiles: Iterable[Tile]) -> Iterator[Scene]:
    """Yield the tiles' pictures with the boxes of their faces."""
    for tile in tiles:
        box = np.concatenate([tile.points.min(axis=0), tile.points.max(axis=0)])
        yield Scene(tile.pixels, box[None].astype(np.float32), NO_BOXES)


def drawings(count: int, seed: int = DRAWN_SEED + 1) -> Iterator[Scene]:
    """Yield drawn scenes without a face."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        height, width = (int(side) for side in rng.integers(200, LONGEST, 2))
        yield Scene(drawn_scene(height, width, rng), NO_BOXES, NO_BOXES)


def _wrong(scene: Scene, run: RunNetwork) -> Iterator[RgbImage]:
    """Yield both squares of the boxes that are no face of the scene's."""
    faces = [Box(*box) for box in np.concatenate([scene.boxes, scene.hidden]).tolist()]
    hits = NetworkDetector(SCORE).detect(scene.pixels, LONGEST, run)
    first = [box_square(hit.box) for hit in hits if _is_clear(hit.box, faces)]
    # Shown a square beside a face, MeshNet may well find the face.
    second = [mesh_square(one.mesh) for one in look(scene.pixels, first, run) if _is_clear(mesh_box(one.mesh), faces)]
    for square in (*first, *second):
        yield cut_square(scene.pixels, square.moved(0, 0, ROOM), SIDE)


def _is_clear(box: Box, faces: list[Box]) -> bool:
    """Return whether a box shows no face: neither the whole of one nor most of a part."""
    return all(box.overlap(face) < OVERLAP and box.nesting(face) < NESTING for face in faces)
