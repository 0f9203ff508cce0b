"""Aligned crops of a pack, cut as the service cuts them, cached as one uint8 array a pack.

A crop is `MARGIN` wider than the service's square, so that training can shift, turn and scale it without
running out of picture. The cache lives in `MIEN_CACHE` (default ~/.cache/mien) and is made once for each pair of
networks that find and read faces.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien_export.data.packs import Row, read_pictures, read_rows
from mien_export.runner import WeightsRunner
from mien_service.engine.manifest import load_manifest
from mien_service.faces.align import crop_transform, cut
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import RgbImage
from mien_service.faces.find import FaceFinder, NoFaceFound
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.faces.networks import RunNetwork

MARGIN = 1.125
"""Side of a cached crop over the side of the service's square."""

WEIGHTS = Path("weights")
"""Where the networks lie that find and read faces."""


@dataclass(frozen=True, eq=False)
class Crops:
    """Crops of a pack: pixels (n, side, side, 3) uint8 RGB, and their label rows."""

    pixels: NDArray[np.uint8]
    rows: list[Row]

    def where(self, **wanted: str) -> "Crops":
        """Return the crops whose row has every wanted value."""
        keep = [i for i, row in enumerate(self.rows) if all(row[key] == value for key, value in wanted.items())]
        return Crops(self.pixels[keep], [self.rows[i] for i in keep])


def cache_folder() -> Path:
    """Return the folder of derived training data: `MIEN_CACHE`, or ~/.cache/mien."""
    return Path(os.environ.get("MIEN_CACHE", Path.home() / ".cache" / "mien"))


def load_crops(pack: str, size: int) -> Crops:
    """Return the crops of `pack`; `size` is the side of the service's square within each, in pixels.

    A picture in which the service finds no face has no crop and no row.
    """
    side = round(size * MARGIN)
    file = cache_folder() / f"{pack}-{side}-{_networks_key(WEIGHTS)}.npz"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_crops(pack, size, file)
    with np.load(file) as saved:
        rows = read_rows(pack)
        return Crops(saved["pixels"], [rows[i] for i in saved["index"]])


def _networks_key(weights: Path) -> str:
    """Return a short name of the networks that place the crops: others cut other crops."""
    manifest = load_manifest(weights)
    names = (*NetworkDetector.networks, *MeshLandmarks.networks)
    return hashlib.sha256("".join(manifest.entry(name).sha256 for name in names).encode()).hexdigest()[:8]


def _write_crops(pack: str, size: int, file: Path) -> None:
    cutter = CropCutter(size, WeightsRunner(WEIGHTS))
    rows = read_rows(pack)
    pixels: list[RgbImage] = []
    index: list[int] = []
    for i, picture in enumerate(read_pictures(pack, [row["file"] for row in rows])):
        crop = cutter.cut(picture)
        if crop is not None:
            pixels.append(crop)
            index.append(i)
    unfinished = file.with_suffix(".part.npz")
    np.savez(unfinished, pixels=np.stack(pixels), index=np.array(index))
    unfinished.rename(file)


class CropCutter:
    """Cuts the widened aligned square out of a picture with one main face."""

    def __init__(self, size: int, run: RunNetwork) -> None:
        self.size = size
        self._finder = FaceFinder(NetworkDetector(), MeshLandmarks())
        self._run = run

    def cut(self, picture: RgbImage) -> RgbImage | None:
        """Return the crop of the largest face, (side, side, 3), or None where no face is found."""
        try:
            [face] = self._finder.find(picture, "largest", self._run)
        except NoFaceFound:
            return None
        side = round(self.size * MARGIN)
        transform = crop_transform(face.landmarks, self.size)
        transform[:, 2] += (side - self.size) / 2
        return cut(picture, transform, side)
