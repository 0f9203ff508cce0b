"""Crops as the cache holds them, of generated people or of plain pixels."""

from collections.abc import Sequence

import cv2
import finding
import numpy as np
import people
from heads import POINTS
from numpy.typing import NDArray

from mien_export.data.crops import MARGIN, Crops
from mien_export.data.packs import Row
from mien_service.faces.face import Mesh, RgbImage


def crops_of(pixels: NDArray[np.uint8], rows: Sequence[Row]) -> Crops:
    """Return crops whose meshes are nowhere: for what does not look at them."""
    return Crops(pixels, np.zeros((len(pixels), POINTS, 3), np.float32), list(rows))


def people_crops(size: int, *names: str) -> Crops:
    """Return generated people, whose photos are framed as aligned squares are; `size` is the side of the square."""
    found = [_framed(people.person(name), size) for name in names]
    return Crops(
        np.stack([crop for crop, _ in found]),
        np.stack([mesh for _, mesh in found]),
        [{"file": f"{name}.webp"} for name in names],
    )


def _framed(photo: RgbImage, size: int) -> tuple[RgbImage, Mesh]:
    side, rim = round(size * MARGIN), round(len(photo) * (MARGIN - 1) / 2)
    wide = cv2.copyMakeBorder(photo, rim, rim, rim, rim, cv2.BORDER_REPLICATE)
    crop = np.asarray(cv2.resize(wide, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    [face] = finding.find(crop)
    assert face.mesh is not None
    return crop, face.mesh
