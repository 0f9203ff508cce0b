"""Wrinkles as relief: grooves in the skin, shaded by the light on the face, never drawn as dark lines."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Field
from mien_service.faces.skin.curves import Wrinkle
from mien_service.faces.skin.surface import CHART_SCALE, CHART_SHAPE, LEFT, TOP

DEEP = 0.0105
"""Depth of a groove of depth 1, in eye distances: about 1 mm."""

WIDTHS = (0.0065, 0.0095, 0.0140, 0.0210)
"""Standard deviations of grooves that are drawn; each line takes the nearest."""

RAMP = 0.65
"""Severity over which a line deepens from its onset on."""

TAPER = 0.3
"""Share of a line's length over which it runs out at either end."""

BANKS = 2.6
"""Width of the swelling on either side of a groove, over the groove's."""

BANK_SHARE = 0.55
"""Its volume over the groove's."""

SHADED = 0.85
"""Change of brightness, as a share of it, for a slope of 1 towards light from the side at 45 degrees."""

SUNKEN = 9.0
"""Loss of brightness for a depth of 1 eye distance: less of the sky is seen from a groove."""

DARKEST, BRIGHTEST = -0.42, 0.2
"""Least and largest change of brightness."""


def relief(lines: Sequence[Wrinkle], weights: Mapping[str, float], severity: float) -> Field:
    """Return a chart of heights in eye distances, negative in grooves; `weights` of a line's group, 0 if missing."""
    charts = np.zeros((len(WIDTHS), *CHART_SHAPE), np.float32)
    for line in lines:
        depth = line.depth * weights.get(line.group, 0.0) * risen(severity, line.onset)
        if depth > 0:
            _add(charts[_nearest(line.width)], line, depth)
    height = np.zeros(CHART_SHAPE, np.float32)
    for chart, width in zip(charts, WIDTHS, strict=True):
        if chart.any():
            height -= _groove(chart, width * CHART_SCALE)
    return height * np.float32(DEEP)


def risen(severity: float, onset: float) -> float:
    """Return in 0..1 how far something has come that begins at severity `onset`: it never starts at once."""
    share = min(max((severity - onset) / RAMP, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _nearest(width: float) -> int:
    return int(np.argmin(np.abs(np.log(np.array(WIDTHS) / width))))


def _add(chart: Field, line: Wrinkle, depth: float) -> None:
    """Add a line's samples to a chart, shared out between neighbouring pixels, each by its length."""
    places = (line.curve - np.array([LEFT, TOP], np.float32)) * CHART_SCALE - 0.5
    steps = np.hypot(*np.diff(places, axis=0).T)
    lengths = np.concatenate([[0], (steps[:-1] + steps[1:]) / 2, [0]])
    along = np.linspace(0, 1, len(places))
    ends = np.clip(np.minimum(along, 1 - along) / TAPER, 0, 1)
    amounts = (depth * lengths * np.sin(ends * np.pi / 2)).astype(np.float32)
    corner = np.floor(places).astype(int)
    part = places - corner
    for across in (0, 1):
        for down in (0, 1):
            share = np.abs(1 - across - part[:, 0]) * np.abs(1 - down - part[:, 1])
            column, row = corner[:, 0] + across, corner[:, 1] + down
            inside = (column >= 0) & (row >= 0) & (column < chart.shape[1]) & (row < chart.shape[0])
            np.add.at(chart, (row[inside], column[inside]), (amounts * share)[inside])


def _groove(chart: Field, sigma: float) -> Field:
    """Return the samples as a groove 1 deep along a line of weight 1, with its banks."""
    inner = cv2.GaussianBlur(chart, (0, 0), sigma) * (sigma * np.sqrt(2 * np.pi))
    wide = BANKS * sigma
    outer = cv2.GaussianBlur(chart, (0, 0), wide) * (wide * np.sqrt(2 * np.pi))
    return np.asarray(inner - BANK_SHARE / BANKS * outer, np.float32)


def shading(height: Field, unit: float, light: NDArray[np.float32]) -> Field:
    """Return (n, n): the change of brightness, as a share of it, that a relief makes.

    height: (n, n) in eye distances over the square, `unit` pixels to one; light: (2,) as `light_on` returns.
    """
    slope_x, slope_y = (
        np.asarray(cv2.Sobel(height, cv2.CV_32F, x, 1 - x, ksize=3, scale=unit / 8), np.float32) for x in (1, 0)
    )
    # A slope that rises towards the light turns away from it.
    towards = -(slope_x * light[0] + slope_y * light[1])
    steep = np.sqrt(1 + slope_x**2 + slope_y**2)
    change = np.asarray((1 + SHADED * towards) / steep - 1 + SUNKEN * np.minimum(height, 0), np.float32)
    return np.clip(change, DARKEST, BRIGHTEST)
