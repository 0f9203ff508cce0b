"""The form of an emoji's mouth: the person's own, smoothed, its smile a little broader and its lips thinner."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien_service.faces.drawn.parts import Face
from mien_service.faces.face import Points

LINE = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308), (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
"""The inner edges of the lower and the upper lip, from corner to corner."""

CORNERS = (61, 291)
UPPER_LIP, LOWER_LIP = (0, 13), (14, 17)
"""Between these points of the mesh both lips are thickest."""

PLACES = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 29)).astype(np.float32)
"""Places along the mouth at which its lines are known, from -1 to 1: closest at its corners, which are round."""

SLANTED = 0.6
"""Share of its slant that the line between the lips keeps: none is wholly even, and none looks crooked."""

SMILE_FROM, LIFT = (-0.01, 0.1), (0.018, 0.06)
"""How far the middle of a mouth lies below its corners, and by how much they are raised, in eye distances."""

INNER, SQUARE = 0.92, 3.2
"""Width of the opening over the mouth's, and the power by which it is fuller than a parabola's."""

DEEPER, DEEPER_TO = 0.45, 0.11
"""Share by which an opening gets higher where teeth show, of so many eye distances of its height at most."""

RAISED = 0.35
"""Share of what an opening gets higher that is above it: the chin is near."""

THINNER, UPPER_THICK, LOWER_THICK, EVEN = 0.8, (0.045, 0.085), (0.07, 0.125), 2.8
"""Share of lips' thickness that is kept, bounds of both lips', in eye distances, and the power by which they are as
thick beside the middle as in it."""

BOW_DEEP, BOW_WIDE, PEAK = 0.2, 0.12, 0.14
"""How deep the notch in the middle of the upper lip is, over its thickness, its deviation over the mouth's half width,
and how high the peaks beside it are."""


@dataclass(frozen=True, eq=False)
class MouthShape:
    """The lines of a mouth, each (n, 2) from its left corner to its right one.

    top, bottom: the lips' outline; upper, lower: the edges of the opening; between: the line in its middle; gap: the
    opening's height in pixels.
    """

    top: Points
    upper: Points
    between: Points
    lower: Points
    bottom: Points
    gap: float


@dataclass(frozen=True, eq=False)
class _Axes:
    """From the middle of the corners: x in half widths along them, y in eye distances down."""

    middle: Points
    along: Points
    down: Points

    def of(self, points: Points) -> Points:
        """Return points (n, 2) of the picture as x and y."""
        away = points - self.middle
        return np.column_stack([away @ line / (line @ line) for line in (self.along, self.down)]).astype(np.float32)

    def placed(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> Points:
        """Return points (n, 2) of the picture."""
        return (self.middle + np.outer(x, self.along) + np.outer(y, self.down)).astype(np.float32)


def gap_of(face: Face) -> float:
    """Return the height of the opening between the lips, in eye distances."""
    lower, upper = (face[one] for one in LINE)
    return float(np.hypot(*(lower - upper).T).max()) / face.unit


def mouth_shape(face: Face, opened: float, toothy: float, strength: float) -> MouthShape:
    """Return the mouth of a face, opened as far as `opened` of its mesh says, 0 to 1.

    toothy: in 0..1, whether teeth show.
    """
    axes = _axes(face)
    lower_lip, upper_lip = (axes.of(face[one]) for one in LINE)
    line = _smoothed((lower_lip + upper_lip) / np.float32(2))
    line -= np.float32(np.interp(float(line[len(line) // 2]), SMILE_FROM, LIFT) * strength) * PLACES**2
    own = gap_of(face) * opened
    gap = own + DEEPER * strength * toothy * min(own, DEEPER_TO)
    height = np.clip(1 - np.abs(PLACES / np.float32(INNER)) ** np.float32(SQUARE), 0, None)
    above = line - np.float32(own / 2 + RAISED * (gap - own)) * height
    below = above + np.float32(gap) * height
    even = 1 - np.abs(PLACES) ** np.float32(EVEN)
    top = above - _thickness(axes, face[UPPER_LIP], UPPER_THICK, strength) * even * _bow()
    bottom = below + _thickness(axes, face[LOWER_LIP], LOWER_THICK, strength) * even
    inner = PLACES * np.float32(INNER)
    upper, between, lower = (axes.placed(inner, np.interp(inner, PLACES, one)) for one in (above, line, below))
    return MouthShape(axes.placed(PLACES, top), upper, between, lower, axes.placed(PLACES, bottom), gap * face.unit)


def _axes(face: Face) -> _Axes:
    left, right = face[CORNERS]
    half = (right - left) / np.float32(2)
    width = max(float(np.hypot(*half)), 1.0)
    down = np.array([-half[1], half[0]], np.float32) * np.float32(face.unit / width)
    return _Axes((left + right) / np.float32(2), half, down)


def _smoothed(line: Points) -> NDArray[np.float32]:
    """Return the height, at PLACES, of a smooth line that ends in both corners and runs through points (n, 2)."""
    x = line[:, 0].clip(-1, 1)
    basis = np.stack([np.ones_like(x), x, x**2], axis=1) * (1 - x**2)[:, None]
    # A little is added to the squares: of a head in profile all points lie at one place.
    middle, slant, form = np.linalg.solve(basis.T @ basis + 1e-3 * np.eye(3), basis.T @ line[:, 1])
    return ((middle + SLANTED * slant * PLACES + form * PLACES**2) * (1 - PLACES**2)).astype(np.float32)


def _thickness(axes: _Axes, ends: Points, bounds: tuple[float, float], strength: float) -> np.float32:
    """Return a lip's thickness between two points (2, 2), in eye distances: thinner and bounded as strength says."""
    first, last = axes.of(ends)[:, 1]
    own = abs(float(last - first))
    return np.float32(own + (np.clip(own * THINNER, *bounds) - own) * strength)


def _bow() -> NDArray[np.float32]:
    """Return the upper lip's thickness at PLACES over its own: less in the middle, more beside it."""
    notch = BOW_DEEP * np.exp(-0.5 * (PLACES / BOW_WIDE) ** 2)
    peaks = PEAK * np.exp(-0.5 * ((np.abs(PLACES) - 2.4 * BOW_WIDE) / BOW_WIDE) ** 2)
    return (1 - notch + peaks).astype(np.float32)
