from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import heads
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from mien_export.data import mesh_faces
from mien_export.data.crops import cache_folder
from mien_export.data.mesh_faces import (
    GUESSES,
    KINDS,
    PACKS,
    ROOM,
    SIDE,
    frontal_mesh,
    guesses,
    level,
    load_mesh_faces,
    upright_crop,
)
from mien_export.teachers.mesh import eye_distance
from mien_service.faces.face import RgbImage
from mien_service.faces.mesh import SQUARE_MARGIN, roll_of

Webp = Callable[[RgbImage], bytes]
MakePack = Callable[..., None]
InProcess = Callable[[ModuleType], None]

HEADS = {"a.webp": (90, 100, 40), "b.webp": (84, 108, 36), "c.webp": (95, 104, 44), "kept.webp": (88, 100, 42)}
"""Where the discs of a small pack lie, and their radius."""


@pytest.fixture
def pack(data: Path, make_pack: MakePack, webp: Webp, in_process: InProcess) -> str:
    """Three people, a grey picture in which the teacher sees nobody, and a reserved person."""
    heads.write_teacher(data)
    heads.write_masks(data)
    pictures = {name: heads.disc(218, 178, *place) for name, place in HEADS.items()}
    pictures["nobody.webp"] = np.full((218, 178, 3), 128, np.uint8)
    splits = {"kept.webp": "reserved", "b.webp": "validation"}
    names = ["a.webp", "nobody.webp", "b.webp", "kept.webp", "c.webp"]
    rows = [{"file": name, "identity": name, "split": splits.get(name, "train")} for name in names]
    make_pack("celeba", rows, {name: webp(picture) for name, picture in pictures.items()})
    in_process(mesh_faces)
    return "celeba"


@settings(max_examples=30)
@given(st.floats(-90, 90), st.floats(-40, 40), st.floats(-150, 150), st.floats(3, 300))
def test_a_levelled_mesh_has_neither_place_nor_size_nor_roll(yaw: float, pitch: float, roll: float, eye: float) -> None:
    found = level(heads.head(eye, 300, -20, heads.rotation(yaw, pitch, roll)))
    assert found.dtype == np.float32
    assert eye_distance(found) == pytest.approx(1, abs=1e-3)
    assert roll_of(found) == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(found[33] + found[263], 0, atol=1e-3)


@settings(max_examples=15)
@given(st.floats(-60, 60), st.floats(12, 60), st.floats(90, 150), st.floats(90, 150))
def test_an_upright_crop_and_its_mesh_stay_together(roll: float, eye: float, x: float, y: float) -> None:
    mesh = heads.head(eye, x, y, heads.rotation(0, 0, roll))
    crop, placed = upright_crop(heads.disc(240, 240, x, y, eye), mesh)
    assert (crop.shape, crop.dtype) == ((SIDE, SIDE, 3), np.uint8)
    assert placed.dtype == np.float32
    assert roll_of(placed) == pytest.approx(0, abs=1e-3)
    longest = float(np.ptp(placed[:, :2], axis=0).max())
    assert longest == pytest.approx(SIDE / ROOM / SQUARE_MARGIN, rel=0.01)
    # Depth shrinks or grows with the rest.
    assert np.ptp(placed[:, 2]) / longest == pytest.approx(np.ptp(mesh[:, 2]) / np.ptp(heads.frontal()[:, 1]) / eye)
    red = np.clip(crop[..., 0].astype(float) - crop[..., 1], 0, None)
    axis = np.arange(SIDE)
    found = (red.sum(axis=0) @ axis / red.sum(), red.sum(axis=1) @ axis / red.sum())
    np.testing.assert_allclose(found, (placed[33] + placed[263])[:2] / 2, atol=0.6)


@pytest.mark.usefixtures("pack")
def test_the_frontal_mesh_is_level_symmetric_and_taken_once(data: Path) -> None:
    found = frontal_mesh()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, heads.frontal(), atol=0.01)
    np.testing.assert_allclose(found[heads.twins()] * [-1, 1, 1], found, atol=1e-6)
    (data / "celeba.zip").unlink()
    np.testing.assert_array_equal(frontal_mesh(), found)


def test_faces_are_kept_where_the_teacher_is_sure_and_nobody_is_reserved(pack: str) -> None:
    faces = load_mesh_faces(pack)
    assert [row["file"] for row in faces.rows] == ["a.webp", "b.webp", "c.webp"]
    assert faces.pixels.shape == (3, len(KINDS), SIDE, SIDE, 3)
    assert faces.mesh.shape == (3, heads.POINTS, 3)
    assert faces.covered.shape == (3, len(KINDS), heads.POINTS)
    for row, pixels, mesh in zip(faces.rows, faces.pixels, faces.mesh, strict=True):
        x, y, radius = HEADS[row["file"]]
        bare, wanted = upright_crop(heads.disc(218, 178, x, y, radius), heads.head(radius, x, y))
        np.testing.assert_allclose(mesh, wanted, atol=1.5)
        assert np.abs(pixels[0].astype(int) - bare).mean() < 4


def test_the_versions_differ_in_what_lies_over_the_face(pack: str) -> None:
    faces = load_mesh_faces(pack)
    assert not faces.covered[:, 0].any(), "the bare face"
    assert faces.covered[:, 1][:, [17, 61, 291]].all(), "under a mask"
    assert not faces.covered[:, 1][:, [10, 151]].any()
    assert faces.covered[:, 2].any()
    for pixels in faces.pixels:
        assert len({version.tobytes() for version in pixels}) == len(KINDS)


def test_faces_are_made_once_and_whole(pack: str, data: Path) -> None:
    first = load_mesh_faces(pack)
    (data / "celeba.zip").unlink()
    again = load_mesh_faces(pack)
    for name in ("pixels", "mesh", "covered"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
    assert again.rows == first.rows
    assert not list(cache_folder().glob("*.part"))


def test_every_pack_has_places_to_look_at() -> None:
    assert set(PACKS) <= GUESSES.keys()
    for pack in GUESSES:
        for square in guesses(pack, np.zeros((200, 100, 3), np.uint8)):
            assert 0 < square.x < 100
            assert 0 < square.y < 200
            assert 50 < square.side < 150
