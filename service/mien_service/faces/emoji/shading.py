"""The large areas of an emoji: skin with soft shade, cheeks and beard, and the lines around them."""

import cv2
import numpy as np

from mien_service.faces.drawn.canvas import Canvas, lowered, rounded, stroke
from mien_service.faces.drawn.colours import Lab, Tones, chroma, livelier, mixed, shaded, to_rgb, tones
from mien_service.faces.drawn.parts import BEARD_TOP, JAW, Face, Parts, beard_zone, hull
from mien_service.faces.edit import Field
from mien_service.faces.face import Points

REDUCED = 2
"""Shade is found on a copy so many times smaller: it is smooth."""

SKIN_SHADE = 0.02
"""Deviation by which the photo's lightness is smoothed, in eye distances."""

DARKEST_SHADE, LIGHTEST_SHADE, KEPT_SHADE = 30.0, 14.0, 1.0
"""Levels of lightness that skin gets darker or lighter by at most, and the share of the photo's own shade it keeps."""

LINE_COLOUR, LINE_DARKER = np.array([62, 34, 34], np.float32), 0.6
"""RGB of lines, and share of what they are drawn on that they are at most: a line is darker than black hair, too."""

FLAT_RANGE, FLAT_REACH = 3.5, 2.5
"""Of the filter that flattens shade: in levels of lightness, and in pixels of the smaller copy."""

CHROMA, GOLDEN = 1.15, 4.0
"""By which the chroma of pale skin is multiplied, and levels of b* that coloured skin gets more."""

RIM, LIT = 4.0, 3.0
"""Levels of lightness by which a head's rim is darker and its forehead lighter."""

USUAL_SKIN = np.array([66, 15, 18], np.float32)

CHEEKS = ((50, 205), (280, 425))
"""Between these points of the mesh lie the middles of both cheeks."""

BEARD_SMOOTH = 0.05
"""Deviation by which it is smoothed, in eye distances."""

MUSTACHE, CHIN = (165, 167, 164, 393, 391, 92, 322), (200, 199, 175, 208, 428, 201, 421)
"""Points of the mesh above the upper lip and at the chin."""

GREY_FROM = 0.26, 0.4
"""By which share of the skin's chroma the lip or the chin has less where there may be a grey beard, and surely is."""

BEARD_FROM, BEARD_FULL = 9.0, 22.0
"""Levels of lightness by which the lower face is darker than the cheeks where a beard begins, and is full."""


def lightness_of(lab: Field, part: Field, deviation: float) -> Field:
    """Return the lightness of `lab` (h, w, 3) where `part` is, smoothed and carried on beyond it.

    It is REDUCED times smaller, and `deviation` is in pixels of `lab`.
    """
    height, width = part.shape
    small = (max(width // REDUCED, 1), max(height // REDUCED, 1))
    weight = cv2.resize(part, small, interpolation=cv2.INTER_AREA) + np.float32(1e-4)
    light = cv2.resize(np.ascontiguousarray(lab[..., 0]), small, interpolation=cv2.INTER_AREA)
    near, far = deviation / REDUCED, 4 * deviation / REDUCED
    weights = [weight, weight * np.float32(0.01)]
    sums = [cv2.GaussianBlur(light * w, (0, 0), s) for w, s in zip(weights, (near, far), strict=True)]
    totals = [cv2.GaussianBlur(w, (0, 0), s) for w, s in zip(weights, (near, far), strict=True)]
    return np.asarray((sums[0] + sums[1]) / (totals[0] + totals[1]), np.float32)


def skin_tones(lab: Field, parts: Parts, face: Face) -> Tones:
    """Return the colour of bare skin in the middle of the face."""
    return tones(lab, parts.skin * (1 - parts.features) * _face_zone(face, lab.shape), USUAL_SKIN)


def skin_colours(lab: Field, own: Tones, parts: Parts, face: Face, strength: float) -> tuple[Lab, Field]:
    """Return the emoji's skin colour, L*a*b*, and (h, w, 3) RGB of skin all over the picture, with its shade."""
    bare = parts.skin * (1 - parts.features)
    base = livelier(own.middle, _lighter(own.middle), _more_chroma(own.middle), strength)
    base[2] += np.float32(GOLDEN * strength * min(chroma(own.middle) / 20, 1))
    shade = _flattened(lightness_of(lab, bare, SKIN_SHADE * face.unit)) - own.middle[0]
    shade = _bounded(shade * np.float32(KEPT_SHADE)) + _roundness(face, shade.shape)
    warmth = chroma(base) / 25
    colours = base + shade[..., None] * np.array([1, -0.28 * warmth, -0.12 * warmth], np.float32)
    drawn = to_rgb(np.clip(colours, [0, -127, -127], [97, 127, 127]).astype(np.float32))
    return base, np.asarray(cv2.resize(drawn, bare.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _flattened(light: Field) -> Field:
    """Return a lightness (h, w) whose areas are flat, and whose edges are kept."""
    for _ in range(2):
        light = np.asarray(cv2.bilateralFilter(light, 0, FLAT_RANGE, FLAT_REACH), np.float32)
    return light


def _roundness(large: Face, shape: tuple[int, ...]) -> Field:
    """Return the levels of lightness by which a round head is darker at its rim, and lighter at the brow.

    shape: (h, w) of a copy of the picture that is REDUCED times smaller.
    """
    canvas = Canvas(np.zeros((*shape, 3), np.float32))
    face = Face(large.points / np.float32(REDUCED), large.unit / REDUCED)
    width = float(np.hypot(*(face.points[454] - face.points[234])))
    height = float(np.hypot(*(face.points[152] - face.points[10])))
    middle = face[(10, 152)].mean(axis=0)
    rim = np.clip((canvas.away(middle, (0.56 * width, 0.62 * height)) - 0.55) / 0.5, 0, 1)
    light = canvas.glow(face.points[151], (0.6, 0.4), face.unit)
    return np.asarray(LIT * light - RIM * rim**2, np.float32)


def _lighter(skin: Lab) -> float:
    return float(np.interp(float(skin[0]), [20, 45, 70, 85], [5, 8, 8, 4]))


def _more_chroma(skin: Lab) -> float:
    return float(np.interp(chroma(skin), [20, 38], [CHROMA, 0.92]))


def _bounded(shade: Field) -> Field:
    """Return shade that never gets darker or lighter than it may, without an edge."""
    dark = -DARKEST_SHADE * np.tanh(np.minimum(shade, 0) / -DARKEST_SHADE)
    light = LIGHTEST_SHADE * np.tanh(np.maximum(shade, 0) / LIGHTEST_SHADE)
    return np.asarray(dark + light, np.float32)


def _face_zone(face: Face, shape: tuple[int, ...]) -> Field:
    """Return (h, w) in 0..1: the middle of the face, without beard and hairline."""
    outline = hull(face[(109, 338, 297, 332, 280, 425, 2, 205, 50, 103, 67)])
    return Canvas(np.zeros(shape, np.float32)).mask(outline)


def draw_cheeks(canvas: Canvas, face: Face, skin: Lab, strength: float) -> None:
    """Lay a rosy spot on each cheek."""
    rosy = to_rgb(np.array([skin[0] - 4, skin[1] + 20, skin[2] + 3], np.float32))
    for cheek in CHEEKS:
        place = face[cheek].mean(axis=0)
        part = canvas.around(place[None], 0.9 * face.unit)
        part.lay(rosy, np.float32(0.5 * strength) * part.glow(place, (0.27, 0.2), face.unit))


def beard(lab: Field, parts: Parts, face: Face, skin: Lab) -> Field:
    """Return (h, w) in 0..1: how much beard a pixel shows: what is darker on the lower face than bare skin."""
    bare = parts.skin * (1 - parts.features)
    zone = beard_zone(face, lab.shape) * (1 - parts.hair)
    light = lightness_of(lab, bare, BEARD_SMOOTH * face.unit)
    darker = (skin[0] - cv2.resize(light, bare.shape[::-1]) - BEARD_FROM) / (BEARD_FULL - BEARD_FROM)
    shown = np.clip(darker, 0, 1) * zone
    flat = 0.4 * np.clip((shown - 0.25) * 3, 0, 1) + 0.6 * np.clip((shown - 0.6) * 3.5, 0, 1)
    flat = np.asarray(flat, np.float32)
    part = Canvas(lab).around(face[(*JAW, *BEARD_TOP)], 0.12 * face.unit)
    smooth = np.asarray(cv2.GaussianBlur(part.pixels, (0, 0), 0.04 * face.unit), np.float32)
    lower = Face(face.points - np.array([part.left, part.top], np.float32), face.unit)
    flat *= np.float32(_bearded(smooth, lower, skin))
    grey = _grey(smooth, lower, skin) * part.of(zone) * (1 - part.of(parts.features))
    part.of(flat)[:] = np.maximum(part.of(flat), grey)
    return flat


def _grey(lab: Field, face: Face, skin: Lab) -> Field:
    """Return (h, w) in 0..1: what is paler than skin, if the lip or the chin is so: a grey beard."""
    colourful = np.hypot(lab[..., 1], lab[..., 2])
    pale = np.asarray(1 - (colourful + 5) / np.float32(chroma(skin) + 5), np.float32)
    seen = max(float(np.median(_at(pale, face[place]))) for place in (MUSTACHE, CHIN))
    sure = np.interp(seen, GREY_FROM, [0, 1]) * np.interp(chroma(skin), [12, 18], [0, 1])
    return np.asarray(np.clip((pale - GREY_FROM[0]) / 0.12, 0, 1) * sure, np.float32)


def _at(plane: Field, places: Points) -> Field:
    """Return a plane's (h, w) or picture's (h, w, c) values nearest to places (n, 2)."""
    x, y = np.rint(places).astype(int).clip(0, [plane.shape[1] - 1, plane.shape[0] - 1]).T
    return plane[y, x]


def _bearded(lab: Field, face: Face, skin: Lab) -> float:
    """Return in 0..1 whether it is beard that makes the lower face dark, and not shade.

    A beard is much darker both above the lip and at the chin, or a little at both and paler at one of them, too: shade
    has the skin's chroma.
    """
    darker: list[float] = []
    paler: list[float] = []
    for place in (MUSTACHE, CHIN):
        colour = np.median(_at(lab, face[place]), axis=0)
        darker.append(float(skin[0] - colour[0]))
        paler.append(1 - (chroma(colour) + 5) / (chroma(skin) + 5))
    both = np.interp(min(darker), [14, 24], [0, 1])
    either = max(
        np.interp(d, [8, 18], [0, 1]) * np.interp(p, [0.06, 0.2], [0, 1]) for d, p in zip(darker, paler, strict=True)
    )
    return float(max(both, either * np.interp(min(darker), [0, 5], [0, 1])))


def edge_line(part: Field, deviation: float) -> Field:
    """Return (h, w) in 0..1: a line along the edge of a part, fading out over about `deviation` pixels."""
    smooth = cv2.GaussianBlur(part, (0, 0), deviation)
    return np.clip((4 * smooth * (1 - smooth) - np.float32(0.3)) / np.float32(0.6), 0, 1)


def darkened(canvas: Canvas, line: Field, share: float) -> None:
    """Make the picture darker along a line, (h, w) in 0..1."""
    colour = np.minimum(canvas.pixels * np.float32(LINE_DARKER), LINE_COLOUR)
    canvas.lay(colour, line * np.float32(share))


def beard_tone(hair: Lab, lab: Field, shown: Field) -> Lab:
    """Return the beard's colour: its own where it is seen, else the hair's."""
    return mixed(tones(lab, shown, hair).middle, hair, 0.25)


def draw_jaw(canvas: Canvas, face: Face, skin: Lab, parts: Parts) -> None:
    """Lay the head's shadow on the neck, and a soft line along the jaw."""
    jaw = rounded(face[JAW], closed=False)
    part = canvas.around(jaw, 0.6 * face.unit)
    unit = face.unit
    within = part.mask(np.concatenate([jaw, face[(10,)]]))
    below = part.mask(np.concatenate([lowered(jaw, 0.22 * unit), face[(10,)]]), 0.07 * unit)
    shadow = below * (1 - within) * part.of(parts.skin)
    part.lay(to_rgb(shaded(skin, 16)), shadow * np.float32(0.7))
    widths = (0.0, 0.02, 0.03, 0.035, 0.03, 0.02, 0.0)
    part.lay(to_rgb(shaded(skin, 24)), np.float32(0.7) * part.mask(stroke(face[JAW], widths, unit), 0.4))
