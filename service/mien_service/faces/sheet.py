"""The touched part of a square's fields, resampled to suit the photo, and the photo's pixels that it covers.

Only that part is enlarged, turned and laid over: a mouth costs what a mouth is large, not what its face is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.align import Affine, apply, at_resolution, invert, scale_of
from mien_service.faces.edit import Field

FINE_RESOLUTION = 512
"""Coarse fields are enlarged smoothly (cubic) up to this side of the square, then to the photo linearly."""

FINEST = 3
"""Pixels of a sheet to a photo pixel's width, at most: enough for linear sampling to lose nothing."""

MARGIN = 3
"""Untouched pixels of the fields kept around the touched ones: what cubic enlarging looks at."""

TILE_WIDTH, TILE_HEIGHT = 256, 128
"""Photo pixels worked on at once: few enough that all that is computed for them stays in the processor's cache."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.right - self.left, self.bottom - self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the rectangle in an array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def empty(self) -> bool:
        """Whether no pixel lies in the rectangle."""
        return self.left >= self.right or self.top >= self.bottom

    def grown(self, by: int) -> "Box":
        """Return the rectangle `by` pixels larger on each side."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def within(self, other: "Box") -> "Box":
        """Return what the two rectangles share; empty where they share nothing."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        return Box(left, top, min(self.right, other.right), min(self.bottom, other.bottom))


@dataclass(frozen=True, eq=False)
class Sheet:
    """A part of n x n fields over an aligned square, resampled.

    resolution: n; box: the part, in the fields' pixels; size: its width and height after resampling, in sheet pixels;
    to_sheet: photo pixels to sheet pixels.
    """

    resolution: int
    box: Box
    size: tuple[int, int]
    to_sheet: Affine

    @cached_property
    def step(self) -> float:
        """Photo pixels that a sheet pixel is wide."""
        return 1 / scale_of(self.to_sheet)

    @cached_property
    def zoom(self) -> tuple[float, float]:
        """Sheet pixels that a pixel of the fields is wide and high."""
        (width, height), (columns, rows) = self.size, self.box.size
        return width / columns, height / rows

    def resampled(self, field: Field, interpolation: int | None = None) -> Field:
        """Return the part of an (n, n) or (n, n, c) field: cubic where enlarged, averaged where reduced."""
        part = field[self.box.slices]
        if self.size == self.box.size:
            return part.copy()
        if interpolation is None:
            interpolation = cv2.INTER_CUBIC if self.zoom[0] > 1 else cv2.INTER_AREA
        return np.asarray(cv2.resize(part, self.size, interpolation=interpolation), np.float32)

    def rim(self, share: float) -> Field:
        """Return what fades from 1 to 0 over the outermost `share` of the whole square's side, over the sheet."""

        def ramp(start: int, count: int, zoom: float) -> Field:
            places = np.arange(count, dtype=np.float32) + np.float32(start * zoom)
            last = self.resolution * zoom - 1
            return np.asarray(np.clip(np.minimum(places, last - places) / (share * (last + 1)), 0, 1), np.float32)

        across = ramp(self.box.left, self.size[0], self.zoom[0])
        down = ramp(self.box.top, self.size[1], self.zoom[1])
        return np.minimum(down[:, None], across[None, :])

    def at(self, field: Field, box: Box, into: Field | None = None) -> Field:
        """Return a field of the sheet, (h, w) or (h, w, 4), sampled at the photo's pixels in `box`; 0 beyond it.

        `into`, at least as large as `box`, is written to and lent out, which saves asking for memory.
        """
        width, height = box.size
        local = self.to_sheet.copy()
        local[:, 2] += self.to_sheet[:, :2] @ np.array([box.left, box.top])
        place = np.empty((height, width, *field.shape[2:]), np.float32) if into is None else into[:height, :width]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(field, local, box.size, place, flags=flags, borderMode=cv2.BORDER_CONSTANT)
        return place

    def tiles(self, used: Mask, width: int, height: int) -> Iterator[Box]:
        """Yield rectangles of a photo of this size that cover what pixels of the sheet in `used`, (h, w), reach.

        They do not overlap, and are at most TILE_WIDTH x TILE_HEIGHT.
        """
        back = invert(self.to_sheet)
        whole = _reach(used, Box(0, 0, *self.size), back)
        if whole is None:
            return
        window = whole.within(Box(0, 0, width, height))
        for top in range(window.top, window.bottom, TILE_HEIGHT):
            for left in range(window.left, window.right, TILE_WIDTH):
                tile = Box(left, top, left + TILE_WIDTH, top + TILE_HEIGHT).within(window)
                under = _hull(tile, self.to_sheet).within(Box(0, 0, *self.size))
                reached = _reach(used, under, back)
                if reached is not None and not (smaller := reached.within(tile)).empty:
                    yield smaller


def sheet_over(touched: Mask, transform: Affine) -> Sheet | None:
    """Return the sheet over the pixels in `touched`, (n, n), of the square that `transform` cuts (photo to 256 px).

    None if there are none. It is not much finer than the photo, so that a small face's fields are averaged down rather
    than picked from.
    """
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    if not len(rows):
        return None
    n = touched.shape[0]
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    box = box.grown(MARGIN).within(Box(0, 0, n, n))
    to_square = at_resolution(transform, n)
    side = min(FINEST * n / scale_of(to_square), max(n, FINE_RESOLUTION))
    width, height = (max(round(length * side / n), 1) for length in box.size)
    zoom = np.array([width / box.size[0], height / box.size[1]])
    # Pixel centre x of the fields lies at (x - left + 0.5) * zoom - 0.5 of the sheet.
    to_sheet = to_square * zoom[:, None]
    to_sheet[:, 2] += (0.5 - np.array([box.left, box.top])) * zoom - 0.5
    return Sheet(n, box, (width, height), to_sheet)


def _hull(box: Box, transform: Affine) -> Box:
    """Return the rectangle around all pixels whose neighbours' centres may lie in `box` under `transform`."""
    x0, y0, x1, y1 = box.left - 1, box.top - 1, box.right, box.bottom
    corners = apply(transform, np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32))
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 1
    return Box(int(left), int(top), int(right), int(bottom))


def _reach(used: Mask, part: Box, back: Affine) -> Box | None:
    """Return the rectangle of photo pixels that used pixels of a part of the sheet reach, None if there are none."""
    if part.empty:
        return None
    inside = used[part.slices]
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return None
    left, top = part.left + int(columns[0]), part.top + int(rows[0])
    right, bottom = part.left + int(columns[-1]) + 1, part.top + int(rows[-1]) + 1
    return _hull(Box(left, top, right, bottom), back)
