"""Squares that the detector took for faces and that show none: what MeshNet's face score has to tell from faces."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data.drawn_scenes import drawn_scene
from mien_export.data.face_tiles import Tile
from mien_export.data.faceless import DRAWN_SEED
from mien_export.data.mesh_faces import ROOM, SIDE
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Box, RgbImage
from mien_service.faces.mesh import box_square
from mien_service.faces.networks import RunNetwork

LONGEST = 480
"""Longest side at which the detector looks at the pictures that are mined."""

SCORE = 0.15
"""Least score of the boxes that are mined: lower than what is served, for more of the same kind."""

DRAWN_SHARE = 0.2
"""Drawn scenes beside every picture of a person."""

OVERLAP = 0.2
"""A box that shares less than this with the true face (intersection over union) is beside it, or a part of it."""


def mined_squares(tiles: list[Tile], run: RunNetwork) -> NDArray[np.uint8]:
    """Return (n, side, side, 3) uint8 squares, as roomy as those of faces, around the detector's wrong boxes."""
    rng = np.random.default_rng(DRAWN_SEED + 1)
    found = [square for tile in tiles for square in _wrong(tile.pixels, _box(tile), run)]
    for _ in range(round(DRAWN_SHARE * len(tiles))):
        height, width = (int(side) for side in rng.integers(200, LONGEST, 2))
        found += _wrong(drawn_scene(height, width, rng), None, run)
    return np.stack(found) if found else np.zeros((0, SIDE, SIDE, 3), np.uint8)


def _wrong(picture: RgbImage, face: Box | None, run: RunNetwork) -> Iterator[RgbImage]:
    """Yield the squares of the boxes that are not the face."""
    for hit in NetworkDetector(SCORE).detect(picture, LONGEST, run):
        if face is None or hit.box.overlap(face) < OVERLAP:
            square = box_square(hit.box).moved(0, 0, ROOM)
            crop = cv2.warpAffine(picture, square.transform(SIDE), (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
            yield np.asarray(crop, np.uint8)


def _box(tile: Tile) -> Box:
    low, high = tile.points.min(axis=0), tile.points.max(axis=0)
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))
