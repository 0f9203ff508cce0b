"""Lively eyes: the photo's gaze and iris, with depth, gloss and crisp lashes."""

from dataclasses import replace

import numpy as np

from mien_service.faces.drawn.canvas import Canvas, lowered, rounded, stroke
from mien_service.faces.drawn.colours import Lab, livelier, shaded, to_rgb
from mien_service.faces.drawn.eye import Eye
from mien_service.faces.edit import Field
from mien_service.faces.face import Points

LASHES = np.array([13, 7, 6], np.float32)
PUPIL = np.array([5, 2, 2], np.float32)
"""L*a*b*."""

WHITE, CORNER = (247.0, 246.0, 246.0), (205.0, 176.0, 172.0)
"""Of the white of an eye, in its middle and at its corners."""

SHADED, GREYEST = (28.0, 62.0), 0.78
"""Lightness of the lightest of an eye in deep shade and in good light, and how white it is drawn in shade."""

SHADE = (70.0, 52.0, 62.0)
"""That lids throw on an eye."""

IRIS = 0.34
"""Radius of an iris in widths of its eye."""

ROUNDER = 0.35
"""How far an open eye's outline becomes an ellipse."""

NARROWEST = 0.4
"""Height of a hardly opened eye's outline, as a share of the mesh's, which has all eyes open."""


def opened_eye(eye: Eye, larger: tuple[float, float], opening: float) -> Eye:
    """Return an eye whose outline is rounder, and wider and taller by factors, as far as it is open.

    opening: 0 to 1, how far the person opens the eyes.
    """
    eye = replace(eye, opened=eye.opened * min(1, 4 * opening))
    along = (eye.outline[8] - eye.outline[0]) / eye.width
    across = np.array([-along[1], along[0]])
    middle = eye.outline.mean(axis=0)
    away = eye.outline - middle
    x, y = away @ along, away @ across
    half = max(float(np.abs(x).max()), 1.0), max(float(np.abs(y).max()), 1.0)
    turn = np.arctan2(y / half[1], x / half[0])
    rounder = ROUNDER * eye.opened * opening
    x = x + rounder * (np.cos(turn) * 0.97 * half[0] - x)
    y = y + rounder * (np.sin(turn) * 0.97 * half[1] - y)
    wider, taller = (1 + (factor - 1) * eye.opened for factor in larger)
    taller = 1 + (taller - 1) * opening - (1 - NARROWEST) * (1 - opening)
    grown = middle + np.outer(x * wider, along) + np.outer(y * taller, across)
    return replace(eye, outline=grown.astype(np.float32))


def whiteness(lab: Field, eye: Eye) -> float:
    """Return how white an eye is drawn, up to 1: in the shade of L*a*b* (h, w, 3) it is as grey as it lets it be."""
    part = Canvas(lab).around(eye.outline, 2)
    inside = part.mask(eye.outline) > 0.5
    if not inside.any():
        return 1.0
    return float(np.interp(np.percentile(part.pixels[inside, 0], 90), SHADED, [GREYEST, 1]))


def draw_eye(canvas: Canvas, eye: Eye, skin: Lab, seen: Field, share: float, white: float) -> None:
    """Draw an open eye over the photo's.

    eye: as the picture shows it now; seen: (h, w) in 0..1, what nothing lies before; share: how much of it is drawn;
    white: how white, up to 1.
    """
    if eye.opened == 0:
        return
    part = canvas.around(eye.outline, 0.5 * eye.width)
    visible = np.asarray(part.of(seen) * np.float32(share * min(1.5 * eye.opened, 1)), np.float32)
    curve = rounded(eye.outline)
    opening = np.asarray(part.mask(curve, 0.35) * visible, np.float32)
    middle = eye.outline.mean(axis=0)
    height = max(float(np.ptp(eye.outline[:, 1])), 1.0)
    part.lay(np.array(CORNER, np.float32) * np.float32(white), opening)
    clear = np.minimum(np.float32(1.5) * part.glow(middle, (0.34 * eye.width, 0.6 * height)), 1)
    part.lay(np.array(WHITE, np.float32) * np.float32(white), opening * clear)
    _draw_iris(part, eye, opening, height)
    unshaded = part.mask(rounded(lowered(eye.outline, 0.17 * height)), 0.07 * height)
    part.lay(SHADE, opening * (1 - unshaded) * np.float32(0.5))
    _draw_gloss(part, eye, opening, height)
    _draw_lashes(part, eye.outline, eye.width, visible, skin)


def _clipped(share: Field) -> Field:
    return np.asarray(np.clip(share, 0, 1), np.float32)


def _radius(eye: Eye, height: float) -> float:
    """Return an iris's radius in pixels, of an eye as tall as `height`."""
    return float(np.clip(0.58 * height, 0.23 * eye.width, IRIS * eye.width))


def _draw_iris(part: Canvas, eye: Eye, opening: Field, height: float) -> None:
    radius = _radius(eye, height)
    colour = livelier(eye.iris, float(np.interp(float(eye.iris[0]), [8, 50], [15, 3])), 1.7, 1.0)
    away = part.away(eye.gaze, radius)
    edge = _clipped((1 - away) * np.float32(radius / 1.6) + np.float32(0.5))
    part.lay(to_rgb(shaded(colour, 20)), opening * edge)
    inner = _clipped((np.float32(0.93) - away) / np.float32(0.22))
    part.lay(to_rgb(colour), opening * inner)
    below = part.glow(lowered(eye.gaze, 0.5 * radius), (0.55, 0.36), radius)
    part.lay(to_rgb(livelier(colour, 24.0, 1.35, 1.0)), opening * inner * below * np.float32(0.9))
    pupil = _clipped((np.float32(0.5) - away) * np.float32(radius / 1.8) + np.float32(0.5))
    part.lay(to_rgb(PUPIL), opening * pupil)


def _draw_gloss(part: Canvas, eye: Eye, opening: Field, height: float) -> None:
    radius = _radius(eye, height)
    for dx, dy, size, share in ((-0.34, -0.36, 0.25, 0.98), (0.36, 0.38, 0.12, 0.75)):
        spot = (eye.gaze + np.array([dx * radius, dy * radius])).astype(np.float32)
        part.lay((255.0, 255.0, 255.0), opening * part.disc(spot, size * radius) * np.float32(share))
    part.lay((255.0, 255.0, 255.0), opening * part.glow(eye.gaze, (0.5, 0.5), radius) * np.float32(0.06))


def _draw_lashes(part: Canvas, outline: Points, width: float, seen: Field, skin: Lab) -> None:
    """Draw the upper lashes' line, with its wing, and a faint lower one."""
    upper = np.concatenate([outline[:1], outline[8:][::-1]])
    out = outline[0] - outline[8]
    wing = outline[0] + out * np.float32(0.07) + np.array([0, -0.03 * width], np.float32)
    line = np.concatenate([wing[None], upper]).astype(np.float32)
    drawn = part.mask(stroke(line, (0.0, 0.055, 0.075, 0.075, 0.06, 0.045, 0.02), width), 0.5)
    part.lay(to_rgb(LASHES), seen * drawn * np.float32(0.92))
    lower = part.mask(stroke(outline[:8], (0.03, 0.03, 0.022, 0.008), width), 0.6)
    part.lay(to_rgb(shaded(skin, 38)), seen * lower * np.float32(0.7))
