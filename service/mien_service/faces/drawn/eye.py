"""An eye as the photo shows it: its outline, how far it is open, where it looks and its iris's colour."""

from dataclasses import dataclass, replace

import numpy as np

from mien_service.faces.drawn.canvas import Canvas
from mien_service.faces.drawn.colours import Lab, chroma, tones
from mien_service.faces.drawn.parts import Face
from mien_service.faces.edit import Field
from mien_service.faces.face import Points
from mien_service.faces.skin.areas import LEFT_EYE, RIGHT_EYE

CLOSED, OPEN = 0.11, 0.19
"""Height over width of an eye's opening up to which it is closed, and from which on it is open."""

LID_LIGHTNESS, LID_CHROMA = (0.63, 0.72), (0.55, 0.8)
"""What lies in the iris's place over skin, in lightness and chroma: up to the first an iris, from the second a lid."""

SQUINT_HEIGHT, SQUINT_DARK = (0.165, 0.225), (0.15, 0.31)
"""Height of an eye's opening, and of what is dark in its middle, both over its width: where an eye squints, and where
it is as wide as eyes mostly are."""

DARK = (0.8, 0.5)
"""Lightness over the skin's from which on a pixel counts as dark, and where it wholly does."""

USUAL_IRIS = np.array([24, 8, 14], np.float32)


@dataclass(frozen=True, eq=False)
class Eye:
    """An eye as the photo shows it.

    outline: (16, 2), from the outer corner along the lower lid to the inner one, and back along the upper lid; opened:
    0 closed to 1 open; wide: of an open one, 0 squinting to 1 as wide as eyes mostly are; gaze:
    (2,), the middle of the iris; iris: its colour in L*a*b*.
    """

    outline: Points
    opened: float
    wide: float
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
    opened *= 1 - _lidded(lab, points, gaze, skin)
    # The mesh hardly knows squinting eyes, either: of those the photo shows less that is dark.
    dark = _dark_height(lab, points, skin)
    wide = float(np.interp(height / width, SQUINT_HEIGHT, [0, 1]) * np.interp(dark, SQUINT_DARK, [0, 1]))
    return Eye(points, opened, wide, gaze, iris)


def eyes_of(lab: Field, face: Face, skin: Lab) -> list[Eye]:
    """Return both eyes, left of the mesh first, as wide as each other: a wink is told by what is closed."""
    eyes = [eye_of(lab, face, outline, skin) for outline in (LEFT_EYE, RIGHT_EYE)]
    wide = sum(eye.wide for eye in eyes) / 2
    return [replace(eye, wide=wide) for eye in eyes]


def _dark_height(lab: Field, outline: Points, skin: Lab) -> float:
    """Return how high iris and lashes are in the middle of an eye, in its widths: what is darker than skin."""
    along = outline[8] - outline[0]
    across = np.array([-along[1], along[0]])
    down, aside = np.mgrid[-0.22:0.22:23j, -0.3:0.3:13j]
    x, y = np.rint(outline.mean(axis=0) + aside[..., None] * along + down[..., None] * across).astype(int).T
    light = lab[y.clip(0, lab.shape[0] - 1), x.clip(0, lab.shape[1] - 1), 0].T
    dark = np.clip((DARK[0] * skin[0] - light) / max((DARK[0] - DARK[1]) * float(skin[0]), 1.0), 0, 1)
    columns = np.convolve(dark.mean(axis=0) * 0.44, np.full(3, 1 / 3), "valid")
    return float(columns.max())


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
