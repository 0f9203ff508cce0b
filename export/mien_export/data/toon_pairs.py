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

CEL, SEED_STYLES = "cel", ("cartoon", "baby")

SEED_PAIRS = 28

POOR: dict[str, frozenset[int]] = {
    "cartoon": frozenset({5, 9, 12, 13, 16, 20}),
    "baby": frozenset({12, 13, 17, 19, 24}),
}
"""Numbers of seed pairs whose toon is no likeness of the photo, or broken: looked at one by one. Of the emoji nearly
all are: their eyes are holes."""


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
    return _cached(CEL, [row["file"] for row in read_rows("stylegan")])


def load_seed(style: str) -> ToonPairs:
    """Return the good pairs of one of SEED_STYLES. Raises ValueError for another style."""
    if style not in SEED_STYLES:
        raise ValueError(f"there is no style {style}")
    return _cached(style, [f"{i:02d}.webp" for i in range(SEED_PAIRS) if i not in POOR[style]])


def load_drawn(style: str) -> ToonPairs:
    """Return portraits with their drawings in one of the face stylizer's styles, restored by what it loses of them."""
    drawn = load_drawn_faces(style)
    rim = (drawn.crops.pixels.shape[1] - SIDE) // 2
    inner = np.s_[:, rim : rim + SIDE, rim : rim + SIDE]
    photos, drawings = drawn.crops.pixels[inner], drawn.drawings[inner]
    toons = np.stack([restored(*pair) for pair in zip(photos, drawings, strict=True)])
    return ToonPairs(photos, toons, [row["file"] for row in drawn.crops.rows])


def _cached(style: str, names: list[str]) -> ToonPairs:
    file = cache_folder() / f"toons-{style}-{networks_key(WEIGHTS)}.npz"
    if not file.exists():
        found = in_parts(toon_squares, [(style, name) for name in names])
        kept = [(i, *pair) for i, pair in enumerate(found) if pair is not None]
        index, photos, toons = zip(*kept, strict=True)
        write_arrays(file, index=np.array(index), photos=np.stack(photos), toons=np.stack(toons))
    with np.load(file) as saved:
        return ToonPairs(saved["photos"], saved["toons"], [names[i] for i in saved["index"]])


def toon_squares(chosen: Sequence[tuple[str, str]]) -> list[tuple[RgbImage, RgbImage] | None]:
    """Return the aligned squares of photo and toon for styles and names, None where no face is found on the photo."""
    cutter = CropCutter(SIDE, WeightsRunner(WEIGHTS))
    pairs: list[tuple[RgbImage, RgbImage] | None] = []
    for style, name in chosen:
        photo, toon = _pictures(style, name)
        located = cutter.locate(photo)
        if located is None:
            pairs.append(None)
            continue
        _, transform = located
        transform[:, 2] -= (cutter.side - SIDE) / 2
        pairs.append((cut(photo, transform, SIDE), cut(_as_large_as(toon, photo), transform, SIDE)))
    return pairs


def _pictures(style: str, name: str) -> tuple[RgbImage, RgbImage]:
    if style == CEL:
        [photo], [toon] = read_pictures("stylegan", [name]), read_pictures("toon_cel", [name])
    else:
        photo, toon = read_pictures("toon_pairs", [f"photo/{name}", f"{style}/{name}"])
    return photo, toon


def _as_large_as(toon: RgbImage, photo: RgbImage) -> RgbImage:
    if toon.shape == photo.shape:
        return toon
    return np.asarray(cv2.resize(toon, (photo.shape[1], photo.shape[0]), interpolation=cv2.INTER_CUBIC), np.uint8)
