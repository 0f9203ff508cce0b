"""Things laid over a face so that networks learn to see past them: masks, glasses, hats, hands, scarves.

Each function takes a picture (h, w, 3) uint8 RGB and its mesh in pixels, and returns the covered picture and how much
of each pixel is covered, (h, w) float in 0..1. They are meant for landmarks, where a rough likeness is enough.
"""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data.packs import data_folder
from mien_export.teachers.cloths import cloth
from mien_export.teachers.mesh import eye_distance
from mien_service.faces.face import Mesh, RgbImage

ItemT = TypeVar("ItemT")
Cover = NDArray[np.floating[Any]]
Occluder = Callable[[RgbImage, Mesh, np.random.Generator], tuple[RgbImage, Cover]]

TURNED = 0.35
"""Share of the half face width by which the nose leaves the middle when a mask seen from the side fits better."""

ANCHOR_POINTS: dict[str, int] = {"a": 127, "b": 6, "c": 356, "d": 172, "e": 152, "f": 397}
"""The mesh point under each anchor of a mask template."""


@dataclass(frozen=True, eq=False)
class MaskTemplate:
    """A mask seen from one side: RGBA (h, w, 4) uint8 and its anchors, (6, 2), in the order of ANCHOR_POINTS."""

    pixels: NDArray[np.uint8]
    anchors: NDArray[np.float32]


class Masks:
    """Mask templates by side (front, left, right), and textures, read from the pack mask_templates."""

    def __init__(self) -> None:
        self.by_side: dict[str, list[MaskTemplate]] = {"front": [], "left": [], "right": []}
        self.textures: list[RgbImage] = []
        with zipfile.ZipFile(data_folder() / "mask_templates.zip") as archive:
            anchors = json.loads(archive.read("anchors.json"))
            for name in sorted(archive.namelist()):
                if name.endswith(".webp"):
                    pixels = cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_UNCHANGED)
                    self._add(name, np.asarray(pixels, np.uint8), anchors)

    def _add(self, name: str, pixels: NDArray[np.uint8], anchors: dict[str, dict[str, list[float]]]) -> None:
        if name.startswith("textures/"):
            self.textures.append(np.asarray(cv2.cvtColor(pixels[..., :3], cv2.COLOR_BGR2RGB), np.uint8))
            return
        stem = name.removesuffix(".webp")
        side = stem.rsplit("_", 1)[-1]
        points = np.array([anchors[stem][key] for key in ANCHOR_POINTS], np.float32)
        template = MaskTemplate(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA), np.uint8), points)
        self.by_side[side if side in self.by_side else "front"].append(template)

    def lay(self, picture: RgbImage, mesh: Mesh, rng: np.random.Generator) -> tuple[RgbImage, Cover]:
        """Lay a random mask over the mouth and nose (sometimes below the nose)."""
        template = pick(self.by_side[side_of(mesh)], rng)
        target = mesh[list(ANCHOR_POINTS.values()), :2].copy()
        if rng.random() < 0.15:
            target[:3] += 0.8 * (mesh[2, :2] - mesh[6, :2])  # worn under the nose
        target += rng.normal(0, 0.04 * eye_distance(mesh), target.shape)
        matrix, _ = cv2.findHomography(template.anchors, target.astype(np.float32))
        if matrix is None:
            return picture, np.zeros(picture.shape[:2], np.float32)
        height, width = picture.shape[:2]
        warped = cv2.warpPerspective(self.dyed(template.pixels, rng), matrix, (width, height), flags=cv2.INTER_AREA)
        return _over(picture, warped[..., :3].astype(np.float32), warped[..., 3].astype(np.float32) / 255)

    def dyed(self, pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return the template in another colour or with a texture, its own folds kept."""
        if rng.random() < 0.35:
            return pixels
        light = cv2.cvtColor(pixels[..., :3], cv2.COLOR_RGB2GRAY)[..., None] / np.float32(200)
        if rng.random() < 0.35:
            dye = cv2.resize(pick(self.textures, rng), pixels.shape[1::-1]).astype(np.float32)
        else:
            dye = cloth(pixels.shape[:2], rng)
        dyed = np.clip(dye * light, 0, 255).astype(np.uint8)
        return np.dstack([dyed, pixels[..., 3]])


def glasses(picture: RgbImage, mesh: Mesh, rng: np.random.Generator) -> tuple[RgbImage, Cover]:
    """Draw glasses: two lenses, clear to black, with rims, bridge and temples."""
    eye = eye_distance(mesh)
    canvas, cover = np.zeros(picture.shape, np.uint8), np.zeros(picture.shape[:2], np.uint8)
    rims = np.zeros(picture.shape[:2], np.uint8)
    thick = max(round(eye * rng.uniform(0.02, 0.07)), 1)
    wide, high = rng.uniform(0.55, 0.75), rng.uniform(0.4, 0.65)
    roundness = rng.choice([2.0, 3.0, 5.0])
    for corner, inner, temple in ((33, 133, 127), (263, 362, 356)):
        outline = _lens(mesh, corner, inner, wide, high, roundness)
        cv2.fillPoly(cover, [outline], 255, cv2.LINE_AA)
        cv2.polylines(rims, [outline], True, 255, thick, cv2.LINE_AA)
        cv2.line(rims, _at(mesh, corner), _at(mesh, temple), 255, thick, cv2.LINE_AA)
    cv2.line(rims, _at(mesh, 193), _at(mesh, 417), 255, thick, cv2.LINE_AA)
    tint = rng.choice([0.05, 0.15, 0.6, 0.85, 0.97])
    canvas[:] = rng.uniform(0, 60, 3).astype(np.uint8)
    shaded, _ = _over(picture, canvas.astype(np.float32), cover.astype(np.float32) / 255 * np.float32(tint))
    rim_colour = np.full(picture.shape, rng.uniform(0, 200, 3), np.float32)
    out, _ = _over(shaded, rim_colour, rims.astype(np.float32) / 255)
    return out, np.maximum(cover.astype(np.float32) / 255 * np.float32(tint), rims.astype(np.float32) / 255)


def hat(picture: RgbImage, mesh: Mesh, rng: np.random.Generator) -> tuple[RgbImage, Cover]:
    """Draw a hat or hood: everything above a bent line between brows and hairline, its brim throwing a shadow."""
    eye, up = eye_distance(mesh), mesh[10, :2] - mesh[168, :2]
    depth = rng.uniform(0.05, 0.75)
    left, right, top = (mesh[point, :2] for point in (127, 356, 10))
    middle = mesh[168, :2] + up * depth + rng.normal(0, 0.05 * eye, 2)
    across = (right - left) * rng.uniform(0.02, 0.3)
    rise = up * rng.uniform(1.0, 2.5)
    brim = np.array([left - across + up * 0.2, (left + middle) / 2 + up * 0.1, middle, (right + middle) / 2 + up * 0.1])
    outline = np.vstack([brim, [right + across + up * 0.2, right + across + rise, top + rise, left - across + rise]])
    return _blob(picture, outline, rng, blur=0.015 * eye)


def hand(picture: RgbImage, mesh: Mesh, rng: np.random.Generator) -> tuple[RgbImage, Cover]:
    """Draw a few fingers in about the face's own skin colour, coming in from one side."""
    eye = eye_distance(mesh)
    skin = _skin(picture, mesh) * rng.uniform(0.75, 1.2)
    target = mesh[int(rng.choice([61, 291, 17, 50, 280, 152, 4, 70, 300])), :2]
    away = rng.normal(0, 1, 2)
    away = away / np.linalg.norm(away) + np.array([0.0, 0.8])
    side = np.array([-away[1], away[0]]) / np.linalg.norm(away)
    cover = np.zeros(picture.shape[:2], np.uint8)
    colour = np.zeros(picture.shape, np.float32) + skin
    for finger in range(int(rng.integers(1, 5))):
        tip = target + side * eye * 0.24 * finger + rng.normal(0, 0.08 * eye, 2)
        base = tip + away * eye * rng.uniform(0.8, 1.5)
        thickness = max(round(eye * rng.uniform(0.18, 0.26)), 1)
        cv2.line(cover, _whole(tip), _whole(base), 255, thickness, cv2.LINE_AA)
        cv2.line(colour, _whole(tip + side * eye * 0.12), _whole(base + side * eye * 0.12), (skin * 0.6).tolist(), 1)
    palm = target + away * eye * 1.7 + side * eye * 0.3
    cv2.circle(cover, _whole(palm), round(eye * rng.uniform(0.5, 0.8)), 255, -1, cv2.LINE_AA)
    colour *= _noise(picture.shape[:2], rng, 0.12)[..., None]
    return _over(picture, colour, _soft(cover, 0.012 * eye))


def scarf(picture: RgbImage, mesh: Mesh, rng: np.random.Generator) -> tuple[RgbImage, Cover]:
    """Cover the face from somewhere between nose and chin down."""
    eye, down = eye_distance(mesh), mesh[152, :2] - mesh[168, :2]
    level = rng.uniform(0.25, 0.95)
    left, right = mesh[127, :2], mesh[356, :2]
    across = (right - left) * 0.3
    middle = mesh[168, :2] + down * level
    sag = rng.uniform(-0.2, 0.3) * level
    outline = np.array(
        [
            left - across + down * (level - sag),
            middle,
            right + across + down * (level - sag),
            right + across + down * 1.6,
            left - across + down * 1.6,
        ]
    )
    return _blob(picture, outline, rng, blur=0.015 * eye)


def shape(picture: RgbImage, mesh: Mesh, rng: np.random.Generator) -> tuple[RgbImage, Cover]:
    """Cover a part with a random blob: a microphone, a cup, another's head."""
    eye = eye_distance(mesh)
    centre = mesh[int(rng.integers(len(mesh))), :2] + rng.normal(0, 0.3 * eye, 2)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
    radii = eye * rng.uniform(0.2, 0.75, 9)
    outline = centre + np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None]
    return _blob(picture, outline, rng, blur=0.02 * eye)


def _blob(
    picture: RgbImage, outline: NDArray[np.float64], rng: np.random.Generator, blur: float
) -> tuple[RgbImage, Cover]:
    """Fill an outline with a colour or a part of the picture itself, mottled."""
    cover = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(cover, [np.rint(outline).astype(np.int32)], 255, cv2.LINE_AA)
    if rng.random() < 0.25:
        colour = np.roll(picture[::-1], int(rng.integers(20, 100)), axis=1).astype(np.float32)
    else:
        colour = cloth(picture.shape[:2], rng)
    colour *= _noise(picture.shape[:2], rng, rng.uniform(0.05, 0.4))[..., None]
    return _over(picture, colour, _soft(cover, blur))


def _lens(mesh: Mesh, corner: int, inner: int, wide: float, high: float, roundness: float) -> NDArray[np.int32]:
    """Return the outline of one lens: a superellipse around the eye."""
    middle = (mesh[corner, :2] + mesh[inner, :2]) / 2
    along = (mesh[inner, :2] - mesh[corner, :2]) * wide * 1.35
    down = (mesh[152, :2] - mesh[10, :2]) * 0.19 * high
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = np.sign(cos) * np.abs(cos) ** (2 / roundness), np.sign(sin) * np.abs(sin) ** (2 / roundness)
    return np.rint(middle + x[:, None] * along + y[:, None] * down + down * 0.25).astype(np.int32)


def _skin(picture: RgbImage, mesh: Mesh) -> NDArray[np.float64]:
    """Return the mean colour at both cheeks and the forehead."""
    height, width = picture.shape[:2]
    places = np.clip(np.rint(mesh[[50, 280, 151], :2]).astype(int), 0, [width - 1, height - 1])
    return picture[places[:, 1], places[:, 0]].mean(axis=0)


def side_of(mesh: Mesh) -> str:
    """Return from where the face is seen, for the choice of a mask."""
    left, nose, right = mesh[234, 0], mesh[4, 0], mesh[454, 0]
    lean = (2 * nose - left - right) / max(right - left, 1e-6)
    return "front" if abs(lean) < TURNED else "left" if lean < 0 else "right"


def _noise(shape: tuple[int, int], rng: np.random.Generator, amount: float) -> Cover:
    """Return soft mottling around 1."""
    coarse = rng.normal(1, amount, (max(shape[0] // 12, 2), max(shape[1] // 12, 2))).astype(np.float32)
    fine = rng.normal(0, amount / 4, shape).astype(np.float32)
    return np.asarray(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC) + fine, np.float32)


def _soft(cover: NDArray[np.uint8], sigma: float) -> Cover:
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), max(sigma, 0.4)), np.float32) / np.float32(255)


def _over(picture: RgbImage, colour: NDArray[np.floating[Any]], cover: Cover) -> tuple[RgbImage, Cover]:
    blended = picture + (colour - picture) * cover[..., None]
    return np.clip(np.rint(blended), 0, 255).astype(np.uint8), cover


def _whole(point: NDArray[np.floating]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _at(mesh: Mesh, point: int) -> tuple[int, int]:
    return _whole(mesh[point, :2])


def pick(options: list[ItemT], rng: np.random.Generator) -> ItemT:
    """Return one of the options."""
    return options[int(rng.integers(len(options)))]
