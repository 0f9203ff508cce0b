"""Light and colour of a film: glowing skin, shining hair, everything else smooth and saturated."""

import cv2
import numpy as np

from mien_service.faces.drawn.canvas import Canvas
from mien_service.faces.drawn.colours import Lab, Tones, chroma, to_rgb, tones
from mien_service.faces.drawn.parts import Face, Parts, hull
from mien_service.faces.drawn.strands import strands
from mien_service.faces.edit import Field

REDUCED = 2
"""Skin's light is found on a copy so many times smaller: it is smooth."""

COARSE = 2
"""Hair's broad light and its tint are found on a copy so many times smaller."""

FINE, BROAD = 0.012, 0.16
"""Deviations by which skin's light and colours are smoothed, in eye distances."""

FLAT_RANGE, FLAT_REACH = 3.8, 3.0
"""Of the filter that flattens skin's light: in levels of lightness, and in pixels of the smaller copy."""

FARTHER, FAR_SHARE = 4.0, 0.02
"""Where there is no skin near, what is so many times farther off counts, by this share."""

DARKEST, LIGHTEST = 32.0, 14.0
"""Levels of lightness that skin gets darker or lighter than its middle, at most."""

LIVELIER = ((0.15, 0.35, 0.6), (1.25, 1.11, 1.0))
"""By which factor skin's chroma grows, by its chroma over its lightness: colourful skin stays as it is."""

DEEPER, REDDER = 0.004, (0.04, 0.0)
"""By which share of itself, and by which a* and b*, skin's colour grows for each level that it lies in shade."""

USUAL_SKIN = np.array([66, 15, 18], np.float32)
USUAL_HAIR = np.array([22, 4, 6], np.float32)

CHEEKS = ((50, 205), (280, 425))
"""Between these points of the mesh lie the middles of both cheeks."""

SHINE = (
    ((4,), (0.075, 0.06), 11.0),
    ((6, 197), (0.05, 0.16), 5.0),
    ((151, 9), (0.42, 0.2), 3.0),
    ((117, 118), (0.16, 0.09), 5.0),
    ((346, 347), (0.16, 0.09), 5.0),
    ((199,), (0.15, 0.09), 3.0),
)
"""Where skin shines: between points of the mesh, with these radii in eye distances, by so many levels of lightness."""

MIDDLE = (109, 338, 297, 332, 280, 425, 2, 205, 50, 103, 67)


def skin_tones(lab: Field, parts: Parts, face: Face) -> Tones:
    """Return the colour of bare skin in the middle of the face."""
    zone = Canvas(np.zeros(lab.shape, np.float32)).mask(hull(face[MIDDLE]))
    return _tones(lab, parts.skin * (1 - parts.features) * zone, USUAL_SKIN)


def _tones(lab: Field, part: Field, otherwise: Lab) -> Tones:
    """Return the colour of a large part, by a fourth of its pixels."""
    return tones(lab[::2, ::2], part[::2, ::2], otherwise)


def skin_colours(lab: Field, own: Tones, bare: Field, face: Face) -> Field:
    """Return (h, w, 3) L*a*b* of a film's skin, all over the picture; bare: (h, w) in 0..1, where the photo has it."""
    height, width = lab.shape[:2]
    small = max(width // REDUCED, 1), max(height // REDUCED, 1)
    weight = np.asarray(cv2.resize(bare, small, interpolation=cv2.INTER_AREA), np.float32) + np.float32(1e-4)
    shown = np.asarray(cv2.resize(lab, small, interpolation=cv2.INTER_AREA), np.float32)
    unit = face.unit / REDUCED
    half = small[0] // 2 + 1, small[1] // 2 + 1
    coarse, less = (
        np.asarray(cv2.resize(one, half, interpolation=cv2.INTER_AREA), np.float32) for one in (shown, weight)
    )
    broad = _mean(coarse, less, 0.5 * BROAD * unit)
    broad = np.asarray(cv2.resize(broad, small, interpolation=cv2.INTER_LINEAR), np.float32)
    light = _mean(shown[..., :1], weight, FINE * unit)[..., 0]
    near = np.clip(_blurred(weight, FINE * unit) * 3, 0, 1)
    light = broad[..., 0] + (light - broad[..., 0]) * near
    for _ in range(2):
        light = np.asarray(cv2.bilateralFilter(light, 0, FLAT_RANGE, FLAT_REACH), np.float32)
    relit = _relit(light - own.middle[0], broad[..., 0] - own.middle[0])
    light = own.middle[0] + relit + _glow(face, shown.shape)
    colours = _glowing(broad[..., 1:], own.middle, relit)
    drawn = cv2.merge([np.clip(light, 3, 97), *cv2.split(colours)])
    return np.asarray(cv2.resize(drawn, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _blurred(plane: Field, deviation: float) -> Field:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), deviation), np.float32)


def _broadly(planes: Field, deviation: float) -> Field:
    """Return (h, w) or (h, w, c) blurred on a copy COARSE times smaller: what is left is smooth."""
    height, width = planes.shape[:2]
    small = max(width // COARSE, 1), max(height // COARSE, 1)
    reduced = np.asarray(cv2.resize(planes, small, interpolation=cv2.INTER_AREA), np.float32)
    blurred = _blurred(reduced, deviation / COARSE)
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _mean(values: Field, weight: Field, deviation: float) -> Field:
    """Return the mean of values (h, w, c) around each pixel, by weight, carried on where there is none."""
    near, far = (_blurred(weight, reach) for reach in (deviation, FARTHER * deviation))
    total = near + far * np.float32(FAR_SHARE) + np.float32(1e-6)
    found: list[Field] = []
    for plane in np.moveaxis(values, 2, 0):
        shown = plane * weight
        more = _blurred(shown, FARTHER * deviation) * np.float32(FAR_SHARE)
        found.append(np.asarray((_blurred(shown, deviation) + more) / total, np.float32))
    return np.dstack(found)


def _relit(shade: Field, broad: Field) -> Field:
    """Return shade (h, w) in levels of lightness, its broad shadows lifted and without extremes."""
    shade = shade - np.float32(0.25) * np.minimum(broad, 0)
    dark = -DARKEST * np.tanh(np.minimum(shade, 0) / -DARKEST)
    light = LIGHTEST * np.tanh(np.maximum(shade, 0) / LIGHTEST)
    return np.asarray(dark + light, np.float32)


def _glowing(colours: Field, skin: Lab, relit: Field) -> Field:
    """Return a* and b* (h, w, 2) of skin that light shines through: evener, livelier, deeper in shade."""
    saturation = chroma(skin) / max(float(skin[0]), 20.0)
    factor = float(np.interp(saturation, *LIVELIER))
    even = skin[1:] + (colours - skin[1:]) * np.float32(0.55)
    deep = np.clip(-relit, 0, DARKEST)[..., None] * (skin[1:] * np.float32(DEEPER) + np.array(REDDER, np.float32))
    return np.asarray(even * np.float32(factor) + deep, np.float32)


def _glow(large: Face, shape: tuple[int, ...]) -> Field:
    """Return levels of lightness (h, w), on the smaller copy, by which a smooth face shines."""
    canvas = Canvas(np.zeros(shape, np.float32))
    face = Face(large.points / np.float32(REDUCED), large.unit / REDUCED)
    width = max(float(np.hypot(*(face.points[454] - face.points[234]))), 1.0)
    height = max(float(np.hypot(*(face.points[152] - face.points[10]))), 1.0)
    rim = np.clip((canvas.away(face[(10, 152)].mean(axis=0), (0.56 * width, 0.62 * height)) - 0.5) / 0.5, 0, 1.2)
    total = np.float32(-4) * rim**2
    for points, radii, levels in SHINE:
        place = face[points].mean(axis=0)
        part = canvas.around(place[None], 3 * max(radii) * face.unit)
        part.of(total)[:] += np.float32(levels) * part.glow(place, radii, face.unit)
    return np.asarray(total, np.float32)


def blush(lab: Field, face: Face, skin: Lab) -> None:
    """Make cheeks and the nose of L*a*b* (h, w, 3) rosy, in place."""
    canvas = Canvas(lab)
    warm = float(np.interp(float(skin[0]), [20, 60], [0.7, 1.0]))
    spots = [(face[cheek].mean(axis=0), (0.3, 0.2), 1.0) for cheek in CHEEKS]
    spots.append((face.points[4], (0.16, 0.12), 0.55))
    for place, radii, much in spots:
        part = canvas.around(place[None], 3 * max(radii) * face.unit)
        rosy = part.glow(place, radii, face.unit) * np.float32(warm * much)
        for channel, by in ((0, -1.0), (1, 3.6), (2, 0.8)):
            part.pixels[..., channel] += rosy * np.float32(by)


def hair_colours(lab: Field, smooth: Field, parts: Parts, unit: float) -> Field:
    """Return (h, w, 3) L*a*b* of hair in smooth thick strands that shine; smooth: the picture without grain."""
    own = _tones(lab, parts.hair, USUAL_HAIR)
    fine = strands(np.ascontiguousarray(lab[..., 0]), parts.hair, unit)
    broad = _broadly(fine, 0.22 * unit)
    relief = fine - broad
    spread = max(own.spread, 3.0)
    shine = np.clip(relief / np.float32(0.6 * spread), 0, 1.6) ** 2
    detail = np.ascontiguousarray(smooth[..., 0])
    crisp = _blurred(detail, 0.012 * unit) - _blurred(detail, 0.07 * unit)
    most = np.float32(max(1.8 * own.spread, 9.0))
    relief = most * np.tanh((relief * np.float32(1.9) + crisp * np.float32(0.8)) / most)
    light = own.middle[0] + (broad - own.middle[0]) * np.float32(0.95) + relief
    light = light + shine * np.float32(np.interp(float(own.middle[0]), [10, 40, 70], [7, 6, 2])) + np.float32(3)
    dark = np.clip(light / np.float32(max(own.middle[0], 5)), 0.6, 1.5)
    livelier = np.float32(1.25) * (np.float32(0.75) + np.float32(0.25) * dark)
    tint = [one * livelier for one in cv2.split(_broadly(smooth, 0.05 * unit))[1:]]
    return np.asarray(cv2.merge([np.clip(light, 2, 96), *tint]), np.float32)


def smoothed(rgb: np.ndarray) -> np.ndarray:
    """Return a picture (h, w, 3) without grain, its edges kept."""
    return cv2.bilateralFilter(rgb, 5, 28, 4)


def livelier_rest(lab: Field) -> Field:
    """Return (h, w, 3) L*a*b*, livelier and a little lighter, of what is neither skin nor hair."""
    change = np.array([[0.95, 0, 0, 3.5], [0, 1.15, 0, 0], [0, 0, 1.15, 0]])
    return np.asarray(cv2.transform(lab, change), np.float32)


def clean_teeth(lab: Field, inside: Field) -> None:
    """Make what is light and pale between the lips, `inside` (h, w) in 0..1, lighter and whiter, in place."""
    pale = np.clip((lab[..., 0] - 38) / 14, 0, 1) * np.clip((18 - lab[..., 1]) / 8, 0, 1)
    share = (pale * inside)[..., None]
    lab += share * (np.array([93, 1, 3], np.float32) - lab) * np.float32(0.65)


def to_picture(lab: Field) -> Field:
    """Return RGB in 0..255 (h, w, 3)."""
    return to_rgb(np.ascontiguousarray(lab))
