"""Hair's lightness, drawn out along its strands."""

import cv2
import numpy as np

from mien_service.faces.edit import Field

REACHES = (1, 2, 4, 6)
"""How far strands are followed in pixels of the small copy, one after the other: each averages the last one's means."""

PIXELS = 26.0
"""Of the small copy that are an eye distance long."""

FINEST, ALIKE = 0.02, 0.12
"""Deviations by which the lightness is smoothed and over which strands run alike, in eye distances."""


def strands(light: Field, hair: Field, unit: float) -> Field:
    """Return (h, w): a lightness (h, w), averaged along the strands that run through it where `hair`, 0..1, is.

    After Kang et al. 2009, "Flow-Based Image Abstraction": along the tangents of the smoothed structure tensor.
    """
    zoom = min(PIXELS / unit, 1.0)
    size = max(round(light.shape[1] * zoom), 1), max(round(light.shape[0] * zoom), 1)
    small = cv2.resize(np.ascontiguousarray(light), size, interpolation=cv2.INTER_AREA)
    weight = np.asarray(cv2.resize(hair, size, interpolation=cv2.INTER_AREA), np.float32) + np.float32(1e-3)
    small = np.asarray(cv2.GaussianBlur(small, (0, 0), max(FINEST * unit * zoom, 0.5)), np.float32)
    along = _tangents(small, weight, max(ALIKE * unit * zoom, 1.0))
    shown = np.dstack([small * weight, weight])
    rows, columns = np.mgrid[: shown.shape[0], : shown.shape[1]].astype(np.float32)
    for reach in REACHES:
        x, y = along[..., 0] * np.float32(reach), along[..., 1] * np.float32(reach)
        ahead, behind = (
            cv2.remap(shown, columns + sign * x, rows + sign * y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for sign in (1, -1)
        )
        shown = (shown + ahead + behind) / np.float32(3)
    drawn_out = shown[..., 0] / shown[..., 1]
    return np.asarray(cv2.resize(drawn_out, light.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _tangents(light: Field, weight: Field, deviation: float) -> Field:
    """Return (h, w, 2), unit vectors along which the lightness changes least."""
    x, y = (cv2.multiply(cv2.Sobel(light, cv2.CV_32F, dx, 1 - dx), weight) for dx in (1, 0))
    squares = [cv2.multiply(x, x), cv2.multiply(y, y), cv2.multiply(x, y)]
    across, down, both = (np.asarray(cv2.GaussianBlur(one, (0, 0), deviation), np.float32) for one in squares)
    angle = 0.5 * np.arctan2(2 * both, across - down) + np.float32(np.pi / 2)
    return np.dstack([np.cos(angle), np.sin(angle)]).astype(np.float32)
