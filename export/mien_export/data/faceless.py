"""Squares that show no face, to tell faces from: drawn scenes, what lies beside faces, faces cut into pieces."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data.drawn_scenes import drawn_scene
from mien_export.data.mesh_faces import SIDE, MeshFaces
from mien_export.data.packs import is_training, read_pictures
from mien_service.faces.face import RgbImage
from mien_service.faces.mesh import Square

DRAWN_SEED = 1000
"""Scenes for training are drawn from seeds of this series; tests draw from another."""


def faceless_squares(count: int, faces: MeshFaces, pack: str) -> NDArray[np.uint8]:
    """Return (count, side, side, 3) uint8 squares without a whole face, of training people only.

    `faces` are those of `pack`.
    """
    rng = np.random.default_rng(DRAWN_SEED)
    training = [i for i, row in enumerate(faces.rows) if is_training(row)]
    drawn = (_drawn(rng) for _ in range(count // 2))
    pieces = (_shuffled(faces.pixels[i, 0], rng) for i in rng.choice(training, count // 8))
    names = [faces.rows[i]["file"] for i in rng.choice(training, count - count // 2 - count // 8)]
    beside = _beside(pack, names, rng)
    return np.stack([*drawn, *pieces, *beside])


def _drawn(rng: np.random.Generator) -> RgbImage:
    side = int(rng.integers(SIDE // 2, SIDE * 3))
    picture = drawn_scene(side, side, rng)
    return _resized(picture)


def _shuffled(face: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Return a face cut into 3 x 3 or more tiles in another order: skin and hair, but no face."""
    cells = int(rng.integers(3, 7))
    step = SIDE // cells
    tiles = [face[y * step : (y + 1) * step, x * step : (x + 1) * step] for y in range(cells) for x in range(cells)]
    order = rng.permutation(len(tiles))
    rows = [np.hstack([tiles[i] for i in order[row * cells : (row + 1) * cells]]) for row in range(cells)]
    return _resized(np.vstack(rows))


def _beside(pack: str, names: list[str], rng: np.random.Generator) -> Iterator[RgbImage]:
    """Yield squares of whole pictures with at most a small part of the face: hair, necks, clothes, backgrounds."""
    for picture, centre in zip(read_pictures(pack, names), rng.integers(2, size=(len(names), 2)), strict=True):
        height, width = picture.shape[:2]
        side = min(height, width) * rng.uniform(0.15, 0.5)
        # In these packs the face is in the middle: squares in the corners miss most of it.
        x, y = (side / 2 if c == 0 else size - side / 2 for c, size in zip(centre, (width, height), strict=True))
        square = Square(x, y, side, rng.uniform(-0.5, 0.5))
        crop = cv2.warpAffine(picture, square.transform(SIDE), (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
        yield np.asarray(crop, np.uint8)


def _resized(picture: RgbImage) -> RgbImage:
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
