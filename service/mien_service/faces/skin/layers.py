"""All layers of a face put together: from the signs of a substance to an edit.

An edit holds the change of colour and light, not pixels: the photo's own skin shows through, and its own pores and fine
lines are raised (Edit.detail) rather than drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Edit, Field, no_edit
from mien_service.faces.face import Mesh, RgbImage
from mien_service.faces.head_model import HeadModel
from mien_service.faces.skin import hollows
from mien_service.faces.skin.areas import Areas, areas_of
from mien_service.faces.skin.charts import charts_of
from mien_service.faces.skin.light import light_on
from mien_service.faces.skin.relief import shading
from mien_service.faces.skin.signs import Colour, Gains, Signs
from mien_service.faces.skin.surface import Surface, surface_of

SIDE = 320
"""Of the fields: a wrinkle of two millimetres is three of their pixels wide."""

FAINT = 0.04
"""Skin, lips, teeth and eyes below this are left alone."""

DARK_SKIN, LIGHT_SKIN, LEAST_DARKENED = 30.0, 55.0, 0.78
"""L* of skin up to which it darkens by this share only, and from which on wholly."""

BLOTCHED = 0.75
"""How much of a blotch's colour DARK_SKIN shows: it looks like paint there before it does on light skin."""

MOST_COLOURED, MOST_SHADED = 1.25, 1.3
"""By how much more chroma moves and relief is shaded on DARK_SKIN: there they carry the signs."""

UNKNOWN_SKIN = 60.0
"""L* of skin where none is seen."""

FINE = 1.6
"""Detail finer than about this, as a standard deviation in pixels of the 256-pixel square, is skin texture."""

SHADED_BY = np.array([0.84, 1.02, 1.08], np.float32)
"""How much of a shade red, green and blue take: light that has passed through skin is redder."""

STILL, MOVES = 0.15, 0.6
"""Pixels of flow below which nothing is moved, and from which on alpha is 1."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """A face and all that its layers are drawn by: the aligned square (256, 256, 3), and the mesh in its pixels."""

    crop: RgbImage
    mesh: Mesh
    surface: Surface
    areas: Areas
    light: NDArray[np.float32]

    @cached_property
    def paleness(self) -> float:
        """Return in 0..1 how light the skin is, from DARK_SKIN to LIGHT_SKIN."""
        skin = self.areas.skin > 0.5
        lightness = float(np.median(self.areas.colours[skin, 0])) if skin.any() else UNKNOWN_SKIN
        return float(np.interp(lightness, (DARK_SKIN, LIGHT_SKIN), (0.0, 1.0)))

    def by_paleness(self, on_dark: float) -> np.float32:
        """Return `on_dark` for the darkest skin, 1 for light skin."""
        return np.float32(on_dark + (1 - on_dark) * self.paleness)

    @cached_property
    def smoothed(self) -> Field:
        """The face without its skin texture, (SIDE, SIDE, 3) RGB in 0..255."""
        soft = cv2.GaussianBlur(self.crop, (0, 0), FINE)
        return cv2.resize(soft, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR).astype(np.float32)

    @cached_property
    def tones(self) -> Field:
        """The face's smoothed colours as RGB in 0..255, (SIDE, SIDE, 3)."""
        return _to_rgb(self.areas.colours)

    @cached_property
    def touched(self) -> Field:
        """Where colours change, (SIDE, SIDE), 1 or 0."""
        areas = (self.areas.skin, self.areas.lips, self.areas.sclera, self.areas.teeth)
        return (np.max(areas, axis=0) > 0).astype(np.float32)


def canvas_of(crop: RgbImage, mesh: Mesh, model: HeadModel, uncovered: Field) -> Canvas:
    """Return the canvas of an aligned face (256, 256, 3) with its mesh (468, 3) in the crop's pixels.

    uncovered: (256, 256) in 0..1, where nothing (hair, glasses, a hand) lies before the skin.
    """
    surface = surface_of(mesh, model, SIDE)
    found = areas_of(crop, mesh, surface, uncovered)
    areas = replace(
        found,
        skin=_kept(found.skin),
        lips=_kept(found.lips),
        sclera=_kept(found.sclera),
        teeth=_kept(found.teeth),
    )
    return Canvas(crop, mesh, surface, areas, light_on(crop, mesh, surface.normals))


def layered(canvas: Canvas, signs: Signs, gains: Gains, severities: Sequence[float], seed: int) -> list[Edit]:
    """Return an edit for each severity in 0..1, the same for the same seed: more of it adds and moves nothing."""
    shown = signs.with_gains(gains)
    sinking = hollows.sinking(canvas.mesh, shown, canvas.surface.unit, SIDE) * canvas.areas.movable[..., None]
    return [
        _layered(canvas, shown, sinking * np.float32(severity), severity, seed) if severity > 0 else no_edit(SIDE)
        for severity in severities
    ]


def _layered(canvas: Canvas, signs: Signs, flow: Field, severity: float, seed: int) -> Edit:
    surface, skin = canvas.surface, canvas.areas.skin
    charts = charts_of(signs, severity, seed)
    tinted = _to_rgb(canvas.areas.colours + _shift(canvas, surface.chart(charts.tint), signs, severity))
    shade = shading(surface.chart(charts.height), surface.unit, canvas.light) * skin * canvas.by_paleness(MOST_SHADED)
    detail = skin * np.float32(signs.roughness * severity)
    residual = tinted * (1 + shade[..., None] * SHADED_BY) - canvas.tones - canvas.smoothed * detail[..., None]
    moves = np.clip((cv2.magnitude(flow[..., 0], flow[..., 1]) - STILL) / (MOVES - STILL), 0, 1)
    return Edit(np.asarray(residual, np.float32), np.maximum(canvas.touched, moves), flow, detail=detail)


def _shift(canvas: Canvas, tint: Field, signs: Signs, severity: float) -> Field:
    """Return (n, n, 3): how far L*, a* and b* move, by a tint (n, n, 4) of skin as Charts has it."""
    areas = canvas.areas
    lightness = tint[..., 2] * canvas.by_paleness(LEAST_DARKENED)
    shift = np.dstack([lightness, tint[..., :2] * canvas.by_paleness(MOST_COLOURED)])
    shift += tint[..., 3:] * _colour(signs.blotch) * canvas.by_paleness(BLOTCHED)
    shift *= areas.skin[..., None]
    for area, colour in ((areas.lips, signs.lips), (areas.sclera, signs.sclera), (areas.teeth, signs.teeth)):
        if any(colour):
            shift += area[..., None] * _colour(colour) * np.float32(severity)
    return shift


def _colour(colour: Colour) -> NDArray[np.float32]:
    return np.array(colour, np.float32)


def _kept(area: Field) -> Field:
    return np.clip((area - FAINT) / (1 - FAINT), 0, 1).astype(np.float32)


def _to_rgb(lab: Field) -> Field:
    """Return sRGB (n, n, 3) in 0..255 of CIE L*a*b*, whose L* is clipped in place."""
    np.clip(lab[..., 0], 0, 100, out=lab[..., 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), np.float32) * np.float32(255)
