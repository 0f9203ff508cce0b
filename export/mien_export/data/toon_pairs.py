"""Aligned squares of photos and of the same pictures as toons: what /toonify's network learns from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.data.augment import varied_colours
from mien_export.data.caching import write_arrays
from mien_export.data.crops import WEIGHTS, Crops, cache_folder, load_crops, networks_key
from mien_export.data.drawings import cel_drawing, pencil_drawing
from mien_export.data.drawn_faces import load_drawn_faces
from mien_export.data.packs import is_held_out
from mien_export.data.parallel import in_parts
from mien_service.faces.face import RgbImage

PACK, SIDE = "stylegan", 256
"""Whose faces are drawn, and the side of a square in pixels."""

VERSION = 2
"""Raised whenever toons are drawn otherwise: cached ones of an older kind are drawn again."""


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
    """Return the portraits of PACK, drawn as cels: all as they are, then all in other light. Drawn once and cached."""
    return _pairs("cel", load_crops(PACK, SIDE), lambda photos: in_parts(cels, list(photos)))


def load_sketch() -> ToonPairs:
    """Return those portraits that the face stylizer could draw, drawn with coloured pencils, else as load_cel does."""
    drawn = load_drawn_faces("sketch")
    return _pairs(
        "sketch", drawn.crops, lambda photos: in_parts(sketches, list(zip(photos, drawn.drawings, strict=True)))
    )


def cels(photos: Sequence[RgbImage]) -> list[RgbImage]:
    """Return each photo, drawn as a cel."""
    return [cel_drawing(photo) for photo in photos]


def sketches(pairs: Sequence[tuple[RgbImage, RgbImage]]) -> list[RgbImage]:
    """Return each photo, drawn with pencils; beside it is the stylizer's drawing of it."""
    return [pencil_drawing(photo, drawing) for photo, drawing in pairs]


def _pairs(style: str, crops: Crops, draw: Callable[[NDArray[np.uint8]], list[RgbImage]]) -> ToonPairs:
    """Return the inner squares of crops, twice, and of what `draw` makes of all crops at a time."""
    file = cache_folder() / f"toons-{style}-{PACK}-{networks_key(WEIGHTS)}-{VERSION}.npz"
    if not file.exists():
        lights = [crops.pixels, in_other_light(crops.pixels)]
        toons = [toon for photos in lights for toon in draw(photos)]
        write_arrays(file, photos=_inner(np.concatenate(lights)), toons=_inner(np.stack(toons)))
    with np.load(file) as saved:
        return ToonPairs(saved["photos"], saved["toons"], 2 * [row["file"] for row in crops.rows])


def in_other_light(photos: NDArray[np.uint8], seed: int = 0) -> NDArray[np.uint8]:
    """Return photos (n, h, w, 3), each with its brightness, contrast and tint varied at random."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return np.stack([_varied(photo) for photo in photos])


def _varied(photo: RgbImage) -> RgbImage:
    image = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 255
    return (varied_colours(image)[0].permute(1, 2, 0) * 255).round().byte().numpy()


def _inner(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rim = (crops.shape[1] - SIDE) // 2
    return np.ascontiguousarray(crops[:, rim : rim + SIDE, rim : rim + SIDE])
