"""A picture that outlines and strokes are laid on, with smooth edges."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mien_service.faces.edit import Field
from mien_service.faces.face import Points

Colour = Sequence[float] | Field
"""RGB in 0..255, (3,), or one for each pixel, (h, w, 3)."""

BITS = 4
"""Outlines are rounded to sixteenths of a pixel."""

FINER = 2
"""Outlines are filled so many times finer and averaged: OpenCV's own smooth edges are ragged where a shape is thin."""

STEPS = 4
"""Pieces that each piece of an outline is rounded by."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """A part of a picture, (h, w, 3) RGB in 0..255, that is drawn on in place.

    left, top: where the part begins; all points are those of the whole picture.
    """

    pixels: Field
    left: int = 0
    top: int = 0

    def around(self, points: Points, margin: float) -> "Canvas":
        """Return the part around points (n, 2) and `margin` pixels more; at least a pixel."""
        height, width = self.pixels.shape[:2]
        corner = np.array([self.left, self.top])
        low = np.floor(points.min(axis=0) - margin - corner).clip(0, [width - 1, height - 1]).astype(int)
        high = np.ceil(points.max(axis=0) + margin - corner).clip(low + 1, [width, height]).astype(int)
        part = self.pixels[low[1] : high[1], low[0] : high[0]]
        return Canvas(part, self.left + int(low[0]), self.top + int(low[1]))

    def of(self, plane: Field) -> Field:
        """Return the part of a plane of the whole picture that lies under this one."""
        height, width = self.pixels.shape[:2]
        return plane[self.top : self.top + height, self.left : self.left + width]

    def mask(self, outline: Points, soft: float = 0.0) -> Field:
        """Return (h, w) in 0..1: what an outline (n, 2) encloses; `soft` is its edge's deviation in pixels."""
        height, width = self.pixels.shape[:2]
        whole = np.zeros((height, width), np.float32)
        places = outline - [self.left, self.top]
        room = 4 * soft + 2
        left, top = np.floor(places.min(axis=0) - room).clip(0, [width, height]).astype(int).tolist()
        right, bottom = np.ceil(places.max(axis=0) + room).clip(0, [width, height]).astype(int).tolist()
        if left >= right or top >= bottom:
            return whole
        drawn = np.zeros((FINER * (bottom - top), FINER * (right - left)), np.uint8)
        # Pixel centre x lies at FINER * (x + 0.5) - 0.5 of the finer picture.
        fine = FINER * (places - [left, top] + 0.5) - 0.5
        cv2.fillPoly(drawn, [np.rint(fine * 2**BITS).astype(np.int32)], 255, cv2.LINE_AA, shift=BITS)
        drawn = cv2.resize(drawn, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
        if soft > 0:
            drawn = cv2.GaussianBlur(drawn, (0, 0), soft)
        whole[top:bottom, left:right] = np.asarray(drawn, np.float32) / np.float32(255)
        return whole

    def away(self, place: Points, radii: tuple[float, float] | float, scale: float = 1.0) -> Field:
        """Return (h, w): how far each pixel is from a place (2,), in radii along x and y of `scale` pixels."""
        height, width = self.pixels.shape[:2]
        across, down = radii if isinstance(radii, tuple) else (radii, radii)
        x = (np.arange(width, dtype=np.float32) + np.float32(self.left - place[0])) / np.float32(across * scale)
        y = (np.arange(height, dtype=np.float32) + np.float32(self.top - place[1])) / np.float32(down * scale)
        return np.asarray(np.hypot(x[None], y[:, None]), np.float32)

    def disc(self, place: Points, radius: float) -> Field:
        """Return (h, w) in 0..1: a disc with a smooth edge."""
        return np.clip((1 - self.away(place, radius)) * np.float32(radius) + np.float32(0.5), 0, 1)

    def glow(self, place: Points, radii: tuple[float, float] | float, scale: float = 1.0) -> Field:
        """Return (h, w) in 0..1: a spot that fades out from its middle, its radii those of a normal deviation."""
        return np.exp(np.float32(-0.5) * self.away(place, radii, scale) ** 2)

    def lay(self, colour: Colour, share: Field) -> None:
        """Lay a colour over what `share`, (h, w) in 0..1, covers."""
        # Three planes of the share: numpy is slow where it has to repeat the last one itself.
        self.pixels[:] += (np.asarray(colour, np.float32) - self.pixels) * cv2.merge([share.astype(np.float32)] * 3)


def lowered(points: Points, by: float) -> Points:
    """Return points (n, 2) or a point (2,), `by` pixels farther down."""
    return points + np.array([0, by], np.float32)


def rounded(outline: Points, *, closed: bool = True) -> Points:
    """Return a smooth curve through points (n, 2): a Catmull-Rom spline, STEPS points for each of them."""
    ends = (outline[-1:], outline[:2]) if closed else (outline[:1], outline[-1:])
    run = np.concatenate([ends[0], outline, ends[1]])
    t = (np.arange(STEPS, dtype=np.float32) / STEPS)[None, :, None]
    before, first, second, after = (run[i : len(run) - 3 + i, None] for i in range(4))
    curve = 0.5 * (
        2 * first
        + (second - before) * t
        + (2 * before - 5 * first + 4 * second - after) * t**2
        + (3 * first - before - 3 * second + after) * t**3
    )
    points = curve.reshape(-1, 2)
    return np.asarray(points if closed else np.concatenate([points, outline[-1:]]), np.float32)


def stroke(line: Points, widths: Sequence[float], scale: float) -> Points:
    """Return a stroke's outline along a line (n, 2), as wide as `widths` says from start to end, in `scale` pixels."""
    curve = rounded(line, closed=False)
    along = np.gradient(curve, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)[:, None]
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / length
    places = np.linspace(0, len(widths) - 1, len(curve))
    half = np.interp(places, np.arange(len(widths)), widths)[:, None] * (scale / 2)
    return np.concatenate([curve + normal * half, (curve - normal * half)[::-1]]).astype(np.float32)
