"""Beards: what of the lower face is darker and paler than its skin stays as dark as it is."""

import cv2
import numpy as np

from mien_service.faces.drawn.colours import Lab, chroma
from mien_service.faces.drawn.parts import Face, Parts, beard_zone
from mien_service.faces.edit import Field

SMOOTH = 0.035
"""Deviation by which a beard is smoothed to tell where it grows, in eye distances."""

DARKER, PALER = (7.0, 20.0), (0.06, 0.26)
"""Levels of lightness by which, and shares of its chroma by which, a beard differs from skin: from the first a beard
is seen, from the second it is full. Shade is as dark, but hardly paler."""

RELIEF = 1.25
"""By which its strands are crisper than the photo's."""


def beard(lab: Field, parts: Parts, face: Face, skin: Lab) -> Field:
    """Return (h, w) in 0..1: how much beard L*a*b* (h, w, 3) shows over skin of a colour."""
    smooth = np.asarray(cv2.GaussianBlur(lab, (0, 0), SMOOTH * face.unit), np.float32)
    darker = np.interp(skin[0] - smooth[..., 0], DARKER, (0, 1))
    colourful = (cv2.magnitude(smooth[..., 1], smooth[..., 2]) + 5) / np.float32(chroma(skin) + 5)
    paler = np.interp(1 - colourful, PALER, (0, 1))
    zone = beard_zone(face, lab.shape) * parts.skin * (1 - parts.features)
    return np.asarray(darker * paler * zone, np.float32)


def beard_colours(smooth: Field, unit: float) -> Field:
    """Return (h, w, 3) L*a*b* of a beard, as dark as the photo's, of a picture without grain."""
    light = np.ascontiguousarray(smooth[..., 0])
    broad = np.asarray(cv2.GaussianBlur(light, (0, 0), 0.06 * unit), np.float32)
    crisp = broad + (light - broad) * np.float32(RELIEF)
    return np.dstack([np.clip(crisp, 2, 97), smooth[..., 1:]]).astype(np.float32)
