"""Glasses as the photo shows them: whether they are worn, the form of their lenses, and how the rims look.

Around each eye lies a patch with its own axes, along the eye and down the face. In both patches the same form is looked
for, a rounded rectangle: the one whose outline is darker, or lighter, than what lies within and around it, and that the
head's maps take for something else than skin.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.drawn.colours import Lab, tones
from mien_service.faces.drawn.parts import Face
from mien_service.faces.edit import Field
from mien_service.faces.face import Points

Patches = list[Field]
"""One for each eye, (HEIGHT, WIDTH)."""

Forms = NDArray[np.float64]
"""(n, 5): how far a lens reaches from the eye's middle towards the nose and the ear, in eye widths; its upper and its
lower edge, in eye distances downwards; and how angular it is: 2 is an ellipse."""

ACROSS, DOWN = 34, 60
"""Pixels of a patch that are an eye's width and an eye distance long."""

LEFT, TOP = 46, 38
"""Of the eye's middle, in pixels of its patch."""

WIDTH, HEIGHT = 92, 86
"""Of a patch, in its pixels."""

EYE_WIDTH = 0.47
"""Of an eye seen from the front, in eye distances."""

INWARD, OUTWARD = (0.68, 0.80, 0.92, 1.04), (0.66, 0.80, 0.94, 1.08)
UPPER, LOWER = (-0.36, -0.29, -0.22, -0.16), (0.20, 0.26, 0.32, 0.38, 0.45, 0.52)
ANGULAR = (2.3, 4.0)
"""Forms that are tried first: all combinations of these."""

STEPS = np.array([0.12, 0.14, 0.07, 0.07])
"""Between them, about; half and a quarter of it is tried around the best one."""

LEAST, MOST = np.array([0.6, 0.6, -0.42, 0.19, 2.0]), np.array([1.2, 1.25, -0.15, 0.6, 5.0])
"""Of a form, if it is tried around another."""

USUAL, SPREAD = np.array([0.84, 0.86, -0.26, 0.30]), np.array([0.20, 0.22, 0.09, 0.11])
"""The form that most glasses have, and how far others lie from it: a form loses a level of lightness where all of it
lies half a spread away."""

OUTLINE_POINTS = 36
ANGLES = np.linspace(0, 2 * np.pi, OUTLINE_POINTS, endpoint=False)

BROW_SHARE, BROW_ABOVE = 0.4, -0.35
"""Weight of an outline's upper part, where brows look like rims, and from which height on (sine of the angle)."""

BESIDE = 0.08
"""How far within and outside an outline the lightness is compared, in eye distances."""

DARKER, LIGHTER = 20.0, -8.0
"""Levels of lightness by which a rim counts as darker or lighter at most, at each point."""

WITHIN_SHARE, LIGHT_LESS = 0.6, 2.0
"""Weight of the side within, where lenses may be dark, and levels that a light rim loses against a dark one."""

MAP_WEIGHT, MAP_RANGE = 14.0, (-0.3, 0.5)
"""What the maps' step over an outline counts, in levels of lightness, and its range."""

FINE = 0.012
"""Deviation by which lightness is smoothed, in eye distances."""

BELOW = slice(TOP + 10, TOP + 17), slice(LEFT - 15, LEFT + 16)
BESIDE_EYE = slice(TOP - 6, TOP + 6), slice(LEFT + 28, LEFT + 44)
"""Parts of a patch below the eye and towards the ear: glasses cover them, and eyes do not."""

BRIDGE_WIDE, BRIDGE_HIGH, BRIDGE_APART = 9, 46, 3
"""Of the strip along the nose's root in its pixels, and how far from a bridge lies what it is compared to."""

EVIDENCE, MOST_DARKER = (0.6, 14.0, 10.2), 15.0
DOUBT = 7.0
"""What a level of lightness counts by which a bridge is darker than what is above and below it, of at most so many, and
the maps' shares below and beside the eyes; glasses are worn where these are more than the doubt. Fitted to 597 training
faces of CelebA, of which 180 wear some: it draws glasses on 87 % of these and on 3 % of the others."""

PROFILE = np.linspace(-0.12, 0.12, 25)
"""Places across a rim, in eye distances."""

FAINT, THINNEST, THICKEST = 5.0, 0.024, 0.11
"""Levels of lightness of a rim up to which it is a thin wire, and how thick rims are, in eye distances."""

TINTED, DARK = 0.29, 0.5
"""By which share of the skin's lightness a lens is darker than it where it counts as tinted, and as dark."""


@dataclass(frozen=True, eq=False)
class Glasses:
    """Glasses as the photo shows them, in pixels of what is drawn.

    outlines: both lenses', the outer edge of their rims, (OUTLINE_POINTS, 2); lenses: the inner edge; thickness of a
    rim; colour: of the rims in L*a*b*; lens: the colour seen through the lenses, and tint how much of the eyes it
    hides, 0..1.
    """

    outlines: tuple[Points, Points]
    lenses: tuple[Points, Points]
    thickness: float
    colour: Lab
    lens: Lab
    tint: float


def glasses_of(lab: Field, face: Face, left_over: Field, skin: Lab) -> Glasses | None:
    """Return the glasses that a face wears in L*a*b* (h, w, 3), or None.

    left_over: (h, w) in 0..1, what the maps take for the head's but neither for skin nor for hair; skin: its colour.
    """
    light = np.asarray(cv2.GaussianBlur(lab[..., 0], (0, 0), max(FINE * face.unit, 0.3)), np.float32)
    axes = [_axes(face, corners) for corners in ((133, 33), (362, 263))]
    strange = [_patch(left_over, one) for one in axes]
    if not _worn(light, strange, face):
        return None
    form, lighter = _fitted([_patch(light, one) for one in axes], strange)
    return _seen(lab, light, axes, form, lighter, skin, face.unit)


def _axes(face: Face, corners: tuple[int, int]) -> Points:
    """Return (2, 3), from a patch's own units to pixels: along the eye, down the face, and the eye's middle."""
    inner, outer = face[corners]
    down = face.points[152] - face.points[10]
    down = down / max(float(np.hypot(*down)), 1e-6) * face.unit
    return np.column_stack([outer - inner, down, (inner + outer) / 2]).astype(np.float32)


def _patch(plane: Field, axes: Points) -> Field:
    there = axes.astype(np.float64)
    there[:, 0] /= ACROSS
    there[:, 1] /= DOWN
    there[:, 2] -= there[:, 0] * LEFT + there[:, 1] * TOP
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    drawn = cv2.warpAffine(plane, there, (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(drawn, np.float32)


def evidence_of(light: Field, strange: Patches, face: Face) -> tuple[float, float, float]:
    """Return how much darker a bridge over the nose is, and the maps' shares below and beside the eyes.

    light: (h, w), the lightness; strange: both eyes' patches of what is neither skin nor hair.
    """
    root = face.points[168]
    inward = face.points[362] - face.points[133]
    down = face.points[152] - face.points[10]
    down = down / max(float(np.hypot(*down)), 1e-6) * face.unit / DOWN
    across = inward * np.float32(0.3 / BRIDGE_WIDE)
    corner = root - across * (BRIDGE_WIDE - 1) / 2 - down * BRIDGE_HIGH * 0.55
    there = np.column_stack([across, down, corner]).astype(np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = BRIDGE_WIDE, BRIDGE_HIGH
    strip = cv2.warpAffine(light, there, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    profile = np.asarray(strip.mean(axis=1), np.float32)
    above, at, below = (profile[k * BRIDGE_APART : len(profile) + (k - 2) * BRIDGE_APART] for k in range(3))
    darker = float((np.minimum(above, below) - at).max())
    under, beside = (float(np.mean([one[place].mean() for one in strange])) for place in (BELOW, BESIDE_EYE))
    return min(max(darker, 0.0), MOST_DARKER), under, beside


def _worn(light: Field, strange: Patches, face: Face) -> bool:
    return bool(np.dot(EVIDENCE, evidence_of(light, strange, face)) > DOUBT)


def _outlines(forms: Forms, beyond: float = 0.0) -> NDArray[np.float64]:
    """Return (n, OUTLINE_POINTS, 2), forms' outlines in a patch's own units, `beyond` eye distances outside of them."""
    inward, outward, upper, lower, angular = (forms[:, k, None] for k in range(5))
    cosine, sine = np.cos(ANGLES), np.sin(ANGLES)
    x, y = (np.sign(one) * np.abs(one) ** (2 / angular) for one in (cosine, sine))
    wide, high = (outward + inward) / 2, (lower - upper) / 2
    away = np.stack([x / (wide * EYE_WIDTH), y / high], axis=-1)
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    places = np.stack([(outward - inward) / 2 + wide * x, (upper + lower) / 2 + high * y], axis=-1)
    return places + beyond * away / [EYE_WIDTH, 1]


def _pixels(forms: Forms) -> list[NDArray[np.int64]]:
    """Return the pixels (n, OUTLINE_POINTS) of a patch that lie on forms' outlines, outside and within."""
    found: list[NDArray[np.int64]] = []
    for beyond in (0.0, BESIDE, -BESIDE):
        places = _outlines(forms, beyond) * [ACROSS, DOWN] + [LEFT, TOP]
        x, y = (np.rint(places[..., k]).astype(np.int64).clip(0, most - 1) for k, most in ((0, WIDTH), (1, HEIGHT)))
        found.append(y * WIDTH + x)
    return found


@cache
def _first_forms() -> tuple[Forms, list[NDArray[np.int64]]]:
    mesh = np.meshgrid(INWARD, OUTWARD, UPPER, LOWER, ANGULAR, indexing="ij")
    forms = np.stack([one.ravel() for one in mesh], axis=1)
    return forms, _pixels(forms)


def _fitted(light: Patches, strange: Patches) -> tuple[Forms, bool]:
    """Return the form (5,) that fits both patches best, and whether its rim is lighter than what is around."""
    forms, pixels = _first_forms()
    best, lighter = _best(forms, pixels, light, strange)
    grid = np.stack(np.meshgrid(*[(-1, 0, 1)] * 4, indexing="ij"), axis=-1).reshape(-1, 4) * STEPS
    for share in (0.5, 0.25):
        around = best + np.column_stack([grid * share, np.zeros(len(grid))])
        around = np.clip(around, LEAST, MOST)
        best, lighter = _best(around, _pixels(around), light, strange)
    return best, lighter


def _best(forms: Forms, pixels: list[NDArray[np.int64]], light: Patches, strange: Patches) -> tuple[Forms, bool]:
    rim, outside, within = pixels
    weight = np.where(np.sin(ANGLES) > BROW_ABOVE, 1.0, BROW_SHARE).astype(np.float32)
    weight /= weight.sum()
    scores = np.zeros((2, len(forms)), np.float32)
    for plane, other in zip(light, strange, strict=True):
        level, share = plane.ravel(), other.ravel()
        to_outside, to_within = level[outside] - level[rim], level[within] - level[rim]
        step = MAP_WEIGHT * np.clip(share[within] - share[outside], *MAP_RANGE)
        for score, sign in zip(scores, (1, -1), strict=True):
            contrast = np.clip(sign * to_outside, LIGHTER, DARKER)
            contrast += WITHIN_SHARE * np.clip(sign * to_within, LIGHTER / 2, DARKER)
            score += (contrast + step) @ weight / 2
    scores -= (((forms[:, :4] - USUAL) / SPREAD) ** 2).sum(axis=1) / 2
    scores[1] -= LIGHT_LESS
    sign, place = np.unravel_index(int(scores.argmax()), scores.shape)
    return forms[place], bool(sign == 1)


def _placed(form: Forms, axes: Points, beyond: float) -> Points:
    """Return a form's outline in pixels of what is drawn."""
    return np.asarray(_outlines(form[None], beyond)[0] @ axes[:, :2].T + axes[:, 2], np.float32)


def _seen(
    lab: Field, light: Field, axes: Sequence[Points], form: Forms, lighter: bool, skin: Lab, unit: float
) -> Glasses:
    """Return glasses of a form, as thick and of the colour that the photo shows along its outline."""
    sign = -1 if lighter else 1
    low = np.sin(ANGLES) > BROW_ABOVE
    across = np.stack([np.concatenate([_placed(form, one, by)[low] for one in axes]) for by in PROFILE])
    levels = sign * _at(light, across)
    profile = np.median(levels, axis=1)
    middle = np.abs(PROFILE) <= BESIDE / 2
    place = int(np.flatnonzero(middle)[profile[middle].argmin()])
    outer, inner = float(profile[place:].max()), float(profile[: place + 1].max())
    depth = min(outer, inner) - float(profile[place])
    lens, tint = _through(lab, axes, form, skin)
    if depth > FAINT:
        thickness = (PROFILE[1] - PROFILE[0]) * _run(profile < profile[place] + depth / 2, place)
    else:
        thickness = THINNEST * (1 + tint)
    thickness = float(np.clip(thickness, THINNEST, THICKEST))
    colour = _rim_colour(_at(lab, across[place]), levels[place], skin, lighter, max(depth, tint * outer))
    at = float(PROFILE[place])
    outlines, lenses = (
        (_placed(form, axes[0], by), _placed(form, axes[1], by)) for by in (at + thickness / 2, at - thickness / 2)
    )
    return Glasses(outlines, lenses, thickness * unit, colour, lens, tint)


def _run(low: NDArray[np.bool_], place: int) -> int:
    """Return the length of the run of true values around a place."""
    edges = np.flatnonzero(~low)
    before, after = edges[edges < place], edges[edges > place]
    return (int(after[0]) if len(after) else len(low)) - (int(before[-1]) if len(before) else -1) - 1


def _at(plane: Field, places: Points) -> Field:
    """Return a plane's (h, w) or picture's (h, w, c) values nearest to places (..., 2)."""
    x, y = (np.rint(places[..., k]).astype(int).clip(0, plane.shape[1 - k] - 1) for k in (0, 1))
    return plane[y, x]


def _rim_colour(colours: Field, levels: Field, skin: Lab, lighter: bool, depth: float) -> Lab:
    """Return the colour of the rim: the median of what stands out most; a faint one is a shade of the skin."""
    seen = np.median(colours[levels <= np.percentile(levels, 40)], axis=0)
    if not lighter:
        seen[0] = min(seen[0] * 0.85, skin[0] - 18)
    share = np.interp(depth, [2, 8], [0, 1])
    faint = np.array([skin[0] - 30, skin[1] * 0.5, skin[2] * 0.5])
    return np.asarray(faint + (seen - faint) * share, np.float32)


def _through(lab: Field, axes: Sequence[Points], form: Forms, skin: Lab) -> tuple[Lab, float]:
    """Return the colour seen through the lenses, and how dark they are in 0..1: of a clear lens half is skin."""
    rows, columns = np.mgrid[0.15:0.85:12j, 0.15:0.85:12j]
    inward, outward, upper, lower, _ = form
    places = np.stack([-inward + (inward + outward) * columns, upper + (lower - upper) * rows], axis=-1).reshape(-1, 2)
    colours = np.concatenate([_at(lab, places @ one[:, :2].T + one[:, 2]) for one in axes])
    lightest = colours[:, 0] >= np.median(colours[:, 0])
    seen = tones(colours, lightest.astype(np.float32), skin).middle
    darker = 1 - float(seen[0]) / max(float(skin[0]), 1.0)
    return seen, float(np.interp(darker, [TINTED, DARK], [0, 1]))
