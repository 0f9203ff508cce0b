"""Landmarks and similarities for the tests of this room."""

from functools import cache

import numpy as np
from finding import found
from hypothesis import strategies as st

from mien_service.faces.align import Affine, apply
from mien_service.faces.face import Points

MIRRORED = [
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1), 45, 44, 43, 42, 47, 46, 39, 38, 37, 36,
    41, 40, *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), *range(67, 64, -1),
]  # fmt: skip
"""For each of the 68 points, the one it becomes in a mirror."""


@cache
def unit_face() -> Points:
    """Return a real face's landmarks about the origin, one pixel wide."""
    landmarks = found("carla").landmarks
    centred = landmarks - landmarks.mean(axis=0)
    return (centred / np.ptp(centred[:, 0])).astype(np.float32)


def similarity(scale: float, degrees: float, x: float, y: float) -> Affine:
    angle = np.radians(degrees)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cos, -sin, x], [sin, cos, y]])


def face_at(width: float, degrees: float, x: float, y: float) -> Points:
    """Return landmarks of a face `width` pixels wide, tilted by `degrees`, its middle at x, y."""
    return apply(similarity(width, degrees, x, y), unit_face())


WIDTHS = st.floats(60, 2000)
TILTS = st.floats(-180, 180)
