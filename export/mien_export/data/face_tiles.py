"""Whole pictures of people with their mesh, to put together into scenes of many faces; cached as one file a set."""

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data.caching import write_arrays
from mien_export.data.crops import cache_folder
from mien_export.data.mesh_faces import PACKS, guesses
from mien_export.data.packs import is_training, is_validation, read_pictures, read_rows
from mien_export.teachers import occluders
from mien_export.teachers.mesh import MeshTeacher
from mien_service.faces.face import RgbImage

LONGEST = 320
"""Larger pictures are reduced to this longest side."""

TRAINING_TILES = {"celeba": 3500, "stylegan": 1100, "utkface": 1000, "cfp": 1800}
TESTING_TILES = {"celeba": 500, "stylegan": 75, "utkface": 250, "cfp": 250}
"""Most pictures of each pack in the two sets, spread over the pack; they share no identity."""

COVERED_SHARE = 0.4
"""Share of training tiles on which something lies over the face."""


TUNING_STEP = 10
"""Of the training tiles, one in so many is in no scene: thresholds are chosen on them.

They are training people all the same, whom the networks know from other pictures and other parts of the training.
"""


@dataclass(frozen=True, eq=False)
class Tile:
    """One picture (h, w, 3) uint8 RGB with one face, and points that span it, (n, 2) float32: its mesh, if known."""

    pixels: RgbImage
    points: NDArray[np.float32]


def load_tiles(*, training: bool) -> list[Tile]:
    """Return the tiles for training or for testing, made once and cached."""
    file = cache_folder() / f"tiles-{'training' if training else 'testing'}.npz"
    if not file.exists():
        write_tiles(_made(training=training), file)
    return read_tiles(file)


def read_tiles(file: Path) -> list[Tile]:
    """Return the tiles in a file of `write_tiles`."""
    with np.load(file) as saved:
        points, shapes, flat = saved["points"], saved["shapes"], saved["pixels"]
    ends = np.cumsum(shapes.prod(axis=1) * 3)
    starts = ends - shapes.prod(axis=1) * 3
    return [
        Tile(flat[start:end].reshape(*shape, 3), mesh)
        for start, end, shape, mesh in zip(starts, ends, shapes, points, strict=True)
    ]


def write_tiles(tiles: list[Tile], file: Path) -> None:
    """Write tiles with equally many points each, whole or not at all."""
    write_arrays(
        file,
        pixels=np.concatenate([tile.pixels.reshape(-1) for tile in tiles]),
        shapes=np.array([tile.pixels.shape[:2] for tile in tiles]),
        points=np.stack([tile.points for tile in tiles]),
    )


def training_tiles() -> list[Tile]:
    """Return the tiles that scenes are put together from."""
    return [tile for i, tile in enumerate(load_tiles(training=True)) if i % TUNING_STEP]


def tuning_tiles() -> list[Tile]:
    """Return the tiles to choose thresholds on."""
    return load_tiles(training=True)[::TUNING_STEP]


def _made(*, training: bool) -> list[Tile]:
    wanted = TRAINING_TILES if training else TESTING_TILES
    jobs: list[tuple[str, list[int]]] = []
    for pack in PACKS:
        chosen = [i for i, row in enumerate(read_rows(pack)) if (is_training if training else is_validation)(row)]
        chosen = [chosen[i] for i in np.unique(np.linspace(0, len(chosen) - 1, wanted[pack]).astype(int))]
        jobs += [(pack, chosen[start : start + 200]) for start in range(0, len(chosen), 200)]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        made = pool.map(_part, *zip(*jobs, strict=True), [COVERED_SHARE if training else 0.0] * len(jobs))
        return [tile for part in made for tile in part]


def _part(pack: str, index: list[int], covered_share: float) -> list[Tile]:
    cv2.setNumThreads(1)
    teacher, masks = MeshTeacher(), occluders.Masks()
    over = (masks.lay, masks.lay, occluders.glasses, occluders.hat, occluders.hand, occluders.scarf)
    rows = read_rows(pack)
    tiles: list[Tile] = []
    for i, picture in zip(index, read_pictures(pack, [rows[i]["file"] for i in index]), strict=True):
        scale = min(1.0, LONGEST / max(picture.shape[:2]))
        if scale < 1:
            picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        fit = teacher.fit(picture, guesses(pack, picture))
        if fit is None:
            continue
        rng = np.random.default_rng(i)
        if rng.random() < covered_share:
            picture, _ = over[int(rng.integers(len(over)))](picture, fit.mesh, rng)
        tiles.append(Tile(picture, fit.mesh[:, :2]))
    return tiles
