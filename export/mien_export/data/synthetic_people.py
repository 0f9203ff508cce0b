"""Aligned crops of people made by the generator, cut as the service cuts them, and cached.

A crop is as those of `crops.py`: `MARGIN` wider than the service's square. The generator's own frame is about that
square, so the margin is a repeated rim.
"""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.data.caching import write_arrays
from mien_export.data.crops import WEIGHTS, CropCutter, cache_folder, moved_mesh, networks_key
from mien_export.runner import WeightsRunner
from mien_export.teachers.generator import TAP
from mien_export.teachers.people import styles_of
from mien_export.teachers.renderer import Renderer
from mien_service.faces.align import Affine, cut
from mien_service.faces.face import Mesh, RgbImage

CROP_SIZE = 256
"""Side of the service's square within each crop."""

PART = 100
"""People that one process renders at a time, kept in a file of their own: a broken run goes on."""


NAMES = ("seeds", "pixels", "meshes", "transforms")


@dataclass(frozen=True, eq=False)
class SyntheticPeople:
    """People in whose picture the service finds a face.

    seeds: (n,); pixels: (n, 288, 288, 3) uint8 RGB; meshes: (n, 468, 3) float32 in pixels of the crop; transforms:
    (n, 2, 3), from the generator's picture at 256 pixels to the crop.
    """

    seeds: NDArray[np.int64]
    pixels: NDArray[np.uint8]
    meshes: NDArray[np.float32]
    transforms: NDArray[np.float64]

    def at(self, index: Sequence[int] | NDArray[np.integer]) -> "SyntheticPeople":
        """Return the people numbered `index`, in that order."""
        chosen = np.asarray(index, np.int64)
        return SyntheticPeople(self.seeds[chosen], self.pixels[chosen], self.meshes[chosen], self.transforms[chosen])


def load_people(count: int) -> SyntheticPeople:
    """Return the people of the seeds 0 to `count` (a multiple of PART); each part is rendered once and cached."""
    files = [cache_folder() / f"people-{start:06d}-{people_key()}.npz" for start in range(0, count, PART)]
    missing = [(range(i * PART, (i + 1) * PART), file) for i, file in enumerate(files) if not file.exists()]
    if missing:
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
            list(pool.map(_write_part, *zip(*missing, strict=True)))
    parts = [dict(np.load(file)) for file in files]
    return SyntheticPeople(*(np.concatenate([part[name] for part in parts]) for name in NAMES))


def people_key() -> str:
    """Return a short name of what places and renders people: other networks make other crops."""
    return hashlib.sha256(networks_key(WEIGHTS).encode() + TAP.read_bytes()).hexdigest()[:8]


def _write_part(seeds: range, file: Path) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    cutter = CropCutter(CROP_SIZE, WeightsRunner(WEIGHTS))
    people = rendered_people(seeds, Renderer(), cutter)
    write_arrays(file, **{name: getattr(people, name) for name in NAMES})


def rendered_people(seeds: Sequence[int], render: Renderer, cutter: CropCutter) -> SyntheticPeople:
    """Return the people of some seeds, rendered and cut now."""
    kept: list[tuple[int, RgbImage, Mesh, Affine]] = []
    for seed, picture in zip(seeds, render(styles_of(seeds)), strict=True):
        found = cutter.locate(picture)
        if found is not None:
            face, transform = found
            kept.append((seed, cut(picture, transform, cutter.side), moved_mesh(face, transform), transform))
    side = cutter.side
    return SyntheticPeople(
        np.array([seed for seed, *_ in kept], np.int64),
        np.array([pixels for _, pixels, *_ in kept], np.uint8).reshape(-1, side, side, 3),
        np.array([mesh for *_, mesh, _ in kept], np.float32).reshape(-1, 468, 3),
        np.array([transform for *_, transform in kept], np.float64).reshape(-1, 2, 3),
    )
