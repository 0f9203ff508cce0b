"""A small view of paint and of the photo around it: where its edge lies, and what borders on it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.align import Affine, apply, cut, invert, scale_of
from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage
from mien_service.faces.sheet import Sheet

SIDE = 128
"""Longer side of the paint in the view: colour steps along a seam are smooth, grain is not wanted here."""

PAD = 6
"""Pixels of the view kept around the paint."""

BARE = 0.1
"""A matte below this shows the photo, by less and less."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Paint and photo in one small square.

    photo, paint: (s, s, 3) RGB in 0..255; matte: (s, s) in 0..1; bare: (s, s) in 0..1, 1 where the photo shows
    unpainted; to_view: photo pixels to view pixels.
    """

    photo: Field
    paint: Field
    matte: Field
    bare: Field
    to_view: Affine


def surroundings(photo: RgbImage, sheet: Sheet, paint: Field, matte: Field) -> Surroundings:
    """Return the view of `paint` (h, w, 3) with its `matte` (h, w), both over the sheet, and of the photo under it."""
    width, height = _paint_size(sheet)
    ratio = np.array([width / sheet.size[0], height / sheet.size[1]])
    to_view = sheet.to_sheet * ratio[:, None]
    to_view[:, 2] += 0.5 * ratio - 0.5 + PAD
    side = max(width, height) + 2 * PAD
    weighted = np.dstack([paint * matte[..., None], matte])
    small = np.zeros((side, side, 4), np.float32)
    small[PAD : PAD + height, PAD : PAD + width] = cv2.resize(weighted, (width, height), interpolation=cv2.INTER_AREA)
    seen = small[..., 3]
    colour = np.asarray(small[..., :3] / np.maximum(seen, 1e-6)[..., None], np.float32)
    bare = np.clip(1 - seen / BARE, 0, 1) * _within(photo, to_view, side)
    return Surroundings(cut(photo, to_view, side).astype(np.float32), colour, seen, bare.astype(np.float32), to_view)


def _within(photo: RgbImage, to_view: Affine, side: int) -> NDArray[np.bool_]:
    """Return which pixels of the view lie in the photo, (side, side)."""
    rows, columns = np.mgrid[0:side, 0:side]
    places = apply(invert(to_view), np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float32))
    height, width = photo.shape[:2]
    return ((places >= 0) & (places <= [width - 1, height - 1])).all(axis=1).reshape(side, side)


def depth(mask: NDArray[np.bool_]) -> Field:
    """Return how far each pixel of the mask is from what is not in it; the view's edge is no end."""
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3), np.float32)


def photo_pixel(view: Surroundings) -> float:
    """Return how many photo pixels a pixel of the view is wide."""
    return 1 / scale_of(view.to_view)


def places_in(mask: NDArray[np.bool_], view: Surroundings, most: int) -> NDArray[np.int64]:
    """Return at most `most` photo pixels, (k, 2) x, y, spread evenly over a mask in the view, (s, s)."""
    found = np.argwhere(mask)[:, ::-1].astype(np.float32)
    if len(found) > most:
        found = found[np.linspace(0, len(found) - 1, most).astype(int)]
    return np.rint(apply(invert(view.to_view), found)).astype(np.int64)


def in_sheet(field: Field, sheet: Sheet) -> Field:
    """Return a field over the view, (s, s, c), as a field over the sheet, (h, w, c)."""
    width, height = _paint_size(sheet)
    part = field[PAD : PAD + height, PAD : PAD + width]
    return np.asarray(cv2.resize(part, sheet.size, interpolation=cv2.INTER_CUBIC), np.float32)


def _paint_size(sheet: Sheet) -> tuple[int, int]:
    """Return the width and height of the sheet in the view."""
    zoom = min(SIDE / max(sheet.size), 1.0)
    return max(round(sheet.size[0] * zoom), 1), max(round(sheet.size[1] * zoom), 1)
