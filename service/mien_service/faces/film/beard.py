"""Beards: what of the lower face is darker and paler than its skin stays as dark as it is."""

import cv2
import numpy as np

from mien_service.faces.drawn.canvas import Canvas
from mien_service.faces.drawn.colours import Lab, chroma
from mien_service.faces.drawn.parts import BEARD_TOP, JAW, Face, Parts, beard_zone
from mien_service.faces.edit import Field

SMOOTH = 0.035
"""Deviation by which a beard is smoothed to tell where it grows, in eye distances."""

DARKER, PALER = (7.0, 20.0), (0.06, 0.26)
"""Levels of lightness by which, and shares of its chroma by which, a beard differs from skin: from the first a beard
is seen, from the second it is full. Shade is as dark, but hardly paler."""

FULL = (9.0, 15.0)
"""Levels of lightness by which both places of a full beard are darker than skin: from the second on it need not be
paler, as red and brown ones are not."""

MUSTACHE, CHIN = (165, 167, 164, 393, 391, 92, 322), (200, 199, 175, 208, 428, 201, 421)
"""Points of the mesh above the upper lip and at the chin."""

RELIEF = 1.25
"""By which its strands are crisper than the photo's."""


def beard(lab: Field, parts: Parts, face: Face, skin: Lab) -> Field:
    """Return (h, w) in 0..1: how much beard L*a*b* (h, w, 3) shows over skin of a colour."""
    shown = np.zeros(lab.shape[:2], np.float32)
    part = _lower_face(Canvas(lab), face)
    smooth = np.asarray(cv2.GaussianBlur(part.pixels, (0, 0), SMOOTH * face.unit), np.float32)
    darker = _between(skin[0] - smooth[..., 0], DARKER)
    colourful = np.asarray(np.hypot(smooth[..., 1], smooth[..., 2]) + np.float32(5), np.float32)
    paler = _between(np.float32(1) - colourful / np.float32(chroma(skin) + 5), PALER)
    zone = part.of(beard_zone(face, lab.shape) * parts.skin * (1 - parts.features))
    part.of(shown)[:] = darker * np.maximum(paler, _full(smooth, part, face, skin)) * zone
    return shown


def _full(smooth: Field, part: Canvas, face: Face, skin: Lab) -> np.float32:
    """Return in 0..1 how surely a smooth part of L*a*b* shows a full beard: dark above the lip and at the chin, too."""
    limit = [smooth.shape[1] - 1, smooth.shape[0] - 1]
    darker: list[float] = []
    for points in (MUSTACHE, CHIN):
        x, y = np.rint(face[points] - [part.left, part.top]).astype(int).clip(0, limit).T
        darker.append(float(skin[0] - np.median(smooth[y, x, 0])))
    return np.float32(np.interp(min(darker), FULL, [0, 1]))


def lay_beard(canvas: Canvas, smooth: Field, bearded: Field, face: Face) -> None:
    """Lay a beard, (h, w) in 0..1, over skin of L*a*b*, as dark as it is in the photo without grain (h, w, 3)."""
    part, own = _lower_face(canvas, face), _lower_face(Canvas(smooth), face).pixels
    light = np.ascontiguousarray(own[..., 0])
    broad = np.asarray(cv2.GaussianBlur(light, (0, 0), 0.06 * face.unit), np.float32)
    crisp = np.clip(broad + (light - broad) * np.float32(RELIEF), 2, 97)
    part.lay(np.dstack([crisp, own[..., 1:]]).astype(np.float32), part.of(bearded))


def _lower_face(canvas: Canvas, face: Face) -> Canvas:
    return canvas.around(face[(*JAW, *BEARD_TOP)], 0.15 * face.unit)


def _between(plane: Field, levels: tuple[float, float]) -> Field:
    """Return 0 up to the first level and 1 from the second one on."""
    return np.asarray(np.clip((plane - np.float32(levels[0])) / np.float32(levels[1] - levels[0]), 0, 1), np.float32)
