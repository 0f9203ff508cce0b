"""Where a film's face has its features, and how large: a smooth flow from its pixels to the photo's.

All lengths are in eye distances, along the line through the eyes and down from its middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mien_service.faces.drawn.parts import Face
from mien_service.faces.edit import Field
from mien_service.faces.face import Points
from mien_service.faces.skin.areas import LEFT_EYE, LIPS, RIGHT_EYE

REDUCED = 4
"""The flow is found on a copy so many times smaller: it is smooth."""

BEYOND, LEAST = 0.7, 0.4
"""How far beyond the head anything is moved, in eye distances, and from where on the map shows the head."""

EYE_REACH = 0.52
"""Reach of what scales eyes, in widths of the grown eye: what reaches farther moves brows, and costs likeness."""

ROUNDS = 6
"""Of the fixed-point iteration that finds where a point of the photo gets to."""

NOSE_TIP, NOSE_RADII = 4, (0.36, 0.42)
SIDES = (234, 454)


@dataclass(frozen=True)
class Proportions:
    """A film's proportions over the photo's.

    eyes: wider and taller; opened: as far again, as they are drawn; apart: by how much each moves outwards; nose and
    mouth: their scales; crown: by how much the top of the head grows; lower: by how much brows, eyes, nose, mouth and
    chin move down; wider: by which shares forehead, eyes' line, cheeks, jaw and chin are wider; opening: 0 to 1, how
    far the person opens the eyes: narrowed eyes grow wider, not taller.
    """

    eyes: tuple[float, float]
    opened: tuple[float, float]
    apart: float
    nose: float
    mouth: float
    crown: float
    lower: tuple[float, float, float, float, float]
    wider: tuple[float, float, float, float, float]
    opening: float = 1.0


CARTOON = Proportions(
    eyes=(1.38, 1.5),
    opened=(1.08, 1.22),
    apart=0.01,
    nose=0.82,
    mouth=0.97,
    crown=0.06,
    lower=(-0.02, 0.02, 0.0, 0.0, -0.02),
    wider=(0.02, 0.02, 0.0, -0.12, -0.2),
)
BABY = Proportions(
    eyes=(1.47, 1.65),
    opened=(1.2, 1.42),
    apart=0.02,
    nose=0.8,
    mouth=0.88,
    crown=0.24,
    lower=(0.0, 0.05, 0.03, 0.0, -0.14),
    wider=(0.05, 0.03, 0.11, 0.12, 0.04),
)


def narrowed(proportions: Proportions, opening: float) -> Proportions:
    """Return proportions for a person who opens the eyes so far, 0 to 1."""
    wider, taller = proportions.eyes
    return replace(proportions, eyes=(wider, 1 + (taller - 1) * opening), opening=opening)


def growth(face: Face, head: Field, others: Field, proportions: Proportions, strength: float) -> Field:
    """Return the flow (h, w, 2) in pixels: what a film shows at p lies in the photo at p + flow.

    face: in pixels of the photo's part; head: (h, w) in 0..1, where it shows the head and the neck; others: (h, w),
    where it shows other heads, which rest; strength: share of the flow, 0 to 1.
    """
    height, width = head.shape
    small = max(width // REDUCED, 2), max(height // REDUCED, 2)
    x, y = _axes(small, (width, height))
    axes = _Axes(face)
    across, down = axes.of(x, y)
    shown, resting = (
        np.asarray(cv2.resize(one, small, interpolation=cv2.INTER_AREA), np.float32) for one in (head, others)
    )
    from_across, from_down = _features_placed(face, axes, proportions, across, down)
    within = _within(shown, resting, face.unit * small[0] / width)
    flow = np.dstack([(from_across - across) * within, (from_down - down) * within]).astype(np.float32)
    flow = flow @ axes.back * np.float32(strength)
    return np.asarray(cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _axes(small: tuple[int, int], size: tuple[int, int]) -> tuple[Field, Field]:
    """Return x (h, w) and y (h, w) of the pixels of a smaller copy, in pixels of the picture."""
    x, y = ((np.arange(n, dtype=np.float32) + 0.5) * (whole / n) - 0.5 for n, whole in zip(small, size, strict=True))
    columns, rows = np.meshgrid(x, y)
    return columns.astype(np.float32), rows.astype(np.float32)


class _Axes:
    """The face's own axes: from eye to eye, and down."""

    def __init__(self, face: Face) -> None:
        eyes = np.stack([face[outline].mean(axis=0) for outline in (LEFT_EYE, RIGHT_EYE)])
        down = face.points[152] - face.points[10]
        length = float(np.hypot(*down))
        down = down / length if length > 0 else np.array([0, 1], np.float32)
        self.middle = eyes.mean(axis=0)
        self.back = np.array([[down[1], -down[0]], down], np.float32) * np.float32(face.unit)
        self.there = np.linalg.inv(self.back).astype(np.float32)

    def of(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Return where pixels lie, across and down."""
        away = np.dstack([x - self.middle[0], y - self.middle[1]]).astype(np.float32) @ self.there
        return away[..., 0], away[..., 1]

    def of_points(self, points: Points) -> Points:
        """Return where points (n, 2) lie, across and down."""
        return np.asarray((points - self.middle) @ self.there, np.float32)


def _features_placed(
    face: Face, axes: _Axes, proportions: Proportions, across: Field, down: Field
) -> tuple[Field, Field]:
    """Return where of the photo a film's places show, both across and down."""
    from_across, from_down = _outline_placed(face, axes, proportions, across, down)
    for outline, sign in ((LEFT_EYE, -1), (RIGHT_EYE, 1)):
        eye = axes.of_points(face[outline])
        reach = EYE_REACH * max(float(np.ptp(eye[:, 0])), 0.2)
        radii = reach * proportions.eyes[0], 0.92 * reach * proportions.eyes[1]
        _scaled(from_across, from_down, eye.mean(axis=0), radii, proportions.eyes, sign * proportions.apart)
    nose, mouth = axes.of_points(face.points[[NOSE_TIP]])[0], axes.of_points(face[LIPS])
    _scaled(
        from_across, from_down, nose - np.array([0, 0.08], np.float32), NOSE_RADII, (proportions.nose, proportions.nose)
    )
    wide = max(float(np.ptp(mouth[:, 0])), 0.2)
    _scaled(
        from_across, from_down, mouth.mean(axis=0), (0.71 * wide, 0.58 * wide), (proportions.mouth, proportions.mouth)
    )
    return from_across, from_down


def _outline_placed(
    face: Face, axes: _Axes, proportions: Proportions, across: Field, down: Field
) -> tuple[Field, Field]:
    """Return where of the photo places show if heights and widths alone are changed, both across and down."""
    sides = axes.of_points(face[SIDES])[:, 0]
    [nose, chin], lips = axes.of_points(face[(NOSE_TIP, 152)])[:, 1], axes.of_points(face[LIPS])[:, 1].mean()
    heights = np.array([-3.4, -2.1, -1.3, -0.45, 0.0, 0.65 * nose, lips, chin, chin + 0.75, chin + 1.6])
    crown = proportions.crown
    from_down = down - _smooth_table(heights, [-crown, -crown, -0.8 * crown, *proportions.lower, 0.0, 0.0], down)
    levels = np.array([-3.4, -2.0, -0.8, 0.0, nose, 0.5 * (lips + chin), chin, chin + 0.7])
    shares = [0.0, 0.8 * proportions.wider[0], *proportions.wider, 0.0]
    aside = across - sides.mean()
    fading = np.exp(-((aside / np.float32(0.575 * max(float(np.ptp(sides)), 0.2))) ** 4))
    return across - _smooth_table(levels, shares, from_down) * aside * fading, from_down


def _scaled(
    across: Field,
    down: Field,
    middle: Points,
    radii: tuple[float, float],
    scales: tuple[float, float],
    aside: float = 0.0,
) -> None:
    """Make what lies around a place larger or smaller, and move it aside, in place."""
    x, y = across - middle[0] - np.float32(aside), down - middle[1]
    share = np.exp(-(((x / np.float32(radii[0])) ** 2 + (y / np.float32(radii[1])) ** 2) ** 1.25))
    across -= share * (x * np.float32(1 - 1 / scales[0]) + np.float32(aside))
    down -= share * y * np.float32(1 - 1 / scales[1])


def _smooth_table(places: np.ndarray, values: Sequence[float], at: Field) -> Field:
    """Return values between those of a table, without corners."""
    fine = np.linspace(float(places[0]), float(places[-1]), 256)
    # A table of heights that a strange mesh has out of order is put in order.
    places = np.maximum.accumulate(places)
    kernel = np.hanning(37)
    line = np.convolve(np.pad(np.interp(fine, places, values), 18, mode="edge"), kernel / kernel.sum(), mode="valid")
    return np.interp(at, fine, line).astype(np.float32)


def _within(head: Field, others: Field, unit: float) -> Field:
    """Return (h, w) in 0..1 for a smaller copy: 1 on a head (h, w), fading to 0 beyond it, at others and at the edges.

    unit: the eye distance in pixels of the copy.
    """
    fade = np.clip(1 - _distance(head) / np.float32(BEYOND * unit), 0, 1)
    height, width = head.shape
    rows, columns = (np.arange(n, dtype=np.float32) for n in (height, width))
    rows, columns = np.minimum(rows, rows[::-1]), np.minimum(columns, columns[::-1])
    edge = np.clip(np.minimum(rows[:, None], columns[None]) / np.float32(BEYOND * unit), 0, 1)
    edge = edge * np.clip((_distance(others) - np.float32(1.5)) / np.float32(BEYOND * unit), 0, 1)
    fade = fade * edge
    return np.asarray(fade * fade * (3 - 2 * fade), np.float32)


def _distance(part: Field) -> Field:
    """Return (h, w): how far in pixels each is from a part, at most the picture's size."""
    away = cv2.distanceTransform((part < LEAST).astype(np.uint8), cv2.DIST_L2, 3)
    return np.minimum(np.asarray(away, np.float32), np.float32(sum(part.shape)))


def moved_points(points: Points, flow: Field) -> Points:
    """Return where points (n, 2) of the photo get to by a flow (h, w, 2)."""
    places = points.copy()
    height, width = flow.shape[:2]
    limit = np.array([width - 1, height - 1], np.float32)
    for _ in range(ROUNDS):
        x, y = np.clip(places, 0, limit).astype(np.float32).T
        there = cv2.remap(flow, x[None], y[None], cv2.INTER_LINEAR)[0]
        places = points - there
    return np.asarray(places, np.float32)
