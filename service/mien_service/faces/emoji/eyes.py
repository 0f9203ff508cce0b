"""Large glossy eyes, and brows."""

from dataclasses import dataclass

import cv2
import numpy as np

from mien_service.faces.edit import Field
from mien_service.faces.emoji.canvas import Canvas, lowered, rounded, stroke
from mien_service.faces.emoji.colours import Lab, chroma, livelier, shaded, to_rgb, tones
from mien_service.faces.emoji.parts import Face
from mien_service.faces.face import Points

WIDER, TALLER, ROUNDER = 0.32, 0.8, 0.3
"""By which shares open eyes grow, and how far their outline becomes an ellipse."""

CLOSED, OPEN = 0.11, 0.19
"""Height over width of an eye's opening up to which it is closed, and from which on it is open."""

LID_LIGHTNESS, LID_CHROMA = (0.63, 0.72), (0.55, 0.8)
"""What lies in the iris's place over skin, in lightness and chroma: up to the first an iris, from the second a lid."""

WHITE = (250.0, 248.0, 246.0)
INK = np.array([12, 5, 4], np.float32)
"""Of lashes and pupils, L*a*b*."""

USUAL_IRIS = np.array([24, 8, 14], np.float32)

BROWS = (
    ((46, 53, 52, 65, 55), (70, 63, 105, 66, 107)),
    ((276, 283, 282, 295, 285), (300, 293, 334, 296, 336)),
)
"""Lower and upper edges, from the temple to the nose."""


BROW_SMOOTH, BROW_ROOM = 0.018, 0.045
"""Deviation by which a brow's lightness is smoothed, and how far beyond the mesh's brow it may reach, in eye
distances."""

BROW_FROM = 0.5
"""Share of a brow's own depth from which on a pixel is the brow's."""


@dataclass(frozen=True, eq=False)
class Eye:
    """An eye as the photo shows it.

    outline: (16, 2), from the outer corner along the lower lid to the inner one, and back along the upper lid; opened:
    0 closed to 1 open; gaze: (2,), the middle of the iris; iris: its colour in L*a*b*.
    """

    outline: Points
    opened: float
    gaze: Points
    iris: Lab

    @property
    def width(self) -> float:
        """From corner to corner, in pixels."""
        return max(float(np.hypot(*(self.outline[8] - self.outline[0]))), 1.0)


def eye_of(lab: Field, face: Face, outline: tuple[int, ...], skin: Lab) -> Eye:
    """Return the eye whose outline has these points of the mesh, in L*a*b* (h, w, 3); skin: the photo's.

    The mesh hardly knows closed eyes: where lids have the skin's colour in the iris's place, the eye is closed, too.
    """
    points = face[outline]
    along = points[8] - points[0]
    width = max(float(np.hypot(*along)), 1.0)
    lids = points[9:16][::-1].mean(axis=0) - points[1:8].mean(axis=0)
    height = abs(float(along[0] * lids[1] - along[1] * lids[0])) / width * 1.25
    opened = float(np.clip((height / width - CLOSED) / (OPEN - CLOSED), 0, 1))
    gaze, iris = _iris(lab, points, width)
    return Eye(points, opened * (1 - _lidded(lab, points, gaze, skin)), gaze, iris)


def _lidded(lab: Field, outline: Points, gaze: Points, skin: Lab) -> float:
    """Return in 0..1 how much what lies in the iris's place is as light and as colourful as skin."""
    canvas = Canvas(lab).around(outline, 2)
    width = float(np.hypot(*(outline[8] - outline[0])))
    inside = (canvas.mask(outline) > 0.5) & (canvas.away(gaze, 0.16 * max(width, 1.0)) < 1)
    if not inside.any():
        return 0.0
    seen = canvas.pixels[inside].mean(axis=0)
    light = np.interp(float(seen[0] / max(skin[0], 1.0)), LID_LIGHTNESS, [0, 1])
    colourful = np.interp((chroma(seen) + 2) / (chroma(skin) + 2), LID_CHROMA, [0, 1])
    return float(light * colourful)


def _iris(lab: Field, outline: Points, width: float) -> tuple[Points, Lab]:
    """Return the middle of the iris, (2,), and its colour."""
    canvas = Canvas(lab).around(outline, 2)
    opening = canvas.mask(outline)
    middle = outline.mean(axis=0)
    light = canvas.pixels[..., 0]
    inside = opening > 0.5
    if inside.sum() < 6:
        return middle, USUAL_IRIS
    bright = float(np.percentile(light[inside], 70))
    dark = np.clip(bright - light, 0, 40) * opening * canvas.glow(middle, 0.33 * width)
    if dark.sum() < 1:
        return middle, USUAL_IRIS
    x, y = (
        float(np.average(np.arange(n), weights=dark.sum(axis=axis))) for n, axis in ((dark.shape[1], 0), (len(dark), 1))
    )
    found = np.array([x + canvas.left, y + canvas.top], np.float32)
    away = canvas.away(found, 0.19 * width)
    ring = opening * (away < 0.95) * (away > 0.35)
    return found, tones(canvas.pixels, np.asarray(ring, np.float32), USUAL_IRIS).middle


def draw_eye(canvas: Canvas, eye: Eye, skin: Lab, strength: float, clear: Field) -> None:
    """Draw an eye, larger as strength says; `clear`, (h, w) in 0..1, is what nothing lies before."""
    part = canvas.around(eye.outline, 0.7 * eye.width)
    seen = part.of(clear)
    larger = _larger(eye, strength)
    width = eye.width * (1 + WIDER * strength)
    shade = to_rgb(shaded(skin, 11))
    if eye.opened < 1:
        _draw_closed(part, larger, width, seen * np.float32(1 - eye.opened))
    if eye.opened > 0:
        seen = np.asarray(seen * np.float32(min(2 * eye.opened, 1)), np.float32)
        curve = rounded(larger)
        part.lay(shade, seen * 0.55 * part.mask(lowered(larger, -0.05 * width), 0.09 * width))
        opening = np.asarray(part.mask(curve) * seen, np.float32)
        part.lay(WHITE, opening)
        _draw_iris(part, eye, larger, opening, strength)
        _draw_lids(part, larger, width, seen, shade)


def _larger(eye: Eye, strength: float) -> Points:
    """Return the eye's outline, grown about its middle along and across its axis."""
    along = (eye.outline[8] - eye.outline[0]) / eye.width
    across = np.array([-along[1], along[0]])
    middle = eye.outline.mean(axis=0)
    away = eye.outline - middle
    x, y = away @ along, away @ across
    taller = 1 + TALLER * strength * (0.3 + 0.7 * eye.opened)
    turn = np.arctan2(y / max(float(np.abs(y).max()), 1.0), x / max(float(np.abs(x).max()), 1.0))
    rounder = ROUNDER * strength * eye.opened
    x = x + rounder * (np.cos(turn) * 0.96 * np.abs(x).max() - x)
    y = y + rounder * (np.sin(turn) * 0.96 * np.abs(y).max() - y)
    grown = middle + np.outer(x * (1 + WIDER * strength), along) + np.outer(y * taller, across)
    return np.asarray(grown, np.float32)


def _draw_closed(part: Canvas, outline: Points, width: float, seen: Field) -> None:
    """Draw the line where the lids meet."""
    upper, lower = outline[8:][::-1], outline[1:8]
    line = np.concatenate([outline[:1], (upper[:-1] + lower) / np.float32(2), outline[8:9]])
    part.lay(to_rgb(INK), seen * part.mask(stroke(line.astype(np.float32), (0.04, 0.1, 0.12, 0.1, 0.03), width)))


def _draw_iris(part: Canvas, eye: Eye, outline: Points, opening: Field, strength: float) -> None:
    """Draw iris, pupil, the lid's shadow and the highlights."""
    width = eye.width * (1 + WIDER * strength)
    height = float(outline[:, 1].max()) - float(outline[:, 1].min())
    radius = float(np.clip(0.52 * height, 0.22 * width, 0.33 * width))
    middle = outline.mean(axis=0)
    place = middle + (eye.gaze - eye.outline.mean(axis=0)) * np.array([1 + WIDER * strength, 1.0])
    place = np.asarray(place, np.float32)
    colour = livelier(eye.iris, float(np.interp(float(eye.iris[0]), [10, 50], [14, 4])), 1.7, strength)
    disc = part.disc(place, radius)
    part.lay(to_rgb(shaded(colour, 16)), opening * disc)
    part.lay(to_rgb(colour), opening * part.disc(place, 0.86 * radius))
    below = part.glow(lowered(place, 0.55 * radius), (0.55, 0.38), radius)
    part.lay(to_rgb(shaded(colour, -18)), opening * part.disc(place, 0.84 * radius) * below * np.float32(0.85))
    part.lay(to_rgb(INK), opening * part.disc(place, 0.5 * radius))
    unshaded = part.mask(rounded(lowered(outline, 0.16 * height)), 0.04 * height)
    part.lay((60.0, 45.0, 55.0), opening * (1 - unshaded) * np.float32(0.4))
    for dx, dy, size, share in ((-0.3, -0.34, 0.27, 0.97), (0.34, 0.36, 0.13, 0.8)):
        spot = place + np.array([dx * radius, dy * radius], np.float32)
        part.lay((255.0, 255.0, 255.0), opening * part.disc(spot, size * radius) * np.float32(share))


def _draw_lids(part: Canvas, outline: Points, width: float, seen: Field, shade: Field) -> None:
    """Draw lashes, the lower lid and the crease above the eye."""
    upper = np.concatenate([outline[:1], outline[8:][::-1]])
    part.lay(to_rgb(INK), seen * part.mask(stroke(upper, (0.03, 0.07, 0.08, 0.075, 0.05, 0.02), width)))
    lower = outline[1:8]
    part.lay(shade * 0.7, seen * 0.6 * part.mask(stroke(lower, (0.01, 0.03, 0.01), width)))
    crease = lowered(upper[1:], -0.13 * width)
    part.lay(shade * 0.8, seen * 0.75 * part.mask(stroke(crease[:-1], (0.0, 0.035, 0.045, 0.03, 0.0), width)))


def draw_brows(canvas: Canvas, lab: Field, face: Face, skin: Lab, strength: float, clear: Field) -> None:
    """Draw both brows as flat shapes in their own form and colour; of faint ones less."""
    for lower, upper in BROWS:
        outline = np.concatenate([face[lower], face[upper[::-1]]])
        part = canvas.around(outline, 0.12 * face.unit)
        own = Canvas(lab).around(outline, 0.12 * face.unit)
        zone = part.mask(_fuller(outline, face.unit), 0.02 * face.unit)
        light = np.asarray(cv2.GaussianBlur(own.pixels[..., 0], (0, 0), BROW_SMOOTH * face.unit), np.float32)
        inside = zone > 0.5
        if not inside.any():
            continue
        darkest, bare = np.percentile(light[inside], [8, 85])
        depth = max(float(bare - darkest), 1.0)
        shape = np.clip(((bare - light) / depth - BROW_FROM) * 5 + np.float32(0.5), 0, 1) * zone
        colour = tones(own.pixels, shape, skin).middle
        colour = livelier(colour, -3.0, 1.15, strength)
        share = np.float32(np.interp(depth, [4, 14], [0, 1]))
        part.lay(to_rgb(colour), np.asarray(part.of(clear) * shape * share, np.float32))


def _fuller(outline: Points, unit: float) -> Points:
    """Return a brow's outline, lower (5) and upper edge (5), a little thicker."""
    low, high = outline[:5], outline[:4:-1]
    across = (high - low) / np.maximum(np.hypot(*(high - low).T), 1e-6)[:, None]
    thicker = np.float32(BROW_ROOM * unit) * across
    return rounded(np.concatenate([low - thicker * np.float32(0.6), (high + thicker)[::-1]]))
