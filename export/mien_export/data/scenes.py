"""Scenes of many faces: pictures of people laid over a background at any size, turned, overlapping; with boxes."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data.drawn_scenes import drawn_scene
from mien_export.data.face_tiles import Tile
from mien_service.faces.face import RgbImage

HIDDEN_SHARE = 0.4
"""A face of which more than this is covered by what was laid later, or outside, need not be found."""


@dataclass(frozen=True)
class SceneOptions:
    """How scenes are put together. Sizes are the longer side of the mesh's box over the longer side of the scene."""

    height: int
    width: int
    faces: tuple[int, int]
    sizes: tuple[float, float]
    turn_degrees: float = 12.0
    lying_share: float = 0.0
    """Share of faces turned by anything up to 60 degrees."""
    apart: bool = False
    """Whether faces keep clear of each other and of the scene's edge."""
    whole_share: float = 0.6
    """Share of pictures laid with their own background, as a rectangle; of the others only the head is laid."""
    pieces: int = 0
    """Most cut-up or faceless pieces of the same pictures that are laid among the faces."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture (h, w, 3) uint8 RGB and the boxes of its faces, (n, 4) float32: left, top, right, bottom.

    hidden: (m, 4), the boxes of faces that are mostly hidden: neither to be found nor wrong if they are.
    """

    pixels: RgbImage
    boxes: NDArray[np.float32]
    hidden: NDArray[np.float32]


class SceneComposer:
    """Puts scenes together from tiles, a scene for each seed."""

    def __init__(self, tiles: list[Tile], options: SceneOptions) -> None:
        self._tiles = tiles
        self._options = options

    def compose(self, seed: int) -> Scene:
        """Return the scene of `seed`."""
        rng, options = np.random.default_rng(seed), self._options
        pixels = self._background(rng)
        for _ in range(int(rng.integers(options.pieces + 1))):
            self._lay_piece(pixels, rng)
        boxes: list[NDArray[np.float64]] = []
        covers: list[NDArray[np.float32]] = []
        for _ in range(int(rng.integers(options.faces[0], options.faces[1] + 1))):
            self._lay_face(pixels, boxes, covers, rng)
        placed = np.array(boxes, np.float32).reshape(-1, 4)
        is_hidden = np.array(_hidden_shares(boxes, covers, pixels.shape[:2])) > HIDDEN_SHARE
        return Scene(pixels, placed[~is_hidden], placed[is_hidden])

    def _background(self, rng: np.random.Generator) -> RgbImage:
        """Return a drawn scene, or a tile's own colours smeared beyond recognition."""
        height, width = self._options.height, self._options.width
        if rng.random() < 0.6:
            return drawn_scene(height, width, rng)
        tile = self._any(rng).pixels
        smear = cv2.resize(tile, (int(rng.integers(3, 9)), int(rng.integers(3, 9))), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(smear, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        return np.clip(picture + rng.normal(0, rng.uniform(0, 8), picture.shape), 0, 255).astype(np.uint8)

    def _lay_face(
        self,
        pixels: RgbImage,
        boxes: list[NDArray[np.float64]],
        covers: list[NDArray[np.float32]],
        rng: np.random.Generator,
    ) -> None:
        """Lay one face if there is room for it (several places are tried where faces keep apart)."""
        options, tile = self._options, self._any(rng)
        longest = max(options.height, options.width)
        size = longest * np.exp(rng.uniform(*np.log(options.sizes)))
        for _ in range(30):
            matrix = self._placement(tile, size, rng)
            points = tile.points @ matrix[:, :2].T + matrix[:, 2]
            box = np.concatenate([points.min(axis=0), points.max(axis=0)])
            if not options.apart or self._is_clear(box, boxes):
                break
        else:
            return
        covers.append(self._lay(pixels, tile, matrix, rng, whole=rng.random() < options.whole_share))
        boxes.append(box)

    def _placement(self, tile: Tile, size: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the similarity from the tile into the scene that makes its face `size` pixels long."""
        options = self._options
        low, high = tile.points.min(axis=0), tile.points.max(axis=0)
        scale = size / float((high - low).max())
        lying = rng.random() < options.lying_share
        angle = np.radians(rng.uniform(-60, 60) if lying else rng.normal(0, options.turn_degrees))
        flip = rng.choice([-1.0, 1.0])
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        turn = np.array([[cos * flip, -sin], [sin * flip, cos]])
        place = rng.uniform([0, 0], [options.width, options.height])
        return np.column_stack([turn, place - turn @ ((low + high) / 2)])

    def _is_clear(self, box: NDArray[np.float64], boxes: list[NDArray[np.float64]]) -> bool:
        """Return whether a face at `box`, hair and neck included, touches no other face and no edge."""
        options, room = self._options, 0.35 * (box[2:] - box[:2])
        left, top, right, bottom = *(box[:2] - room), *(box[2:] + room)
        if left < 0 or top < 0 or right > options.width or bottom > options.height:
            return False
        return all(right < b[0] or b[2] < left or bottom < b[1] or b[3] < top for b in boxes)

    def _lay(
        self, pixels: RgbImage, tile: Tile, matrix: NDArray[np.float64], rng: np.random.Generator, *, whole: bool
    ) -> NDArray[np.float32]:
        """Lay a tile over the scene and return how much of each pixel it covers."""
        height, width = pixels.shape[:2]
        matte = np.full(tile.pixels.shape[:2], 255, np.uint8)
        if not whole:
            matte[:] = 0
            low, high = tile.points.min(axis=0), tile.points.max(axis=0)
            middle, half = (low + high) / 2, (high - low) * rng.uniform(0.6, 0.85)
            centre = (round(float(middle[0])), round(float(middle[1] - 0.15 * half[1])))
            cv2.ellipse(matte, centre, (round(float(half[0])), round(float(half[1]))), 0, 0, 360, 255, -1)
            matte = np.asarray(cv2.GaussianBlur(matte, (0, 0), float(half.max()) * 0.06), np.uint8)
        reduce = min(1.0, 1.5 * float(np.hypot(*matrix[:, 0])))
        source, shrunk = tile.pixels, matrix
        if reduce < 1:
            size = tuple(max(round(side * reduce), 1) for side in tile.pixels.shape[1::-1])
            source = np.asarray(cv2.resize(source, size, interpolation=cv2.INTER_AREA), np.uint8)
            matte = np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.uint8)
            shrunk = matrix @ np.diag([tile.pixels.shape[1] / size[0], tile.pixels.shape[0] / size[1], 1])
        warped = cv2.warpAffine(source, shrunk, (width, height), borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.warpAffine(matte, shrunk, (width, height)).astype(np.float32) / np.float32(255)
        light = rng.uniform(0.75, 1.2)
        pixels[:] = np.clip(pixels + (warped * np.float32(light) - pixels) * cover[..., None], 0, 255).astype(np.uint8)
        return cover

    def _lay_piece(self, pixels: RgbImage, rng: np.random.Generator) -> None:
        """Lay a part of a tile without its face, or a face cut up: rectangles and skin that are no faces."""
        tile = self._any(rng)
        height = tile.pixels.shape[0]
        if rng.random() < 0.5:
            part = tile.pixels[: max(int(tile.points[:, 1].min()), 8)] if rng.random() < 0.5 else _cut_up(tile, rng)
        else:
            part = tile.pixels[min(int(tile.points[:, 1].max()), height - 8) :]
        if rng.random() < 0.5:
            part = part[::-1]
        scale = rng.uniform(0.3, 1.5)
        part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        part = part[: pixels.shape[0], : pixels.shape[1]]
        top, left = (int(rng.integers(room + 1)) for room in np.subtract(pixels.shape[:2], part.shape[:2]))
        pixels[top : top + part.shape[0], left : left + part.shape[1]] = part

    def _any(self, rng: np.random.Generator) -> Tile:
        return self._tiles[int(rng.integers(len(self._tiles)))]


def _cut_up(tile: Tile, rng: np.random.Generator) -> RgbImage:
    """Return the face's square in 3 x 3 or more cells, in another order."""
    low, high = np.clip(tile.points.min(axis=0), 0, None).astype(int), tile.points.max(axis=0).astype(int)
    face = np.asarray(cv2.resize(tile.pixels[low[1] : high[1] + 1, low[0] : high[0] + 1], (120, 120)), np.uint8)
    cells = int(rng.integers(3, 6))
    step = 120 // cells
    order = rng.permutation(cells * cells)
    rows = [
        np.hstack([face[(i // cells) * step :, (i % cells) * step :][:step, :step] for i in order[r * cells :][:cells]])
        for r in range(cells)
    ]
    return np.vstack(rows)


def _hidden_shares(
    boxes: list[NDArray[np.float64]], covers: list[NDArray[np.float32]], shape: tuple[int, ...]
) -> list[float]:
    """Return the share of each box that lies outside the scene or under what was laid after it."""
    shares: list[float] = []
    above = np.zeros(shape, np.float32)
    for box, cover in zip(reversed(boxes), reversed(covers), strict=True):
        left, top = np.clip(np.floor(box[:2]), 0, None).astype(int)
        right, bottom = np.clip(np.ceil(box[2:]), 0, None).astype(int)
        shown = 1 - above[top:bottom, left:right]
        shares.append(1 - float(shown.sum() / ((box[2] - box[0]) * (box[3] - box[1]))))
        above = np.maximum(above, cover)
    return shares[::-1]
