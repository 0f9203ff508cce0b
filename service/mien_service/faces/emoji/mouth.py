"""Mouth and nose."""

import numpy as np

from mien_service.faces.drawn.canvas import Canvas, lowered, stroke
from mien_service.faces.drawn.colours import Lab, chroma, livelier, mixed, shaded, to_rgb, tones
from mien_service.faces.drawn.parts import Face
from mien_service.faces.edit import Field
from mien_service.faces.emoji.lips import LINE, MouthShape, gap_of, mouth_shape
from mien_service.faces.skin.areas import LIPS, MOUTH

OPEN_TOOTHY, OPEN_ANYWAY = (0.03, 0.095), (0.14, 0.19)
"""Height of a mouth, in eye distances, where it is closed and where it is open: if teeth show, and in any case."""

TEETH_PALER, TEETH_LIGHTER = (0.04, 0.18), (0.0, 10.0)
"""Share of the lips' chroma that is missing between them, and levels of lightness by which the lightest there are
lighter, where there are no teeth, and where there surely are."""

TOOTH_LIGHT, TOOTH_PALE = 0.62, 0.95
"""Lightness over the skin's from which on, and chroma over that of lips up to which, a pixel may be a tooth."""

TEETH_FROM, TEETH_FULL, TEETH_HIGH = (0.06, 0.2), (0.3, 0.75), (0.15, 0.24)
"""Share of such pixels between the lips where no teeth are drawn, and where a band of them is; where it is as high as
a band is among others at most, and where as high as it is where nothing else shows; and these heights in eye
distances."""

TEETH_SHARE = 0.88
"""How high the band is at most, over the opening's height."""

SLIT = 0.07
"""Height of a drawn opening, in eye distances, up to which its teeth and its upper edge fade."""

TONGUE_FROM = (0.18, 0.28)
"""Height of a drawn opening, in eye distances, from which on a tongue shows, and shows wholly."""

NATURAL, PAINTED, DARK_COUNTS = 8.0, 20.0, 0.3
"""By how much lips are redder than skin, in a*, that are drawn little darker than skin, and in their own colour, and
what each level of lightness beyond 15 that they are darker by counts."""

TEETH = (248.0, 246.0, 242.0)
TEETH_SHADE = (190.0, 172.0, 178.0)
INSIDE = np.array([20, 30, 16], np.float32)
TONGUE = np.array([56, 44, 22], np.float32)

NOSE_BASE = (129, 98, 97, 2, 326, 327, 358)
NOSTRILS = ((97, 98), (326, 327))


def draw_mouth(canvas: Canvas, lab: Field, face: Face, skin: Lab, strength: float) -> None:
    """Draw the lips and, between them, teeth and tongue where the mouth is open.

    It opens without a step as the mesh does: a mouth that is hardly open is a line with a slit in it.
    """
    own = Canvas(lab).around(face[LIPS], 1)
    shown = np.clip(own.mask(face[LIPS]) - own.mask(face[MOUTH], 0.5), 0, 1)
    seen = tones(own.pixels, shown, shaded(skin, 12)).middle
    toothy, teeth = _teeth_between(own, face, seen, skin)
    gap = gap_of(face)
    opened = float(max(np.interp(gap, OPEN_TOOTHY, [0, 1]) * toothy, np.interp(gap, OPEN_ANYWAY, [0, 1])))
    shape = mouth_shape(face, opened, toothy, strength)
    part = canvas.around(np.concatenate([shape.top, shape.bottom]), 0.15 * face.unit)
    colour = _lip_colour(seen, skin, strength)
    _draw_lips(part, shape, skin, colour, face.unit)
    if shape.gap > 0:
        _draw_inside(part, shape, colour, teeth, face.unit)


def _lip_colour(seen: Lab, skin: Lab, strength: float) -> Lab:
    """Return the colour of lips: painted ones have their own, livelier; others are a shade of the skin."""
    bare = shaded(skin, 13) + np.array([0, 7, 0], np.float32)
    away = float(seen[1] - skin[1]) + DARK_COUNTS * max(float(skin[0] - seen[0]) - 15, 0.0)
    painted = float(np.interp(away, [NATURAL, PAINTED], [0.35, 1]))
    return mixed(seen, mixed(bare, livelier(seen, 5.0, 1.15, 1.0), painted), strength)


def _draw_lips(part: Canvas, shape: MouthShape, skin: Lab, colour: Lab, unit: float) -> None:
    """Draw both lips, the upper one darker and the lower one with a light, their shade below, and the line between."""
    outline = np.concatenate([shape.top, shape.bottom[::-1]])
    part.lay(to_rgb(shaded(skin, 9)), 0.45 * part.mask(lowered(outline, 0.045 * unit), 0.045 * unit))
    lips = part.mask(outline, 0.35)
    part.lay(to_rgb(colour), lips)
    upper = np.concatenate([shape.top, shape.upper[::-1]])
    part.lay(to_rgb(shaded(colour, 6)), part.mask(upper, 0.4))
    middle = len(shape.lower) // 2
    place = shape.lower[middle] * np.float32(0.45) + shape.bottom[middle] * np.float32(0.55)
    part.lay(to_rgb(shaded(colour, -11)), 0.5 * lips * part.glow(place, (0.17, 0.026), unit))
    widths = (0.012, 0.026, 0.024, 0.022, 0.024, 0.026, 0.012)
    part.lay(to_rgb(shaded(colour, 24)), 0.8 * part.mask(stroke(shape.between, widths, unit), 0.35))


def _teeth_between(own: Canvas, face: Face, lips: Lab, skin: Lab) -> tuple[float, float]:
    """Return in 0..1 whether teeth are what shows between the lips, and which share of it they are.

    They are paler than lips are, and the lightest of them lighter.
    """
    lower, upper = (face[one] for one in LINE)
    between = own.mask(np.concatenate([lower, upper[::-1]])) > 0.5
    if not between.any():
        return 0.0, 0.0
    colours = own.pixels[between]
    colourful = np.hypot(colours[:, 1], colours[:, 2])
    paler = 1 - float(np.median(colourful)) / max(chroma(lips), 1.0)
    lighter = float(np.percentile(colours[:, 0], 85) - lips[0])
    toothy = np.interp(paler, TEETH_PALER, [0, 1]) * np.interp(lighter, TEETH_LIGHTER, [0, 1])
    tooth = (colours[:, 0] > TOOTH_LIGHT * skin[0]) & (colourful < TOOTH_PALE * chroma(lips))
    return float(toothy), float(tooth.mean())


def _draw_inside(part: Canvas, shape: MouthShape, lips: Lab, teeth: float, unit: float) -> None:
    """Draw what an open mouth shows: the upper teeth as one band, and below them dark, or the tongue."""
    mask = part.mask(np.concatenate([shape.upper, shape.lower[::-1]]), 0.3)
    part.lay(to_rgb(INSIDE), mask)
    tongue = float(np.interp(shape.gap / unit, TONGUE_FROM, [0, 1]))
    if tongue > 0:
        place = lowered(shape.lower[len(shape.lower) // 2], 0.12 * shape.gap)
        wide = 0.34 * float(np.hypot(*(shape.upper[-1] - shape.upper[0])))
        round_ = np.clip((1 - part.away(place, (wide, 0.55 * shape.gap))) * 6, 0, 1)
        part.lay(to_rgb(TONGUE), mask * np.float32(tongue) * round_)
    clear = float(np.interp(shape.gap / unit, [0, SLIT], [0, 1]))
    if teeth > TEETH_FROM[0]:
        _draw_teeth(part, shape, mask * np.float32(clear), teeth, unit)
    line = stroke(shape.upper, (0.008, 0.018, 0.02, 0.018, 0.008), unit)
    part.lay(to_rgb(shaded(lips, 30)), np.float32(0.6 * clear) * mask * part.mask(line, 0.4))


def _draw_teeth(part: Canvas, shape: MouthShape, mask: Field, teeth: float, unit: float) -> None:
    """Draw the upper teeth as a band that `mask` bounds, softly darker under the lip and towards the corners."""
    high = float(np.interp(teeth, TEETH_FROM, [0, 1]) * np.interp(teeth, TEETH_FULL, TEETH_HIGH)) * unit
    deep = np.float32(min(TEETH_SHARE, high / max(shape.gap, 1e-6)))
    edge = (shape.upper + (shape.lower - shape.upper) * deep).astype(np.float32)
    band = np.asarray(mask * part.mask(np.concatenate([shape.upper, edge[::-1]]), 0.4), np.float32)
    part.lay(TEETH, band)
    shade = min(0.035 * unit, 0.25 * shape.gap)
    opening = lowered(np.concatenate([shape.upper, shape.lower[::-1]]), shade)
    under_lip = 1 - part.mask(opening, 0.6 * shade)
    middle = shape.upper[len(edge) // 2]
    wide = float(np.hypot(*(shape.upper[-1] - shape.upper[0]))) / 2
    aside = np.clip((part.away(middle, max(wide, 1.0)) - 0.55) / 0.6, 0, 1)
    part.lay(TEETH_SHADE, np.asarray(band * np.clip(0.6 * under_lip + 0.75 * aside, 0, 1), np.float32))


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
