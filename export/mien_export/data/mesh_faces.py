"""Faces with the teacher's meshes, upright in a roomy crop, bare and with things laid over them; cached as arrays.

The mesh is always that of the bare face, so what learns from it learns to see past masks, glasses, hats and hands.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data.crops import cache_folder
from mien_export.data.packs import Row, read_pictures, read_rows, split_rows
from mien_export.teachers import occluders
from mien_export.teachers.mesh import MeshTeacher, eye_distance, mirror_twins
from mien_service.faces.face import Mesh, RgbImage
from mien_service.faces.mesh import LEFT_EYE_CORNER, RIGHT_EYE_CORNER, Square, mesh_square, roll_of

SIDE = 160
"""Side of a crop in pixels."""

ROOM = 1.9 / 1.5
"""Side of a crop over the side of the square that the network sees: room to shift, turn and zoom in."""

PACKS = ("celeba", "stylegan", "utkface", "cfp")

KINDS = ("bare", "mask", "other")
"""The versions of each face: bare, under a mask, and with one or two other things laid on, sometimes badly coded."""

PART = 250
"""Pictures that one process works on at a time."""

FRONTAL_PICTURES = 500
"""CelebA pictures from which the mean frontal mesh is taken."""

FRONTAL_YAW = np.radians(6)

Guess = tuple[float, float, float]
"""Where the face's square may be: centre x and y as shares of width and height, side over the shorter side."""

GUESSES: dict[str, list[Guess]] = {
    "celeba": [(0.5, 0.58, 0.93), (0.5, 0.55, 0.75)],
    "pose_pairs": [(0.5, 0.58, 0.93), (0.5, 0.55, 0.75)],
    "stylegan": [(0.5, 0.56, 0.75), (0.5, 0.5, 1.0)],
    "utkface": [(0.5, 0.52, 1.15), (0.5, 0.5, 0.9)],
    "cfp": [(0.5, 0.5, 0.95), (0.4, 0.5, 0.8), (0.6, 0.5, 0.8), (0.5, 0.55, 1.3), (0.5, 0.4, 0.7), (0.5, 0.6, 0.7)],
}


@dataclass(frozen=True, eq=False)
class MeshFaces:
    """Faces of a pack.

    pixels: (n, kinds, side, side, 3) uint8 RGB. mesh: (n, 468, 3) float32 in pixels of the crop, of the bare face.
    covered: (n, kinds, 468) bool, which points something lies over. rows: their label rows.
    """

    pixels: NDArray[np.uint8]
    mesh: NDArray[np.float32]
    covered: NDArray[np.bool_]
    rows: list[Row]


def load_mesh_faces(pack: str) -> MeshFaces:
    """Return the faces of `pack`, made once and cached. Pictures whose mesh the teacher is unsure of have none."""
    folder = cache_folder() / f"mesh-{pack}"
    if not folder.exists():
        _write(pack, folder)
    rows = read_rows(pack)
    index = np.load(folder / "index.npy")
    return MeshFaces(
        np.load(folder / "pixels.npy", mmap_mode="r"),
        np.load(folder / "mesh.npy"),
        np.load(folder / "covered.npy"),
        [rows[i] for i in index],
    )


def frontal_mesh() -> Mesh:
    """Return the mean frontal mesh (468, 3): the eyes' middle at 0, level, outer eye corners 1 apart; cached."""
    file = cache_folder() / "mesh-frontal.npy"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        mesh = _mean_frontal()
        unfinished = file.with_suffix(".part.npy")
        np.save(unfinished, (mesh + mesh[mirror_twins(mesh)] * np.array([-1, 1, 1])) / 2)
        unfinished.rename(file)
    return np.load(file).astype(np.float32)


def guesses(pack: str, picture: RgbImage) -> list[Square]:
    """Return the squares in which to look for the face of a picture of `pack`."""
    height, width = picture.shape[:2]
    return [Square(x * width, y * height, side * min(width, height)) for x, y, side in GUESSES[pack]]


def level(mesh: Mesh) -> Mesh:
    """Return the mesh with the eyes' middle at 0, not rolled, and an eye distance of 1."""
    roll = roll_of(mesh)
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    moved = mesh - (mesh[LEFT_EYE_CORNER] + mesh[RIGHT_EYE_CORNER]) / 2
    moved[:, :2] = moved[:, :2] @ turn
    return (moved / eye_distance(mesh)).astype(np.float32)


def _mean_frontal() -> Mesh:
    teacher = MeshTeacher()
    found: list[Mesh] = []
    names = [row["file"] for row in split_rows("celeba", "train")[:FRONTAL_PICTURES]]
    for picture in read_pictures("celeba", names):
        fit = teacher.fit(picture, guesses("celeba", picture))
        if fit is None:
            continue
        mesh = level(fit.mesh)
        across = mesh[RIGHT_EYE_CORNER] - mesh[LEFT_EYE_CORNER]
        if abs(np.arctan2(across[2], across[0])) < FRONTAL_YAW:
            found.append(mesh)
    return np.mean(found, axis=0)


def _write(pack: str, folder: Path) -> None:
    """Make the arrays of `pack` in a few processes and write them whole or not at all."""
    frontal_mesh()
    rows = read_rows(pack)
    keep = [i for i, row in enumerate(rows) if row.get("split") != "reserved"]
    parts = [tuple(keep[start : start + PART]) for start in range(0, len(keep), PART)]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        made = list(pool.map(_part, [pack] * len(parts), parts))
    unfinished = folder.with_suffix(".part")
    unfinished.mkdir(parents=True, exist_ok=True)
    for name, i in (("pixels", 0), ("mesh", 1), ("covered", 2), ("index", 3)):
        np.save(unfinished / f"{name}.npy", np.concatenate([part[i] for part in made]))
    unfinished.rename(folder)


Part = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_], NDArray[np.int64]]


def _part(pack: str, index: tuple[int, ...]) -> Part:
    """Return pixels, meshes, covers and row numbers of the pictures numbered `index`."""
    cv2.setNumThreads(1)
    teacher, masks = MeshTeacher(mirror_twins(frontal_mesh())), occluders.Masks()
    rows = read_rows(pack)
    pixels = np.zeros((len(index), len(KINDS), SIDE, SIDE, 3), np.uint8)
    meshes = np.zeros((len(index), 468, 3), np.float32)
    covered = np.zeros((len(index), len(KINDS), 468), np.bool_)
    kept: list[int] = []
    for i, picture in zip(index, read_pictures(pack, [rows[i]["file"] for i in index]), strict=True):
        fit = teacher.fit(picture, guesses(pack, picture))
        if fit is None:
            continue
        crop, mesh = upright_crop(picture, fit.mesh)
        at = len(kept)
        meshes[at] = mesh
        for kind, (image, cover) in enumerate(_versions(crop, mesh, masks, np.random.default_rng(i))):
            pixels[at, kind] = image
            covered[at, kind] = _under(cover, mesh)
        kept.append(i)
    n = len(kept)
    return pixels[:n], meshes[:n], covered[:n], np.array(kept, np.int64)


def upright_crop(picture: RgbImage, mesh: Mesh, side: int = SIDE) -> tuple[RgbImage, Mesh]:
    """Return the roomy upright crop around a mesh, (side, side, 3), and the mesh in its pixels."""
    square = mesh_square(mesh).moved(0, 0, ROOM)
    transform = square.transform(side)
    crop = cv2.warpAffine(picture, transform, (side, side), borderMode=cv2.BORDER_REPLICATE)
    plane = mesh[:, :2] @ transform[:, :2].T + transform[:, 2]
    return np.asarray(crop, np.uint8), np.column_stack([plane, mesh[:, 2] * side / square.side]).astype(np.float32)


def _versions(
    crop: RgbImage, mesh: Mesh, masks: occluders.Masks, rng: np.random.Generator
) -> Iterator[tuple[RgbImage, occluders.Cover]]:
    """Yield the crop in every kind, with how much of each pixel is covered."""
    yield crop, np.zeros(crop.shape[:2], np.float32)
    yield masks.lay(crop, mesh, rng)
    others = (occluders.glasses, occluders.glasses, occluders.hat, occluders.hand, occluders.scarf, occluders.shape)
    image, cover = crop, np.zeros(crop.shape[:2], np.float32)
    for choice in rng.choice(len(others), int(rng.integers(1, 3)), replace=False):
        image, more = others[choice](image, mesh, rng)
        cover = np.maximum(cover, more)
    if rng.random() < 0.5:
        image = _badly_coded(image, int(rng.integers(8, 50)))
    yield image, cover


def _badly_coded(image: RgbImage, quality: int) -> RgbImage:
    coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _under(cover: occluders.Cover, mesh: Mesh) -> NDArray[np.bool_]:
    """Return which points lie under something that hides at least half of what is there."""
    places = np.clip(np.rint(mesh[:, :2]).astype(int), 0, np.array(cover.shape[::-1]) - 1)
    return cover[places[:, 1], places[:, 0]] > 0.5
