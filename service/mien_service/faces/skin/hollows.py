"""The shape of a worn face: cheeks and temples that sink in, lids that droop, lower lids that swell."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.align import points_at_resolution
from mien_service.faces.edit import Field
from mien_service.faces.face import Mesh
from mien_service.faces.skin.signs import Signs
from mien_service.faces.skin.surface import CHART_SCALE, CHART_SHAPE, LEFT, TOP

COARSE = 64
"""Side at which flow is computed: it is smooth."""

CHEEKS = ((187, 192, 207), (411, 416, 427))
"""Points of the mesh about the hollow of each cheek."""

TEMPLES = ((21, 54), (251, 284))
LIDS = ((27, 159), (257, 386))

CHEEK_SINKS, CHEEK_REACH = 0.028, 0.14
"""How far it moves inwards, and the standard deviation of the part that moves, in eye distances."""

TEMPLE_SINKS, TEMPLE_REACH = 0.012, 0.16
LID_DROOPS, LID_REACH = 0.016, 0.07

_SHADES = (
    (0.47, 0.56, 0.085, 0.20, -0.35, -9.0),
    (0.66, -0.2, 0.06, 0.12, 0.0, -3.5),
    (0.49, 0.27, 0.16, 0.05, 0.25, 2.0),
)
"""Shade of the right half: u, v, half widths across and along, turn in radians, shift of L*. Cheek, temple, and the
cheekbone, which catches more light."""

_BAG = (0.345, 0.165, 0.13, 0.042, 0.05)
"""Place, half widths and turn of the swelling under the right eye."""

BAG_HEIGHT = 0.016
"""In eye distances."""

_UNDER_EYE = ((0.33, 0.135, 0.17, 0.055, 0.0), (0.21, 0.09, 0.06, 0.05, 0.6))
"""Dark rings under the right eye: the arc, and the inner corner."""

_FLUSH = ((0.43, 0.36, 0.20, 0.17, 0.0), (0.0, 0.36, 0.15, 0.17, 0.0), (0.0, 1.02, 0.14, 0.07, 0.0))
"""Cheek, nose and chin, where blood vessels lie close under the skin."""


def sinking(mesh: Mesh, signs: Signs, unit: float, side: int) -> Field:
    """Return (side, side, 2): the flow that sinks cheeks, temples and lids; mesh (468, 3) in pixels of 256."""
    points = points_at_resolution(mesh[:, :2], COARSE)
    unit = unit * COARSE / side
    flow = np.zeros((COARSE, COARSE, 2), np.float32)
    middle = points[[10, 152, 4]].mean(axis=0)
    for part, depth, reach in (
        (CHEEKS, CHEEK_SINKS * signs.hollow, CHEEK_REACH),
        (TEMPLES, TEMPLE_SINKS * signs.temples, TEMPLE_REACH),
    ):
        for corners in part:
            at = points[list(corners)].mean(axis=0)
            across = np.sign(at[0] - middle[0]) * (points[454] - points[234])
            outwards = across / max(float(np.hypot(*across)), 1e-6)
            flow += _pushed(at, outwards * depth * unit, reach * unit)
    down = (points[152] - points[10]) / max(float(np.hypot(*(points[152] - points[10]))), 1e-6)
    for corners in LIDS:
        at = points[list(corners)].mean(axis=0)
        flow += _pushed(at, -down * LID_DROOPS * signs.droop * unit, LID_REACH * unit)
    return np.asarray(cv2.resize(flow, (side, side), interpolation=cv2.INTER_CUBIC) * (side / COARSE), np.float32)


def _pushed(at: NDArray[np.float32], by: NDArray[np.float32], reach: float) -> Field:
    """Return a flow (COARSE, COARSE, 2) of `by` pixels at a place, falling off as a Gaussian."""
    places = np.arange(COARSE, dtype=np.float32)
    across, down = (np.exp(-(((places - at[i]) / reach) ** 2) / 2).astype(np.float32) for i in (0, 1))
    return (down[:, None, None] * across[None, :, None] * by.astype(np.float32)).astype(np.float32)


@cache
def shade() -> Field:
    """Return a chart of L* shifts where a sunken face is darker and lighter."""
    return np.sum([_spots((spot[:5],)) * np.float32(spot[5]) for spot in _SHADES], axis=0)


@cache
def bags() -> Field:
    """Return a chart of heights in eye distances: the swelling under the eyes, with the crease below it."""
    return (_spots((_BAG,)) * np.float32(BAG_HEIGHT)).astype(np.float32)


@cache
def under_eyes() -> Field:
    """Return a chart in 0..1 of where dark rings lie."""
    return np.clip(_spots(_UNDER_EYE), 0, 1)


@cache
def flushed() -> Field:
    """Return a chart in 0..1 of where a face reddens."""
    return np.clip(_spots(_FLUSH), 0, 1)


def _spots(spots: tuple[tuple[float, float, float, float, float], ...]) -> Field:
    """Return a chart with soft elliptic spots (u, v, half widths, turn) and their mirror twins."""
    rows, columns = np.mgrid[: CHART_SHAPE[0], : CHART_SHAPE[1]].astype(np.float32)
    u, v = (columns + 0.5) / CHART_SCALE + LEFT, (rows + 0.5) / CHART_SCALE + TOP
    chart = np.zeros(CHART_SHAPE, np.float32)
    for middle_u, middle_v, half_u, half_v, turn in spots:
        for side in (1.0,) if middle_u == 0 else (1.0, -1.0):
            x, y = side * u - middle_u, v - middle_v
            along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
            chart += np.exp(-((along / half_u) ** 2 + (across / half_v) ** 2) / 2)
    return np.asarray(cv2.GaussianBlur(chart, (0, 0), 1.0), np.float32)
