"""Masks laid over bare faces so that they look worn: lit like the face, creased, with straps and a shadow.

What `occluders.Masks` lays is a rough likeness for landmarks; here the rim, the straps and the light have to be right,
because a segmenter learns the rim and a filler what shows beside it.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.teachers import occluders
from mien_export.teachers.mesh import eye_distance
from mien_export.teachers.occluders import ANCHOR_POINTS, Cover, Masks
from mien_service.faces.face import Mesh, RgbImage

Pixels = NDArray[np.floating[Any]]
"""(h, w, 3), grey levels."""

SCARF_SHARE = 0.06
"""How often a scarf or a pulled-up collar is worn instead of a mask."""

LOW_SHARE, CHIN_SHARE = 0.12, 0.04
"""How often a mask is worn under the nose, and on the chin."""

WIDE_SHARE = 0.12
"""How often cloth goes on past the cheeks and under the chin, as a neck gaiter's does."""

STRAP_SHARE = 0.75
"""How often straps show on a mask seen from the front; those of the sides have theirs."""

RELEVEL = 0.05
"""Deviation of the anchors in eye distances: how differently a mask may sit."""

STRAP_ENDS = {"left": (127, 234, 93), "right": (356, 454, 323)}
"""Mesh points of each side from before the ear's top to its lobe."""

CHEEKS, FOREHEAD = (50, 280), 151

MOUTH = (61, 291)
"""Its corners."""


@dataclass(frozen=True, eq=False)
class Worn:
    """A face with a mask on: pixels (h, w, 3) uint8 RGB; cover (h, w) in 0..1, where the mask and its straps are."""

    pixels: RgbImage
    cover: Cover


class MaskOverlays:
    """Lays a random mask over a face, of which the mesh is known."""

    def __init__(self) -> None:
        self._masks = Masks()

    def wear(self, picture: RgbImage, mesh: Mesh, rng: np.random.Generator) -> Worn:
        """Return `picture` (h, w, 3) with a mask over the face whose mesh (468, 3) is given in its pixels."""
        if rng.random() < SCARF_SHARE:
            return _muffled(picture, mesh, rng)
        side = occluders.side_of(mesh)
        template = occluders.pick(self._masks.by_side[side], rng)
        target = anchors_on(mesh, rng)
        matrix, _ = cv2.findHomography(template.anchors, target)
        if matrix is None:
            return Worn(picture.copy(), np.zeros(picture.shape[:2], np.float32))
        dyed = self._masks.dyed(template.pixels, rng)
        cloth, cover = _warped(dyed, np.asarray(matrix, np.float64), picture.shape[:2])
        cloth = _creased(cloth, cover, eye_distance(mesh), rng)
        if side == "front" and rng.random() < STRAP_SHARE:
            corners = cv2.perspectiveTransform(template.anchors[None], matrix)[0]
            cloth, cover = _strapped(cloth, cover, mesh, corners, rng)
        cloth = _lit(cloth, picture, mesh, rng)
        skin = _shaded(picture.astype(np.float32), cover, eye_distance(mesh), rng)
        worn = skin + (cloth - skin) * cover[..., None]
        return Worn(np.clip(np.rint(worn), 0, 255).astype(np.uint8), cover)


def _muffled(picture: RgbImage, mesh: Mesh, rng: np.random.Generator) -> Worn:
    """Return the face behind a scarf or collar, which counts as a mask only where it hides the mouth."""
    pixels, cover = occluders.scarf(picture, mesh, rng)
    height, width = cover.shape
    x, y = np.clip(np.rint(mesh[list(MOUTH), :2]).astype(int), 0, [width - 1, height - 1]).T
    return Worn(pixels, cover if (cover[y, x] > 0.5).all() else np.zeros_like(cover))


def anchors_on(mesh: Mesh, rng: np.random.Generator) -> NDArray[np.floating[Any]]:
    """Return where the six anchors of a mask come to lie, (6, 2): usually right, sometimes below nose or mouth."""
    target = mesh[list(ANCHOR_POINTS.values()), :2].copy()
    down = mesh[2, :2] - mesh[6, :2]
    how = rng.random()
    if how < CHIN_SHARE:
        target[:3] += rng.uniform(1.3, 1.7) * down
        target[3:] += rng.uniform(0.2, 0.5) * down
    elif how < CHIN_SHARE + LOW_SHARE:
        target[:3] += rng.uniform(0.7, 1.1) * down
    else:
        target[:3] += rng.uniform(-0.05, 0.35) * down
    target[3:] += rng.uniform(-0.1, 0.25) * down
    if rng.random() < WIDE_SHARE:
        target[3:] += rng.uniform(0.1, 0.8) * down
        target += (target - target.mean(axis=0)) * np.array([rng.uniform(0, 0.3), 0])
    return (target + rng.normal(0, RELEVEL * eye_distance(mesh), target.shape)).astype(np.float32)


def _warped(template: NDArray[np.uint8], matrix: NDArray[np.float64], shape: tuple[int, int]) -> tuple[Pixels, Cover]:
    """Return the colours and the matte of an RGBA template under a homography."""
    matte = template[..., 3].astype(np.float32) / np.float32(255)
    # Premultiplied: beside the matte a template is black, and a half covered rim would darken.
    layer = np.dstack([template[..., :3].astype(np.float32) * matte[..., None], matte])
    # Reduced first: a warp alone would alias fine weave and leave a stair-stepped rim.
    zoom = min(1.0, 1.3 * abs(float(np.linalg.det(matrix[:2, :2]))) ** 0.5)
    small = cv2.resize(layer, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    warped = cv2.warpPerspective(small, matrix @ np.diag([1 / zoom, 1 / zoom, 1]), shape[::-1])
    cover = np.clip(np.asarray(warped[..., 3], np.float32), 0, 1)
    return np.clip(warped[..., :3] / np.maximum(cover, 1e-3)[..., None], 0, 255), cover


def _creased(cloth: Pixels, cover: Cover, eye: float, rng: np.random.Generator) -> Pixels:
    """Return the cloth with a few soft creases, a dark line beside a light one, and darker towards its sides."""
    inside = np.argwhere(cover > 0.9)[:, ::-1]
    if not len(inside):
        return cloth
    relief = np.zeros(cover.shape, np.float32)
    for _ in range(int(rng.integers(0, 6))):
        along = rng.normal(0, 1, 2) * eye * 0.4
        bend = np.array([-along[1], along[0]]) * rng.uniform(-0.4, 0.4)
        share = np.linspace(-1, 1, 9)[:, None]
        line = inside[int(rng.integers(len(inside)))] + along * share + bend * (1 - share**2)
        depth, thick = float(rng.uniform(0.3, 1)), max(round(eye / 25), 1)
        cv2.polylines(relief, [np.rint(line).astype(np.int32)], False, depth, thick)
    relief = cv2.GaussianBlur(relief, (0, 0), max(eye * rng.uniform(0.015, 0.04), 0.5))
    light = relief - np.roll(relief, max(round(eye * 0.03), 1), axis=0)
    x = np.arange(cover.shape[1], dtype=np.float32)[None, :]
    middle, half = np.float32(inside[:, 0].mean()), np.float32(max(np.ptp(inside[:, 0]) / 2, 1))
    falloff = 1 - np.float32(rng.uniform(0, 0.35)) * np.clip(((x - middle) / half) ** 2, 0, 1)
    return cloth * (falloff * (1 + np.float32(rng.uniform(0.3, 0.9)) * light))[..., None]


def _strapped(
    cloth: Pixels, cover: Cover, mesh: Mesh, corners: NDArray[np.floating[Any]], rng: np.random.Generator
) -> tuple[Pixels, Cover]:
    """Return cloth and cover with elastic straps from the mask's corners, (6, 2), to the ears."""
    eye = eye_distance(mesh)
    straps = np.zeros(cover.shape, np.uint8)
    thick = max(eye * rng.uniform(0.012, 0.05), 1.0)
    # From under the mask, whose rim may run inside its corners.
    corners = corners + (corners.mean(axis=0) - corners) * np.float32(0.25)
    for ear, upper, lower in (("left", 0, 3), ("right", 2, 5)):
        top, middle, bottom = (mesh[point, :2] for point in STRAP_ENDS[ear])
        out = (mesh[STRAP_ENDS[ear][1], :2] - mesh[4, :2]) * rng.uniform(0.02, 0.15)
        _strap(straps, corners[upper], (top + middle) / 2 + out, thick, rng)
        _strap(straps, corners[lower], bottom + out, thick, rng)
    shown = cv2.GaussianBlur(straps, (0, 0), 0.6).astype(np.float32) / np.float32(255)
    kind = rng.random()
    levels = (190, 250) if kind < 0.55 else (5, 50) if kind < 0.75 else (10, 200)
    colour = rng.uniform(*levels, 3 if kind >= 0.75 else 1).astype(np.float32)
    # The mask lies over its straps.
    mix = (shown * (1 - cover))[..., None]
    total = np.maximum(cover, shown)
    return (cloth * cover[..., None] + colour * mix) / np.maximum(cover[..., None] + mix, 1e-3), total


def _strap(
    canvas: NDArray[np.uint8],
    start: NDArray[np.floating[Any]],
    end: NDArray[np.floating[Any]],
    thick: float,
    rng: np.random.Generator,
) -> None:
    share = np.linspace(0, 1, 7)[:, None]
    across = np.array([-(end - start)[1], (end - start)[0]]) * rng.uniform(-0.15, 0.15)
    line = start + (end - start) * share + across * (4 * share * (1 - share))
    cv2.polylines(canvas, [np.rint(line * 16).astype(np.int32)], False, 255, max(round(thick), 1), cv2.LINE_AA, 4)


def _lit(cloth: Pixels, picture: RgbImage, mesh: Mesh, rng: np.random.Generator) -> Pixels:
    """Return the cloth as bright, as unevenly lit and about as tinted as the face is."""
    height, width = picture.shape[:2]
    places = np.clip(np.rint(mesh[[*CHEEKS, FOREHEAD], :2]).astype(int), 0, [width - 1, height - 1])
    reach = max(round(eye_distance(mesh) * 0.08), 1)
    around_places = (picture[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1] for x, y in places)
    levels = np.array([patch.mean() for patch in around_places])
    exposure = np.clip((levels.max() / 190) ** rng.uniform(0.3, 1.0), 0.25, 1.15) * rng.uniform(0.85, 1.1)
    lean = np.clip((levels[1] - levels[0]) / max(levels[:2].sum(), 1), -0.5, 0.5) * rng.uniform(0, 1.2)
    x = np.arange(width, dtype=np.float32)[None, :]
    middle, half = mesh[4, 0], max(abs(mesh[454, 0] - mesh[234, 0]) / 2, 1)
    slope = 1 + np.float32(lean) * np.clip((x - np.float32(middle)) / np.float32(half), -1, 1)
    around = picture.reshape(-1, 3).mean(axis=0) + 20
    tint = (around / around.mean()) ** rng.uniform(0, 0.5)
    return np.clip(cloth * slope[..., None] * (exposure * tint).astype(np.float32), 0, 255)


def _shaded(skin: Pixels, cover: Cover, eye: float, rng: np.random.Generator) -> Pixels:
    """Return the skin darker beside the mask, as by its shadow."""
    soft = cv2.GaussianBlur(cover, (0, 0), max(eye * rng.uniform(0.03, 0.1), 0.5))
    down, right = eye * rng.uniform(0, 0.08), eye * rng.uniform(-0.04, 0.04)
    shift = np.array([[1, 0, round(right)], [0, 1, round(down)]], np.float32)
    soft = cv2.warpAffine(soft, shift, cover.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return skin * (1 - np.float32(rng.uniform(0.1, 0.6)) * soft[..., None])
