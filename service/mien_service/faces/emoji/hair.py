"""An emoji's hair: a few tones along its own strands."""

import cv2
import numpy as np

from mien_service.faces.drawn.canvas import Canvas
from mien_service.faces.drawn.colours import Lab, Tones, livelier, to_rgb, tones
from mien_service.faces.drawn.parts import Parts
from mien_service.faces.drawn.strands import strands
from mien_service.faces.edit import Field
from mien_service.faces.emoji.shading import REDUCED, edge_line, lightness_of

USUAL_HAIR = np.array([22, 4, 6], np.float32)

HAIR_STEPS = (6.5, 14.0)
"""Levels of lightness between two tones of hair, at least and at most."""

HAIR_TONES = ((0.45, 0.75), (1.15, 1.7), (-0.5, -0.9))
"""Relief, in spreads of the hair's lightness, from which on hair has another tone, and by how many steps."""

HAIR_CRISP, HAIR_EDGE = 5.0, 1.5
"""How steeply one tone of hair becomes the next, over the relief, and over how many pixels of the smaller copy at
least: without that its edge is a stair."""

RIM_SHADE, RIM_WIDTH = 0.7, 0.06
"""How much darker hair is at its edge, in spreads, and over which width, in eye distances."""

BESIDE_HAIR = 0.12
"""How far beside hair what is nothing else is taken for hair, in eye distances."""


def hair_tones(lab: Field, parts: Parts) -> Tones:
    """Return the colour of hair in the photo."""
    return tones(lab, parts.hair, USUAL_HAIR)


def hair_colours(lab: Field, parts: Parts, own: Tones, unit: float, strength: float) -> tuple[Lab, Field]:
    """Return the drawn hair's colour, L*a*b*, and (h, w, 3) RGB of hair all over the picture, toned along its strands.

    own: its tones in the photo.
    """
    base = livelier(own.middle, 4.0, 1.3, strength)
    step = float(np.clip(own.spread, *HAIR_STEPS))
    coarse = lightness_of(lab, parts.hair, 0.25 * unit)
    size = coarse.shape[::-1]
    hair = np.asarray(cv2.resize(parts.hair, size, interpolation=cv2.INTER_AREA), np.float32)
    light = cv2.resize(np.ascontiguousarray(lab[..., 0]), size, interpolation=cv2.INTER_AREA)
    fine = strands(np.asarray(light, np.float32), hair, unit / REDUCED)
    relief = (fine - coarse) * np.float32(1.5) + (coarse - own.middle[0]) * np.float32(0.7)
    relief /= np.float32(max(own.spread, 4.0))
    relief -= np.float32(RIM_SHADE) * edge_line(hair, RIM_WIDTH * unit / REDUCED)
    steep = np.minimum(np.float32(HAIR_CRISP), 1 / (HAIR_EDGE * _slope(relief) + np.float32(1e-3)))
    canvas = Canvas(np.broadcast_to(to_rgb(base), (*relief.shape, 3)).copy())
    for level, by in HAIR_TONES:
        share = np.clip((np.sign(level) * relief - abs(level)) * steep + np.float32(0.5), 0, 1)
        canvas.lay(to_rgb(livelier(base, by * step, 1.0, 1.0)), np.asarray(share, np.float32))
    shape = parts.hair.shape[::-1]
    return base, np.asarray(cv2.resize(canvas.pixels, shape, interpolation=cv2.INTER_LINEAR), np.float32)


def _slope(relief: Field) -> Field:
    """Return (h, w): by how much a relief rises from one pixel to the next where it is steepest."""
    x, y = (cv2.Sobel(relief, cv2.CV_32F, dx, 1 - dx, scale=1 / 8) for dx in (1, 0))
    return np.asarray(cv2.magnitude(x, y), np.float32)


def hair_over(parts: Parts, unit: float) -> Field:
    """Return (h, w) in 0..1: where hair is laid: also beside it, where there is nothing else of the head."""
    side = 2 * round(BESIDE_HAIR * unit) + 1
    beside = np.clip(3 * np.asarray(cv2.blur(parts.hair, (side, side)), np.float32), 0, 1)
    else_shown = np.max([parts.skin, parts.other, parts.features, parts.glasses], axis=0)
    return np.asarray(np.maximum(parts.hair, beside * (1 - else_shown)), np.float32)
