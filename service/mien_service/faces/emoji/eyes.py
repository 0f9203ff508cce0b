"""Large glossy eyes."""

import numpy as np

from mien_service.faces.drawn.canvas import Canvas, lowered, rounded, stroke
from mien_service.faces.drawn.colours import Lab, livelier, shaded, to_rgb
from mien_service.faces.drawn.eye import Eye
from mien_service.faces.edit import Field
from mien_service.faces.face import Points

WIDER, TALLER, ROUNDER = 0.32, 0.8, 0.3
"""By which shares open eyes grow, and how far their outline becomes an ellipse."""

SQUINT = 0.3
"""Share by which the opening of eyes that squint gets lower."""

REDDEST = 0.65
"""How red an iris is at most, a* over b*."""

LID_SHADE = 0.2
"""How far an upper lid's shade reaches down, over the opening's height."""

WHITE, WHITE_SHADE, WHITE_ROUND = (250.0, 248.0, 246.0), (150.0, 135.0, 150.0), 0.55
"""RGB of the white of an eye and of its shade towards the corners, and how much of that there is."""

INK = np.array([12, 5, 4], np.float32)
"""Of lashes and pupils, L*a*b*."""


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
        aside = np.clip((part.away(larger.mean(axis=0), 0.55 * width) - np.float32(0.45)) / np.float32(0.55), 0, 1)
        part.lay(WHITE_SHADE, np.asarray(opening * aside * WHITE_ROUND, np.float32))
        _draw_iris(part, eye, larger, opening, strength)
        _draw_lids(part, larger, width, seen, shade)


def _larger(eye: Eye, strength: float) -> Points:
    """Return the eye's outline, grown about its middle along and across its axis."""
    along = (eye.outline[8] - eye.outline[0]) / eye.width
    across = np.array([-along[1], along[0]])
    middle = eye.outline.mean(axis=0)
    away = eye.outline - middle
    x, y = away @ along, away @ across
    taller = 1 + strength * float(np.interp(eye.wide, [0, 1], [-SQUINT, TALLER])) * eye.opened
    turn = np.arctan2(y / max(float(np.abs(y).max()), 1.0), x / max(float(np.abs(x).max()), 1.0))
    rounder = ROUNDER * strength * eye.opened * eye.wide
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
    radius = float(np.clip(0.52 * height, 0.2 * width, 0.33 * width))
    middle = outline.mean(axis=0)
    place = middle + (eye.gaze - eye.outline.mean(axis=0)) * np.array([1 + WIDER * strength, 1.0])
    place = np.asarray(place, np.float32)
    colour = livelier(eye.iris, float(np.interp(float(eye.iris[0]), [10, 50], [14, 4])), 1.7, strength)
    disc = part.disc(place, radius)
    # No iris is red: what is, is skin's or the flash's colour.
    colour[1] = min(colour[1], REDDEST * max(float(colour[2]), 0.0) + 3)
    part.lay(to_rgb(shaded(colour, 16)), opening * disc)
    part.lay(to_rgb(colour), opening * part.disc(place, 0.86 * radius))
    below = part.glow(lowered(place, 0.55 * radius), (0.55, 0.38), radius)
    part.lay(to_rgb(shaded(colour, -18)), opening * part.disc(place, 0.84 * radius) * below * np.float32(0.85))
    part.lay(to_rgb(INK), opening * part.disc(place, 0.5 * radius))
    unshaded = part.mask(rounded(lowered(outline, LID_SHADE * height)), 0.5 * LID_SHADE * height)
    part.lay((60.0, 45.0, 55.0), opening * (1 - unshaded) * np.float32(0.5))
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
