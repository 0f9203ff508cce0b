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

OPEN_FROM, WIDE_FROM, TONGUE_FROM = 0.045, 0.15, 0.2
"""Height of a mouth, in eye distances, from which on it is open if teeth show, open in any case, and shows a tongue."""

TEETH_LIGHTER, TEETH_PALER, TEETH_LIGHT = 5.0, 0.88, 45.0
"""Levels of lightness by which teeth are lighter than lips, their chroma over that of lips at most, and the lightness
from which on a pixel may be one."""

TOOTHY_FROM, TEETH_HIGH = 0.12, 0.2
"""Share of light pixels between the lips from which on teeth are drawn, and how high they are at most, in eye
distances."""

FULLER = 0.012
"""How much farther the lips' outline is drawn, in eye distances."""

TEETH = (243.0, 238.0, 229.0)
TEETH_SHADE = (176.0, 152.0, 150.0)
INSIDE = np.array([22, 32, 16], np.float32)
TONGUE = np.array([55, 42, 20], np.float32)

NOSE_BASE = (129, 98, 97, 2, 326, 327, 358)
NOSTRILS = ((97, 98), (326, 327))


def draw_mouth(canvas: Canvas, lab: Field, face: Face, skin: Lab, strength: float) -> None:
    """Draw the lips and, between them, teeth and tongue where the mouth is open."""
    part, own = canvas.around(face[LIPS], 0.2 * face.unit), Canvas(lab).around(face[LIPS], 1)
    shown = np.clip(own.mask(face[LIPS]) - own.mask(face[MOUTH], 0.5), 0, 1)
    seen = tones(own.pixels, shown, shaded(skin, 12)).middle
    rosy = np.array([skin[0] - 12, skin[1] + 15, skin[2] + 2], np.float32)
    colour = mixed(livelier(seen, 4.0, 1.2, strength), rosy, 0.35 * strength)
    lower, upper = (_narrower(face[one], strength) for one in LINE)
    gap = float(np.hypot(*(lower - upper).T).max()) / face.unit
    toothy = gap > OPEN_FROM and _teeth_between(own, lower, upper, seen)
    _draw_lips(part, face, skin, colour)
    if gap > WIDE_FROM or toothy:
        _draw_inside(part, own, lower, upper, face.unit)
    else:
        corners = lowered(face[CORNERS], -UPTURNED * face.unit * strength)
        line = np.concatenate([corners[:1], (lower + upper)[1:-1] / np.float32(2), corners[1:]]).astype(np.float32)
        widths = (0.012, 0.028, 0.024, 0.022, 0.024, 0.028, 0.012)
        part.lay(to_rgb(shaded(colour, 26)), 0.85 * part.mask(stroke(line, widths, face.unit), 0.3))


def _draw_lips(part: Canvas, face: Face, skin: Lab, colour: Lab) -> None:
    """Draw the lips, somewhat fuller, the upper one darker and the lower one with a light; pale ones less."""
    outline, unit = _fuller(face[LIPS], face[MOUTH], FULLER * face.unit), face.unit
    part.lay(to_rgb(shaded(skin, 10)), 0.35 * part.mask(lowered(outline, 0.04 * unit), 0.05 * unit))
    share = float(np.interp(chroma(colour - skin), [5, 16], [0.55, 1]))
    part.lay(to_rgb(colour), share * part.mask(rounded(outline), 0.3))
    upper = np.concatenate([outline[np.r_[0, 19:9:-1]], face[INNER_BACK]])
    part.lay(to_rgb(shaded(colour, 7)), share * part.mask(upper, 0.4))
    place = (face.points[17] + face.points[14]) / np.float32(2)
    lip = part.mask(np.concatenate([outline[:11], face[LINE[0]][::-1]]))
    part.lay(to_rgb(shaded(colour, -12)), 0.5 * lip * part.glow(place, (0.16, 0.03), unit))


def _fuller(outline: Points, inner: Points, by: float) -> Points:
    """Return the lips' outline (20, 2), `by` pixels farther away from the mouth's opening, but for the corners."""
    away = outline - inner
    length = np.maximum(np.hypot(away[:, 0], away[:, 1]), 1e-6)[:, None]
    share = np.ones((len(outline), 1), np.float32)
    share[[0, 10]] = 0
    return np.asarray(outline + share * away / length * np.float32(by), np.float32)


def _narrower(line: Points, strength: float) -> Points:
    """Return a line between the lips, smoothed, that ends a little before the mouth's corners."""
    for _ in range(2):
        line = np.concatenate([line[:1], (line[:-2] + 2 * line[1:-1] + line[2:]) / np.float32(4), line[-1:]])
    middle = line.mean(axis=0)
    return np.asarray(middle + (line - middle) * np.float32(1 - NARROWER * strength), np.float32)


def _teeth_between(own: Canvas, lower: Points, upper: Points, lips: Lab) -> bool:
    """Return whether what shows between the lips is paler than they are, and the lightest of it lighter."""
    between = own.mask(np.concatenate([lower, upper[::-1]])) > 0.5
    if not between.any():
        return False
    colours = own.pixels[between]
    paler = float(np.median(np.hypot(colours[:, 1], colours[:, 2]))) < TEETH_PALER * chroma(lips)
    return paler and float(np.percentile(colours[:, 0], 85)) > lips[0] + TEETH_LIGHTER


def _draw_inside(part: Canvas, own: Canvas, lower: Points, upper: Points, unit: float) -> None:
    """Draw what an open mouth shows: the upper teeth as one band, and below them dark, or the tongue."""
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
    if toothy > TOOTHY_FROM:
        _draw_teeth(part, mask, lower, upper, toothy, unit)
    line = stroke(upper, (0.01, 0.022, 0.026, 0.022, 0.01), unit)
    part.lay(to_rgb(INSIDE), 0.6 * part.mask(line, 0.4))


def _draw_teeth(part: Canvas, mask: Field, lower: Points, upper: Points, toothy: float, unit: float) -> None:
    """Draw the upper teeth as a band that `mask` bounds, darker under the lip and towards the corners."""
    down = lower - upper
    gap = float(np.hypot(*down.T).max())
    deep = float(np.interp(toothy, [TOOTHY_FROM, 0.6], [0.45, 0.86])) * min(1.0, TEETH_HIGH * unit / max(gap, 1e-6))
    edge = upper + down * np.float32(max(deep, 0.4))
    band = np.concatenate([edge, upper[::-1]]).astype(np.float32)
    teeth = np.asarray(mask * part.mask(rounded(band), 0.5), np.float32)
    part.lay(TEETH, teeth)
    high = min(0.035 * unit, 0.25 * gap)
    under_lip = 1 - part.mask(lowered(rounded(np.concatenate([lower, upper[::-1]])), high), 0.5 * high)
    middle = (upper[5] + edge[5]) / np.float32(2)
    wide = float(np.hypot(*(upper[-1] - upper[0]))) / 2
    aside = np.clip((part.away(middle, max(wide, 1.0)) - 0.55) / 0.5, 0, 1)
    part.lay(TEETH_SHADE, np.asarray(teeth * np.clip(0.6 * under_lip + 0.75 * aside, 0, 1), np.float32))


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
