"""Which pixels of an aligned face are skin, lips, the white of the eyes, teeth.

Areas are drawn from the mesh, which follows mouth and lids, and then kept where the colours say so too: glasses, hair,
beards, hands and masks before the face are no skin.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from mien_service.faces.align import points_at_resolution
from mien_service.faces.edit import Field
from mien_service.faces.face import Mesh, RgbImage
from mien_service.faces.skin.surface import Surface

LEFT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
RIGHT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
LEFT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
RIGHT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
MOUTH = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)

EYE_MARGIN, BROW_MARGIN, LIP_MARGIN = 0.04, 0.03, 0.012
"""How far eyes, brows and lips reach past their outlines, in eye distances."""

SOFT = 0.02
"""Standard deviation of an area's edge, in eye distances."""

RIM = 0.2
"""Width over which nothing is moved any more towards the face's outline: hair and background stay."""

SURE_PLACES = ((-0.62, 0.62, -0.1, 0.62), (-0.45, 0.45, -0.5, -0.3))
"""Left, right, top and bottom of what is mostly bare skin: cheeks with the nose, and the lower forehead."""

CHROMA_SPREAD, DARKER_SPREAD, LIGHTER_SPREAD = 6.5, 19.0, 26.0
"""How far skin's a* and b*, and its L* down and up, lie from its own median at most, about; in levels of CIE L*a*b*."""

GLARE = 0.35
"""Levels of chroma more for each level of L* over the median."""

TELLING = 2.2
"""Distance, in those spreads, at which a pixel counts as half skin."""

SCLERA_CHROMA, PALE_OVER = 0.95, 0.4
"""The white of an eye is lighter than the middle of its opening, and has less chroma than the skin times the first,
wholly where it has as much less as the second says."""

SKIN_CHROMA = 18.0
"""Of a face of which no skin is seen."""

TEETH_LIGHTNESS, TEETH_CHROMA = 38.0, 26.0
"""Teeth are lighter than this and have less chroma."""


@dataclass(frozen=True, eq=False)
class Areas:
    """Areas of the aligned square, each (n, n) in 0..1, and the face's colours (n, n, 3): L*, a*, b*, smoothed.

    movable: what may be moved: the face without its rim, the eyes' openings and the mouth.
    """

    skin: Field
    movable: Field
    lips: Field
    sclera: Field
    teeth: Field
    colours: Field


def areas_of(crop: RgbImage, mesh: Mesh, surface: Surface, uncovered: Field) -> Areas:
    """Return the areas of an aligned face (256, 256, 3) with its mesh (468, 3), over the surface's n x n.

    uncovered: (256, 256) in 0..1, where nothing lies before the skin.
    """
    side = surface.shown.shape[0]
    picture = cv2.resize(crop, (side, side), interpolation=cv2.INTER_LINEAR)
    outlines = _Outlines(mesh, side, surface.unit)
    lab = to_lab(picture)
    smooth = np.asarray(cv2.GaussianBlur(lab, (0, 0), SOFT * surface.unit), np.float32)
    openings = [outlines.soft(eye, 0.0, 0.006) for eye in (LEFT_EYE, RIGHT_EYE)]
    mouth = outlines.soft(MOUTH, 0.0, 0.008)
    lips = np.clip(outlines.soft(LIPS, 0.0, 0.012) - outlines.soft(MOUTH, 0.012, 0.008), 0, 1)
    bare = surface.shown * _free(outlines) * cv2.resize(uncovered, (side, side), interpolation=cv2.INTER_LINEAR)
    still = np.max([*openings, mouth], axis=0)
    skin = np.clip(bare * _skin_coloured(smooth, bare, surface), 0, 1)
    chroma = _chroma_of(smooth, skin)
    return Areas(
        skin=np.asarray(cv2.GaussianBlur(skin, (0, 0), SOFT * surface.unit / 2), np.float32),
        movable=np.asarray(_within(surface) * (1 - still), np.float32),
        lips=lips.astype(np.float32),
        sclera=np.maximum(*(_white(lab, opening, chroma) for opening in openings)),
        teeth=_toothy(lab, mouth),
        colours=smooth,
    )


def to_lab(picture: np.ndarray) -> Field:
    """Return CIE L*a*b* (h, w, 3), D65, of sRGB pixels, uint8 or float32 in 0..1."""
    levels = picture.astype(np.float32) / 255 if picture.dtype == np.uint8 else picture
    return np.asarray(cv2.cvtColor(levels, cv2.COLOR_RGB2Lab), np.float32)


class _Outlines:
    """Draws parts of the mesh over an n x n square."""

    def __init__(self, mesh: Mesh, side: int, unit: float) -> None:
        self._points = points_at_resolution(mesh[:, :2], side)
        self._side = side
        self._unit = unit

    def soft(self, outline: tuple[int, ...], grown: float, soft: float) -> Field:
        """Return (n, n) in 0..1: what an outline encloses, `grown` and its edge `soft` eye distances wide."""
        drawn = np.zeros((self._side, self._side), np.uint8)
        fixed = np.rint(self._points[list(outline)] * 16).astype(np.int32)
        cv2.fillPoly(drawn, [fixed], 255, cv2.LINE_AA, shift=4)
        width = round(2 * grown * self._unit)
        if width > 0:
            cv2.polylines(drawn, [fixed], isClosed=True, color=255, thickness=width, lineType=cv2.LINE_AA, shift=4)
        blurred = cv2.GaussianBlur(drawn, (0, 0), max(soft * self._unit, 0.3))
        return np.asarray(blurred, np.float32) / np.float32(255)


def _within(surface: Surface) -> Field:
    """Return (n, n) in 0..1: the face, fading towards its rim."""
    drawn = (surface.shown > 0.05).astype(np.uint8)
    return np.clip(cv2.distanceTransform(drawn, cv2.DIST_L2, 3) / (RIM * surface.unit), 0, 1).astype(np.float32)


def _free(outlines: _Outlines) -> Field:
    """Return (n, n) in 0..1 where neither eyes nor brows nor lips lie."""
    covered = [outlines.soft(eye, EYE_MARGIN, SOFT) for eye in (LEFT_EYE, RIGHT_EYE)]
    covered += [outlines.soft(brow, BROW_MARGIN, SOFT) for brow in (LEFT_BROW, RIGHT_BROW)]
    covered.append(outlines.soft(LIPS, LIP_MARGIN, SOFT / 2))
    return np.asarray(1 - np.max(covered, axis=0), np.float32)


def _skin_coloured(lab: Field, bare: Field, surface: Surface) -> Field:
    """Return (n, n) in 0..1 how much a pixel's colour is that of the person's own skin."""
    u, v = surface.places[..., 0], surface.places[..., 1]
    sure = np.zeros(bare.shape, np.bool_)
    for left, right, top, bottom in SURE_PLACES:
        sure |= (u > left) & (u < right) & (v > top) & (v < bottom)
    sure &= bare > 0.5
    if sure.sum() < 50:
        return np.zeros_like(bare)
    middle = np.median(lab[sure], axis=0)
    away = lab - middle
    # Where light is glaring skin loses its colour.
    chroma = np.hypot(away[..., 1], away[..., 2]) / (CHROMA_SPREAD + GLARE * np.maximum(away[..., 0], 0))
    lightness = np.where(away[..., 0] < 0, away[..., 0] / DARKER_SPREAD, away[..., 0] / LIGHTER_SPREAD)
    distance = np.sqrt(chroma**2 + lightness**2)
    return np.asarray(1 / (1 + np.exp(np.minimum(4 * (distance - TELLING), 30))), np.float32)


def _chroma_of(lab: Field, skin: Field) -> float:
    """Return the median chroma of the skin."""
    sure = skin > 0.5
    return float(np.median(np.hypot(lab[sure, 1], lab[sure, 2]))) if sure.any() else SKIN_CHROMA


def _white(lab: Field, opening: Field, skin_chroma: float) -> Field:
    """Return (n, n) in 0..1: the white of an eye, by its opening."""
    inside = opening > 0.6
    if inside.sum() < 12:
        return np.zeros_like(opening)
    middle = float(np.median(lab[inside, 0]))
    spread = max(float(lab[inside, 0].std()), 3.0)
    light = np.clip((lab[..., 0] - middle) / spread, 0, 1)
    chroma = np.hypot(lab[..., 1], lab[..., 2]) / max(skin_chroma, 1.0)
    pale = np.clip((SCLERA_CHROMA - chroma) / PALE_OVER, 0, 1)
    return np.asarray(opening * light * pale, np.float32)


def _toothy(lab: Field, mouth: Field) -> Field:
    """Return (n, n) in 0..1: teeth, by the opening of the mouth."""
    light = np.clip((lab[..., 0] - TEETH_LIGHTNESS) / 12, 0, 1)
    pale = np.clip((TEETH_CHROMA - np.hypot(lab[..., 1], lab[..., 2])) / 8, 0, 1)
    return np.asarray(mouth * light * pale, np.float32)
