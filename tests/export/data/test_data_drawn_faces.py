from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import people
import pytest
from cropped import people_crops

from mien_export.data import crops as crops_module
from mien_export.data import drawn_faces, parallel
from mien_export.data.crops import Crops, cache_folder
from mien_export.data.drawn_faces import drawn, load_drawn_faces
from mien_export.teachers.face_stylizer import SIDE
from mien_export.teachers.mesh import eye_distance
from mien_service.faces.face import Mesh, RgbImage

WHERE = np.array([[0.94, 0.02, 9], [-0.02, 0.94, 4]], np.float64)
"""How the stand-in for the stylizer draws: a little smaller, turned, and elsewhere."""


def elsewhere(picture: RgbImage) -> RgbImage:
    assert picture.shape == (SIDE, SIDE, 3)
    return np.asarray(cv2.warpAffine(picture, WHERE, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def nobody(_: RgbImage) -> RgbImage:
    return np.ascontiguousarray(people.nobody()[:SIDE, :SIDE])


@pytest.fixture(scope="module")
def crops() -> Crops:
    return people_crops(256, "ben", "gina", "carla")


def test_a_drawing_is_laid_onto_its_photo(crops: Crops) -> None:
    read = drawn_faces.mesh_reader()
    for crop, mesh in zip(crops.pixels, crops.meshes, strict=True):
        drawing = drawn(crop, mesh, elsewhere, read)
        assert drawing is not None
        assert (drawing.shape, drawing.dtype) == (crop.shape, np.uint8)
        face = slice(80, 208)
        small = cv2.resize(elsewhere(np.asarray(cv2.resize(crop, (SIDE, SIDE)))), crop.shape[:2])
        off, laid = (np.abs(one[face, face].astype(int) - crop[face, face]).mean() for one in (small, drawing))
        assert laid < off / 2


def test_a_drawing_without_a_face_is_left_out(crops: Crops) -> None:
    assert drawn(crops.pixels[0], crops.meshes[0], nobody, drawn_faces.mesh_reader()) is None


class _Reads:
    """Stands in for what reads meshes: the right one of the drawing, then the photo's, shifted."""

    def __init__(self, mesh: Mesh, right: float) -> None:
        self._answers = iter([(mesh + 0.5) * SIDE / 288 - 0.5, mesh + np.array([right, 0, 0], np.float32)])

    def __call__(self, _: RgbImage) -> Mesh:
        return next(self._answers)


@pytest.mark.parametrize(("share", "fits"), [(0.0, True), (0.9, True), (1.1, False)])
def test_a_drawing_that_still_lies_elsewhere_is_left_out(crops: Crops, share: float, fits: bool) -> None:
    mesh = crops.meshes[1]
    reads = _Reads(mesh, share * drawn_faces.FARTHEST * eye_distance(mesh))
    assert (drawn(crops.pixels[1], mesh, lambda picture: picture, reads) is not None) == fits


@pytest.fixture
def pack(
    make_pack: Callable[..., None],
    portraits: list[RgbImage],
    webp: Callable[[RgbImage], bytes],
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    in_process: Callable[[ModuleType], None],
) -> list[str]:
    """A pack of three portraits, of which the second cannot be drawn; the styles that a stylizer was asked for."""
    in_process(parallel)
    for module in (crops_module, drawn_faces):
        monkeypatch.setattr(module, "WEIGHTS", weights)
    rows = [{"file": f"{i}.webp"} for i in range(3)]
    make_pack(drawn_faces.PACK, rows, {f"{i}.webp": webp(portraits[i + 1]) for i in range(3)})
    styles: list[str] = []

    def load(style: str) -> drawn_faces.Draw:
        styles.append(style)
        pictures = iter([elsewhere, nobody, elsewhere])
        return lambda picture: next(pictures)(picture)

    monkeypatch.setattr(drawn_faces, "load_face_stylizer", load)
    return styles


def test_drawings_lie_beside_their_crops(pack: list[str]) -> None:
    found = load_drawn_faces("sketch")
    assert pack == ["sketch"]
    assert [row["file"] for row in found.crops.rows] == ["0.webp", "2.webp"]
    assert found.drawings.shape == found.crops.pixels.shape == (2, 288, 288, 3)
    face = slice(80, 208)
    difference = np.abs(found.drawings[:, face, face].astype(int) - found.crops.pixels[:, face, face])
    own, other = difference.mean(), np.abs(found.drawings[::-1].astype(int) - found.crops.pixels).mean()
    assert own < other / 3


def test_drawings_are_made_once_a_style(pack: list[str]) -> None:
    first, again = load_drawn_faces("sketch"), load_drawn_faces("sketch")
    np.testing.assert_array_equal(first.drawings, again.drawings)
    assert again.crops.rows == first.crops.rows
    load_drawn_faces("ink")
    assert pack == ["sketch", "ink"]
    assert len(list(cache_folder().glob("drawn-*"))) == 2
