"""Mouth and nose."""

import numpy as np

from mien_service.faces.drawn.canvas import Canvas, lowered, rounded, stroke
from mien_service.faces.drawn.colours import Lab, chroma, livelier, mixed, shaded, to_rgb, tones
from mien_service.faces.drawn.parts import Face
from mien_service.faces.edit import Field
from mien_service.faces.face import Points
from mien_service.faces.skin.areas import LIPS, MOUTH

LINE = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308), (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
"""The inner edges of the lower and the upper lip, from corner to corner."""

INNER_BACK = (308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78)

CORNERS = (61, 291)

UPTURNED, NARROWER = 0.025, 0.06
"""How much the corners of a closed mouth are raised, in eye distances, and the share by which an open one is narrower
between the lips."""

OPEN_FROM, WIDE_FROM, TONGUE_FROM = 0.045, 0.13, 0.2
"""Height of a mouth, in eye distances, from which on it is open if teeth show, open in any case, and shows a tongue."""

TEETH_LIGHTER, TEETH_LIGHT = 1.0, 45.0
"""Levels of lightness by which teeth are lighter than lips, and from which on a pixel may be one."""

TEETH = (252.0, 250.0, 246.0)
TEETH_SHADE = (205.0, 190.0, 195.0)
INSIDE = np.array([22, 32, 16], np.float32)
TONGUE = np.array([55, 42, 20], np.float32)

NOSE_BASE = (129, 98, 97, 2, 326, 327, 358)
NOSTRILS = ((97, 98), (326, 327))


def draw_mouth(canvas: Canvas, lab: Field, face: Face, skin: Lab, strength: float) -> None:
    """Draw the lips and, between them, teeth and tongue where the mouth is open."""
    part, own = canvas.around(face[LIPS], 0.2 * face.unit), Canvas(lab).around(face[LIPS], 1)
    shown = np.clip(own.mask(face[LIPS]) - own.mask(face[MOUTH], 0.5), 0, 1)
    seen = tones(own.pixels, shown, shaded(skin, 12)).middle
    rosy = np.array([skin[0] - 10, skin[1] + 16, skin[2] + 2], np.float32)
    colour = mixed(livelier(seen, 5.0, 1.25, strength), rosy, 0.3 * strength)
    _draw_lips(part, face, skin, colour)
    lower, upper = (_narrower(face[one], strength) for one in LINE)
    gap = float(np.hypot(*(lower - upper).T).max()) / face.unit
    toothy = gap > OPEN_FROM and _light_between(own, lower, upper) > seen[0] + TEETH_LIGHTER
    if gap > WIDE_FROM or toothy:
        _draw_inside(part, own, lower, upper, face.unit)
    else:
        corners = lowered(face[CORNERS], -UPTURNED * face.unit * strength)
        line = np.concatenate([corners[:1], (lower + upper)[1:-1] / np.float32(2), corners[1:]]).astype(np.float32)
        widths = (0.012, 0.035, 0.03, 0.03, 0.03, 0.035, 0.012)
        part.lay(to_rgb(shaded(colour, 30)), part.mask(stroke(line, widths, face.unit)))


def _draw_lips(part: Canvas, face: Face, skin: Lab, colour: Lab) -> None:
    """Draw the lips, the upper one darker; such as have the skin's colour less."""
    outline, unit = face[LIPS], face.unit
    part.lay(to_rgb(shaded(skin, 10)), 0.35 * part.mask(lowered(outline, 0.05 * unit), 0.05 * unit))
    share = float(np.interp(chroma(colour - skin), [5, 16], [0.4, 1]))
    part.lay(to_rgb(colour), share * part.mask(rounded(outline)))
    upper = np.concatenate([outline[np.r_[0, 19:9:-1]], face[INNER_BACK]])
    part.lay(to_rgb(shaded(colour, 6)), share * part.mask(upper))
    light = part.mask(outline) * part.glow(face[(17, 14)].mean(axis=0), (0.16, 0.035), unit)
    part.lay(to_rgb(shaded(colour, -16)), 0.6 * share * light)


def _narrower(line: Points, strength: float) -> Points:
    """Return a line between the lips that ends a little before the mouth's corners."""
    middle = line.mean(axis=0)
    return np.asarray(middle + (line - middle) * np.float32(1 - NARROWER * strength), np.float32)


def _light_between(own: Canvas, lower: Points, upper: Points) -> float:
    """Return the lightness of what shows between the lips."""
    between = own.mask(np.concatenate([lower, upper[::-1]])) > 0.5
    return float(np.median(own.pixels[..., 0][between])) if between.any() else 0.0


def _draw_inside(part: Canvas, own: Canvas, lower: Points, upper: Points, unit: float) -> None:
    """Draw what an open mouth shows: teeth as one white shape, and below them the tongue if it is wide open."""
    opening = rounded(np.concatenate([lower, upper[::-1]]).astype(np.float32))
    mask = part.mask(opening)
    part.lay(to_rgb(INSIDE), mask)
    inside = own.mask(opening) > 0.6
    light = own.pixels[..., 0][inside]
    toothy = float((light > TEETH_LIGHT).mean()) if light.size else 0.0
    gap = float(np.hypot(*(lower - upper).T).max())
    if gap > TONGUE_FROM * unit:
        place = lowered(lower[5], -0.02 * unit)
        part.lay(to_rgb(TONGUE), mask * np.clip(2 * part.glow(place, (0.16 * unit, 0.25 * gap)), 0, 1))
    if toothy > 0.12:
        deep = float(np.interp(toothy, [0.12, 0.5], [0.5, 1.0]))
        edge = upper + (lower - upper) * np.float32(deep)
        teeth = mask * part.mask(rounded(np.concatenate([edge, upper[::-1]]).astype(np.float32)), 0.4)
        part.lay(TEETH, teeth)
        shadow = part.mask(lowered(opening, 0.035 * unit), 0.02 * unit)
        part.lay(TEETH_SHADE, teeth * (1 - shadow) * np.float32(0.75))


def draw_nose(canvas: Canvas, face: Face, skin: Lab) -> None:
    """Lay the nostrils and the light on the nose over its own shade."""
    part = canvas.around(face[(*NOSE_BASE, 6)], 0.3 * face.unit)
    unit = face.unit
    for nostril in NOSTRILS:
        place = face[nostril].mean(axis=0)
        spot = np.clip(1.6 * part.glow(place, (0.04, 0.02), unit), 0, 1)
        part.lay(to_rgb(shaded(skin, 34)), np.float32(0.25) * spot)
    tip = face[(4, 1)].mean(axis=0)
    light = to_rgb(shaded(skin, -14))
    part.lay(light, np.float32(0.2) * part.glow(lowered(tip, -0.05 * unit), (0.07, 0.055), unit))
