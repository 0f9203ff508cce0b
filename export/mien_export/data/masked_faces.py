"""Aligned crops with masks on, and where the masks are: overlays on the packs, and the pack mask_segmentation.

Crops lie as those of `crops.py` do. Overlays are cached as one file a pack and size.
"""

import os
import zipfile
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data.caching import write_arrays
from mien_export.data.crops import WEIGHTS, CropCutter, crops_file, load_crops, moved_mesh
from mien_export.data.packs import Row, data_folder, read_pictures
from mien_export.runner import WeightsRunner
from mien_export.teachers import occluders
from mien_export.teachers.mask_overlays import MaskOverlays
from mien_service.faces.align import cut
from mien_service.faces.face import Mesh, RgbImage

BARE_SHARE, GLASSES_SHARE = 0.15, 0.1
"""How often a hand, glasses or a hat is laid on instead of a mask, and glasses over a mask."""

OVERLAYS = 2
"""Raised whenever overlays look different: cached ones of an older kind are made again."""

PART = 500
"""Crops that one process works on at a time."""

MASK_LABEL = 2


@dataclass(frozen=True, eq=False)
class MaskedFaces:
    """Crops, some with a mask on: pixels (n, side, side, 3) uint8 RGB; cover (n, side, side) uint8, 255 on the mask.

    meshes: (n, 468, 3) float32 in pixels of the crop; rows: their label rows.
    """

    pixels: NDArray[np.uint8]
    cover: NDArray[np.uint8]
    meshes: NDArray[np.float32]
    rows: list[Row]


def load_overlays(pack: str, size: int) -> MaskedFaces:
    """Return the crops of `load_crops(pack, size)` with things laid on; made once and cached."""
    crops = load_crops(pack, size)
    file = crops_file(pack, size).with_stem(f"masked-{OVERLAYS}-{crops_file(pack, size).stem}")
    if not file.exists():
        starts = range(0, len(crops.rows), PART)
        parts = ([array[i : i + PART] for i in starts] for array in (crops.pixels, crops.meshes))
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
            made = list(pool.map(_covered_part, *parts))
        pixels, cover = (np.concatenate(part) for part in zip(*made, strict=True))
        write_arrays(file, pixels=pixels, cover=cover)
    with np.load(file) as saved:
        return MaskedFaces(saved["pixels"], saved["cover"], crops.meshes, crops.rows)


def _covered_part(
    pixels: NDArray[np.uint8], meshes: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    cv2.setNumThreads(1)
    overlays = MaskOverlays()
    # Each crop draws from its own pixels: what it gets does not depend on the others.
    seeds = [zlib.crc32(crop.tobytes()) for crop in pixels]
    made = [
        covered(crop, mesh, overlays, np.random.default_rng(seed))
        for crop, mesh, seed in zip(pixels, meshes, seeds, strict=True)
    ]
    return np.stack([one for one, _ in made]), np.stack([cover for _, cover in made])


def covered(
    crop: RgbImage, mesh: Mesh, overlays: MaskOverlays, rng: np.random.Generator
) -> tuple[RgbImage, NDArray[np.uint8]]:
    """Return a crop with a mask on, or with something that is none, and the mask's cover, (side, side) in 0..255."""
    if rng.random() < BARE_SHARE:
        others = (occluders.hand, occluders.hand, occluders.glasses, occluders.hat)
        return others[int(rng.integers(len(others)))](crop, mesh, rng)[0], np.zeros(crop.shape[:2], np.uint8)
    worn = overlays.wear(crop, mesh, rng)
    pixels, cover = worn.pixels, worn.cover
    if rng.random() < GLASSES_SHARE:
        pixels, over = occluders.glasses(pixels, mesh, rng)
        cover = cover * (1 - over)
    return pixels, np.rint(cover * 255).astype(np.uint8)


def load_segmented(part: Literal["training", "testing"], size: int) -> MaskedFaces:
    """Return the crops of a part of the pack mask_segmentation, cut as the service finds the masked faces."""
    cutter = CropCutter(size, WeightsRunner(WEIGHTS))
    pixels: list[RgbImage] = []
    cover: list[NDArray[np.uint8]] = []
    meshes: list[Mesh] = []
    rows: list[Row] = []
    with zipfile.ZipFile(data_folder() / "mask_segmentation.zip") as archive:
        names = sorted(n for n in archive.namelist() if n.startswith(f"{part}/") and n.endswith(".webp"))
        for name, photo in zip(names, read_pictures("mask_segmentation", names), strict=True):
            labels = archive.read(f"{Path(name).with_suffix('')}_labels.png")
            mask = cv2.imdecode(np.frombuffer(labels, np.uint8), cv2.IMREAD_GRAYSCALE)
            if mask is None:
                raise ValueError(f"mask_segmentation: the labels of {name} cannot be decoded")
            found = cutter.locate(photo)
            if found is None:
                continue
            face, transform = found
            levels = np.where(mask == MASK_LABEL, 255, 0).astype(np.uint8)
            pixels.append(cut(photo, transform, cutter.side))
            cover.append(np.asarray(cv2.warpAffine(levels, transform, (cutter.side,) * 2), np.uint8))
            meshes.append(moved_mesh(face, transform))
            rows.append({"file": name})
    return MaskedFaces(np.stack(pixels), np.stack(cover), np.stack(meshes), rows)
