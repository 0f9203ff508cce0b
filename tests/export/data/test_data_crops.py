from collections.abc import Callable
from pathlib import Path

import finding
import numpy as np
import people
import pytest
from cropped import crops_of

from mien_export.data import crops
from mien_export.data.crops import MARGIN, CropCutter, load_crops
from mien_export.onnx import file_sha256, update_manifest
from mien_service.engine.manifest import WeightEntry
from mien_service.faces.align import crop_transform, cut
from mien_service.faces.face import Mesh, Points, RgbImage

SIZE = 128
SIDE = 144

Webp = Callable[[RgbImage], bytes]
MakePack = Callable[..., None]


@pytest.fixture(scope="module")
def cutter() -> CropCutter:
    return CropCutter(SIZE, finding.run())


class _Spy:
    """Stands in for crop_transform and keeps the landmarks that it was given."""

    def __init__(self) -> None:
        self.landmarks: list[Points] = []

    def __call__(self, landmarks: Points, size: int) -> np.ndarray:
        self.landmarks.append(landmarks)
        return crop_transform(landmarks, size)


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> _Spy:
    made = _Spy()
    monkeypatch.setattr(crops, "crop_transform", made)
    return made


@pytest.mark.parametrize("place", [0, 4, 6])
def test_the_centre_of_a_crop_is_the_services_square(
    place: int, portraits: list[RgbImage], cutter: CropCutter, spy: _Spy
) -> None:
    found = cutter.cut(portraits[place])
    assert found is not None
    crop, _ = found
    assert (crop.shape, crop.dtype) == ((SIDE, SIDE, 3), np.uint8)
    square = cut(portraits[place], crop_transform(spy.landmarks[0], SIZE), SIZE)
    difference = np.abs(crop[8:-8, 8:-8].astype(int) - square)
    # OpenCV rounds source places to 1/32 pixel, so single pixels may fall to the other side.
    assert difference.mean() < 0.05
    assert difference.max() < 12


def test_landmarks_are_the_services(portraits: list[RgbImage], cutter: CropCutter, spy: _Spy) -> None:
    cutter.cut(portraits[2])
    [face] = finding.find(portraits[2])
    np.testing.assert_allclose(spy.landmarks[0], face.landmarks, atol=0.05)


def test_a_mesh_lies_in_its_crop(portraits: list[RgbImage], cutter: CropCutter) -> None:
    """Read from the crop, the face is where the crop's mesh says."""
    found = cutter.cut(portraits[2])
    assert found is not None
    crop, mesh = found
    [face] = finding.find(crop)
    assert face.mesh is not None
    assert mesh.shape == (468, 3)
    assert np.abs(mesh - face.mesh).mean() < 0.02 * SIDE


def test_the_largest_face_is_cut(cutter: CropCutter, spy: _Spy) -> None:
    small, large = people.small_person("ben", 200), people.small_person("gina", 320)
    photo = np.full((320, 520, 3), 200, np.uint8)
    photo[:200, :200], photo[:, 200:] = small, large
    assert cutter.cut(photo) is not None
    assert spy.landmarks[0][:, 0].min() > 200


def test_without_a_face_there_is_no_crop(cutter: CropCutter) -> None:
    assert cutter.cut(people.nobody()) is None


@pytest.fixture
def people_pack(
    make_pack: MakePack, portraits: list[RgbImage], webp: Webp, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A pack of ben, nobody and carla, whose picture of nobody yields no crop."""
    pictures = {"b.webp": portraits[1], "x.webp": people.nobody(), "c.webp": portraits[2]}
    rows = [{"file": name, "sex": sex} for name, sex in zip(pictures, ("m", "", "f"), strict=True)]
    make_pack("people", rows, {name: webp(picture) for name, picture in pictures.items()})
    monkeypatch.setattr(crops, "WEIGHTS", weights)
    return "people"


def test_crops_keep_their_rows(people_pack: str, portraits: list[RgbImage], cutter: CropCutter) -> None:
    found = load_crops(people_pack, SIZE)
    assert [row["file"] for row in found.rows] == ["b.webp", "c.webp"]
    assert found.pixels.shape == (2, SIDE, SIDE, 3)
    for pixels, mesh, portrait in zip(found.pixels, found.meshes, portraits[1:3], strict=True):
        wanted = cutter.cut(portrait)
        assert wanted is not None
        assert np.abs(pixels.astype(int) - wanted[0]).mean() < 0.1
        np.testing.assert_allclose(mesh, wanted[1], atol=0.5)


def test_reserved_people_are_not_cut(
    make_pack: MakePack, portraits: list[RgbImage], webp: Webp, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crops, "WEIGHTS", weights)
    rows = [{"file": f"{split}.webp", "split": split} for split in ("reserved", "train", "validation")]
    make_pack("people", rows, {row["file"]: webp(portrait) for row, portrait in zip(rows, portraits[1:], strict=False)})
    assert [row["split"] for row in load_crops("people", SIZE).rows] == ["train", "validation"]


def test_crops_are_cut_once(people_pack: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_crops(people_pack, SIZE)
    (data / f"{people_pack}.zip").unlink()
    monkeypatch.setattr(CropCutter, "cut", None)
    again = load_crops(people_pack, SIZE)
    np.testing.assert_array_equal(again.pixels, first.pixels)
    assert again.rows == first.rows
    [file] = crops.cache_folder().iterdir()
    assert file.name.startswith(f"people-{SIDE}-")


def test_sizes_are_cached_apart(people_pack: str) -> None:
    assert load_crops(people_pack, 64).pixels.shape[1:] == (72, 72, 3)
    assert load_crops(people_pack, SIZE).pixels.shape[1:] == (SIDE, SIDE, 3)


class _Cutter:
    """Cuts nothing but counts: crops are of the number of cutters before it."""

    made = 0

    def __init__(self, size: int, _: object) -> None:
        self.side = round(size * MARGIN)
        self.number = _Cutter.made
        _Cutter.made += 1

    def cut(self, _: RgbImage) -> tuple[RgbImage, Mesh]:
        return np.full((self.side, self.side, 3), self.number, np.uint8), np.zeros((468, 3), np.float32)


def put_network(weights: Path, name: str, body: bytes) -> None:
    (weights / "card.md").write_text("a card")
    (weights / f"{name}.onnx").write_bytes(body)
    entry = WeightEntry(
        name=name,
        kind="network",
        file=f"{name}.onnx",
        sha256=file_sha256(weights / f"{name}.onnx"),
        task="none",
        version="1",
        outputs=(),
        card="card.md",
        licence="none",
        commercial_use=False,
    )
    update_manifest(weights, entry)


@pytest.mark.parametrize("changed", ["face_detector", "mesh_net", "face_vae"])
def test_other_networks_to_find_faces_cut_anew(
    changed: str, make_pack: MakePack, webp: Webp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crops, "CropCutter", _Cutter)
    monkeypatch.setattr(crops, "WEIGHTS", tmp_path)
    make_pack("people", [{"file": "x.webp"}], {"x.webp": webp(people.nobody())})
    for name in ("face_detector", "mesh_net", "face_vae"):
        put_network(tmp_path, name, b"before")
    before = load_crops("people", SIZE).pixels
    np.testing.assert_array_equal(load_crops("people", SIZE).pixels, before)
    put_network(tmp_path, changed, b"after")
    assert (load_crops("people", SIZE).pixels != before).all() == (changed != "face_vae")


def test_a_pack_that_cannot_be_read_leaves_no_cache(
    make_pack: MakePack, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crops, "WEIGHTS", weights)
    make_pack("broken", [{"file": "a.webp"}], {"a.webp": b"no picture"})
    for _ in range(2):
        with pytest.raises(ValueError, match=r"a\.webp"):
            load_crops("broken", SIZE)
    assert not list(crops.cache_folder().glob("*"))


def test_where_keeps_what_has_every_wanted_value() -> None:
    rows = [{"split": split, "Male": male} for split in ("train", "validation") for male in "01"]
    made = crops_of(np.arange(4, dtype=np.uint8)[:, None, None, None].repeat(3, axis=3), rows)
    made.meshes[:] = np.arange(4)[:, None, None]
    assert made.where(split="train").pixels[:, 0, 0, 0].tolist() == [0, 1]
    chosen = made.where(split="validation", Male="1")
    assert chosen.pixels[:, 0, 0, 0].tolist() == [3]
    assert chosen.meshes[:, 0, 0].tolist() == [3]
    assert chosen.rows == [rows[3]]
    assert made.where(split="reserved").pixels.shape == (0, 1, 1, 3)
    assert len(made.where().rows) == 4


def test_where_does_not_guess_at_a_missing_column() -> None:
    with pytest.raises(KeyError):
        crops_of(np.zeros((1, 1, 1, 3), np.uint8), [{"split": "train"}]).where(age="3")


def test_the_cache_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    assert crops.cache_folder() == tmp_path
    monkeypatch.delenv("MIEN_CACHE")
    assert crops.cache_folder() == Path.home() / ".cache" / "mien"


def test_the_margin_leaves_whole_pixels_on_both_sides() -> None:
    for size in (SIZE, 256):
        assert (size * MARGIN) % 2 == size % 2
