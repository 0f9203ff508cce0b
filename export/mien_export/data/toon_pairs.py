"""Aligned squares of photos and of the same pictures as toons: what /toonify's network learns from."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data.caching import write_arrays
from mien_export.data.crops import WEIGHTS, CropCutter, cache_folder, networks_key
from mien_export.data.drawn_faces import load_drawn_faces
from mien_export.data.packs import is_held_out, read_pictures, read_rows
from mien_export.data.parallel import in_parts
from mien_export.data.restored import restored
from mien_export.runner import WeightsRunner
from mien_service.faces.align import cut
from mien_service.faces.face import RgbImage

SIDE = 256


@dataclass(frozen=True, eq=False)
class ToonPairs:
    """Photos and toons, each (n, SIDE, SIDE, 3) uint8, and their files' names."""

    photos: NDArray[np.uint8]
    toons: NDArray[np.uint8]
    names: list[str]

    def first(self, count: int) -> "ToonPairs":
        """Return the first `count` pairs."""
        return ToonPairs(self.photos[:count], self.toons[:count], self.names[:count])

    def split(self, *, held_out: bool) -> "ToonPairs":
        """Return the pairs that are held out, or the others."""
        chosen = [i for i, name in enumerate(self.names) if is_held_out(name) == held_out]
        return ToonPairs(self.photos[chosen], self.toons[chosen], [self.names[i] for i in chosen])


def load_cel() -> ToonPairs:
    """Return the portraits of `stylegan` with their drawings of `toon_cel`; no face, no pair."""
    names = [row["file"] for row in read_rows("stylegan")]
    file = cache_folder() / f"toons-cel-{networks_key(WEIGHTS)}.npz"
    if not file.exists():
        found = in_parts(cel_squares, names)
        kept = [(i, *pair) for i, pair in enumerate(found) if pair is not None]
        index, photos, toons = zip(*kept, strict=True)
        write_arrays(file, index=np.array(index), photos=np.stack(photos), toons=np.stack(toons))
    with np.load(file) as saved:
        return ToonPairs(saved["photos"], saved["toons"], [names[i] for i in saved["index"]])


def load_drawn(style: str) -> ToonPairs:
    """Return portraits with their drawings in one of the face stylizer's styles, restored by what it loses of them."""
    drawn = load_drawn_faces(style)
    rim = (drawn.crops.pixels.shape[1] - SIDE) // 2
    inner = np.s_[:, rim : rim + SIDE, rim : rim + SIDE]
    photos, drawings = drawn.crops.pixels[inner], drawn.drawings[inner]
    toons = np.stack([restored(*pair) for pair in zip(photos, drawings, strict=True)])
    return ToonPairs(photos, toons, [row["file"] for row in drawn.crops.rows])


def cel_squares(names: Sequence[str]) -> list[tuple[RgbImage, RgbImage] | None]:
    """Return the aligned squares of portraits and their drawings, None where no face is found on the photo."""
    cutter = CropCutter(SIDE, WeightsRunner(WEIGHTS))
    pairs: list[tuple[RgbImage, RgbImage] | None] = []
    pictures = (read_pictures(pack, list(names)) for pack in ("stylegan", "toon_cel"))
    for photo, toon in zip(*pictures, strict=True):
        located = cutter.locate(photo)
        if located is None:
            pairs.append(None)
            continue
        _, transform = located
        transform[:, 2] -= (cutter.side - SIDE) / 2
        pairs.append((cut(photo, transform, SIDE), cut(_as_large_as(toon, photo), transform, SIDE)))
    return pairs


def _as_large_as(toon: RgbImage, photo: RgbImage) -> RgbImage:
    if toon.shape == photo.shape:
        return toon
    return np.asarray(cv2.resize(toon, (photo.shape[1], photo.shape[0]), interpolation=cv2.INTER_CUBIC), np.uint8)
