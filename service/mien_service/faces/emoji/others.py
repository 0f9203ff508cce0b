"""What an emoji's head wears: hats in a few flat tones of their own, and whatever else is neither skin nor hair."""

import cv2
import numpy as np

from mien_service.faces.drawn.canvas import Canvas
from mien_service.faces.drawn.colours import Lab, to_rgb
from mien_service.faces.drawn.parts import Face, Parts, crisp, grown, hull
from mien_service.faces.edit import Field
from mien_service.faces.emoji.shading import REDUCED
from mien_service.faces.skin.areas import LIPS

FLAT_STEP = 14.0
"""Levels of lightness between two tones of a hat."""

STRANGE_SMOOTH, STRANGE_LIGHT, STRANGE_FROM = 0.09, 0.3, 23.0
"""Deviation in eye distances by which colours around the face are smoothed, weight of lightness in their difference to
skin and hair, and the difference from which on they are neither."""

LIP_RIM = 0.12
"""How far around the mesh's lips the maps may take what is theirs for something else, in eye distances."""

OVAL = (9, 334, 300, 356, 454, 361, 397, 378, 152, 149, 172, 132, 234, 127, 70, 105)
"""Around the mesh, from the brows down: hats cover foreheads."""


def others(lab: Field, parts: Parts, face: Face) -> Field:
    """Return (h, w) in 0..1: what is neither skin nor hair to the maps, without the rim of lips around the mesh's."""
    shown = parts.other.copy()
    lips = grown(face[LIPS], LIP_RIM * face.unit)
    part = Canvas(lab).around(lips, 2)
    part.of(shown)[:] *= 1 - part.mask(lips)
    return shown


def strange(lab: Field, parts: Parts, face: Face, skin: Lab, hair: Lab) -> Field:
    """Return (h, w) in 0..1: what the maps take for skin or hair around the face, but has the colour of neither.

    skin, hair: their colours in the photo. It is a hat, or the ground, and is to be drawn in its own colours.
    """
    outline = hull(face[OVAL]) / np.float32(REDUCED)
    size = max(lab.shape[1] // REDUCED, 1), max(lab.shape[0] // REDUCED, 1)
    small = np.asarray(cv2.resize(lab, size, interpolation=cv2.INTER_AREA), np.float32)
    smooth = np.asarray(cv2.GaussianBlur(small, (0, 0), STRANGE_SMOOTH * face.unit / REDUCED), np.float32)
    away = np.min([_unlike(smooth, colour) for colour in (skin, hair)], axis=0)
    around = 1 - Canvas(small).mask(outline)
    shown = np.clip((away - STRANGE_FROM) / STRANGE_FROM * 2 + np.float32(0.5), 0, 1) * around
    soft = STRANGE_SMOOTH * face.unit / REDUCED
    found = np.asarray(cv2.GaussianBlur(shown, (0, 0), soft), np.float32)
    enlarged = np.asarray(cv2.resize(found, lab.shape[1::-1]), np.float32)
    return crisp(enlarged, soft * REDUCED) * np.maximum(parts.skin, parts.hair)


def _unlike(lab: Field, colour: Lab) -> Field:
    """Return (h, w), how far colours are from another: less by lightness, which light and shade change."""
    lightness, a, b = (lab[..., k] - colour[k] for k in range(3))
    return np.sqrt((lightness * np.float32(STRANGE_LIGHT)) ** 2 + a**2 + b**2)


def draw_others(canvas: Canvas, lab: Field, others: Field, deviation: float, strength: float) -> None:
    """Lay what is neither skin nor hair, `others` (h, w) in 0..1, over the rest, in a few flat tones of its own."""
    rows, columns = (np.flatnonzero(others.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    Canvas(canvas.pixels[part]).lay(_posterised(lab[part], deviation, strength), others[part])


def _posterised(lab: Field, deviation: float, strength: float) -> Field:
    """Return (h, w, 3) RGB in a few flat tones, livelier."""
    height, width = lab.shape[:2]
    small = cv2.resize(lab, (max(width // 2, 1), max(height // 2, 1)), interpolation=cv2.INTER_AREA)
    smooth = np.asarray(cv2.bilateralFilter(small, 7, 14, max(deviation / 2, 1.5)), np.float32)
    level = smooth[..., 0] / np.float32(FLAT_STEP)
    lower = np.floor(level)
    smooth[..., 0] = (lower + np.clip((level - lower - 0.5) * 4 + 0.5, 0, 1)) * FLAT_STEP * 0.94 + 4
    smooth[..., 1:] *= np.float32(1 + 0.25 * strength)
    return np.asarray(cv2.resize(to_rgb(smooth), (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
