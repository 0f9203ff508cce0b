"""Aligned crops of a pack, cut as the service cuts them, cached as one uint8 array a pack.

A crop is `MARGIN` wider than the service's square, so that training can shift, turn and scale it without
running out of picture. The cache lives in `MIEN_CACHE` (default ~/.cache/mien) and is made once.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien_export.data.packs import Row, read_pictures, read_rows
from mien_service.engine.dlib_models import HogDetector, LandmarkPredictor
from mien_service.faces.align import DegenerateLandmarks, crop_transform, cut
from mien_service.faces.face import Box, Detection, RgbImage
from mien_service.faces.find import landmarks_in

MARGIN = 1.125
"""Side of a cached crop over the side of the service's square."""

CELEBA_FACE = Box(45, 93, 132, 180)
"""Where HOG sees the face in most CelebA pictures (median of 200): used where it sees none."""


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

    A picture without a face (and without a known place for one) has no crop and no row.
    """
    side = round(size * MARGIN)
    file = cache_folder() / f"{pack}-{side}.npz"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_crops(pack, size, file)
    with np.load(file) as saved:
        rows = read_rows(pack)
        return Crops(saved["pixels"], [rows[i] for i in saved["index"]])


def _write_crops(pack: str, size: int, file: Path) -> None:
    cutter = CropCutter(size)
    rows = read_rows(pack)
    fallback = CELEBA_FACE if pack == "celeba" else None
    pixels: list[RgbImage] = []
    index: list[int] = []
    for i, picture in enumerate(read_pictures(pack, [row["file"] for row in rows])):
        crop = cutter.cut(picture, fallback)
        if crop is not None:
            pixels.append(crop)
            index.append(i)
    unfinished = file.with_suffix(".part.npz")
    np.savez(unfinished, pixels=np.stack(pixels), index=np.array(index))
    unfinished.rename(file)


class CropCutter:
    """Cuts the widened aligned square out of a picture with one main face."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._detector = HogDetector()
        self._predictor = LandmarkPredictor()

    def cut(self, picture: RgbImage, fallback: Box | None = None) -> RgbImage | None:
        """Return the crop of the largest face, (side, side, 3), or None where no face is found."""
        found = self._detector.detect(picture) or ([Detection(fallback, 0.0)] if fallback else [])
        if not found:
            return None
        box = max((detection.box for detection in found), key=lambda box: box.area)
        side = round(self.size * MARGIN)
        try:
            transform = crop_transform(landmarks_in(self._predictor, picture, box), self.size)
        except DegenerateLandmarks:
            return None
        transform[:, 2] += (side - self.size) / 2
        return cut(picture, transform, side)
