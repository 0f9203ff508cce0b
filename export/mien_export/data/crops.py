"""Aligned crops of a pack, cut as the service cuts them, cached as one uint8 array a pack.

A crop is `MARGIN` wider than the service's square, so that training can shift, turn and scale it without
running out of picture. The cache lives in `MIEN_CACHE` (default ~/.cache/mien) and is made once for each pair of
networks that find and read faces.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien_export.data.caching import write_arrays
from mien_export.data.packs import Row, read_pictures, read_rows
from mien_export.runner import WeightsRunner
from mien_service.engine.manifest import load_manifest
from mien_service.faces.align import Affine, apply, crop_transform, cut, scale_of
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Face, Mesh, RgbImage
from mien_service.faces.find import FaceFinder, NoFaceFound
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.faces.networks import RunNetwork

MARGIN = 1.125
"""Side of a cached crop over the side of the service's square."""

WEIGHTS = Path("weights")
"""Where the networks lie that find and read faces."""


@dataclass(frozen=True, eq=False)
class Crops:
    """Crops of a pack.

    pixels: (n, side, side, 3) uint8 RGB; meshes: (n, 468, 3) float32 in pixels of the crop; rows: their label rows.
    """

    pixels: NDArray[np.uint8]
    meshes: NDArray[np.float32]
    rows: list[Row]

    def at(self, index: Sequence[int]) -> "Crops":
        """Return the crops numbered `index`, in that order."""
        chosen = np.asarray(index, np.int64)
        return Crops(self.pixels[chosen], self.meshes[chosen], [self.rows[i] for i in chosen])

    def where(self, **wanted: str) -> "Crops":
        """Return the crops whose row has every wanted value."""
        return self.at([i for i, row in enumerate(self.rows) if all(row[key] == wanted[key] for key in wanted)])


def cache_folder() -> Path:
    """Return the folder of derived training data: `MIEN_CACHE`, or ~/.cache/mien."""
    return Path(os.environ.get("MIEN_CACHE", Path.home() / ".cache" / "mien"))


def load_crops(pack: str, size: int) -> Crops:
    """Return the crops of `pack`; `size` is the side of the service's square within each, in pixels.

    A picture in which the service finds no face has no crop and no row, and neither have people who are reserved.
    """
    file = crops_file(pack, size)
    if not file.exists():
        _write_crops(pack, size, file)
    with np.load(file) as saved:
        rows = read_rows(pack)
        return Crops(saved["pixels"], saved["meshes"], [rows[i] for i in saved["index"]])


def crops_file(pack: str, size: int) -> Path:
    """Return the cached file of the crops of `pack`."""
    return cache_folder() / f"{pack}-{round(size * MARGIN)}-{networks_key(WEIGHTS)}.npz"


def networks_key(weights: Path) -> str:
    """Return a short name of the networks that place the crops: others cut other crops."""
    manifest = load_manifest(weights)
    names = (*NetworkDetector.networks, *MeshLandmarks.networks)
    return hashlib.sha256("".join(manifest.entry(name).sha256 for name in names).encode()).hexdigest()[:8]


def _write_crops(pack: str, size: int, file: Path) -> None:
    cutter = CropCutter(size, WeightsRunner(WEIGHTS))
    rows = read_rows(pack)
    kept = [i for i, row in enumerate(rows) if row.get("split") != "reserved"]
    pixels: list[RgbImage] = []
    meshes: list[Mesh] = []
    index: list[int] = []
    for i, picture in zip(kept, read_pictures(pack, [rows[i]["file"] for i in kept]), strict=True):
        found = cutter.cut(picture)
        if found is not None:
            pixels.append(found[0])
            meshes.append(found[1])
            index.append(i)
    write_arrays(file, pixels=np.stack(pixels), meshes=np.stack(meshes), index=np.array(index))


class CropCutter:
    """Cuts the widened aligned square out of a picture with one main face."""

    def __init__(self, size: int, run: RunNetwork) -> None:
        self.size = size
        self.side = round(size * MARGIN)
        self._finder = FaceFinder(NetworkDetector(), MeshLandmarks())
        self._run = run

    def cut(self, picture: RgbImage) -> tuple[RgbImage, Mesh] | None:
        """Return the crop of the largest face, (side, side, 3), and its mesh, or None where no face is found."""
        found = self.locate(picture)
        if found is None:
            return None
        face, transform = found
        return cut(picture, transform, self.side), moved_mesh(face, transform)

    def locate(self, picture: RgbImage) -> tuple[Face, Affine] | None:
        """Return the largest face and the transform from the picture to its crop, or None where no face is found."""
        try:
            [face] = self._finder.find(picture, "largest", self._run)
        except NoFaceFound:
            return None
        transform = crop_transform(face.landmarks, self.size)
        transform[:, 2] += (self.side - self.size) / 2
        return face, transform


def moved_mesh(face: Face, transform: Affine) -> Mesh:
    """Return a face's mesh (468, 3) taken from the picture through a similarity."""
    assert face.mesh is not None
    plane, depth = apply(transform, face.mesh[:, :2]), face.mesh[:, 2] * scale_of(transform)
    return np.column_stack([plane, depth]).astype(np.float32)
