import zipfile
from collections.abc import Callable
from pathlib import Path

import heads
import numpy as np
import people
import pytest

from mien_export.data.face_tiles import Tile
from mien_export.data.packs import is_held_out
from mien_export.data.scenes import SceneOptions
from mien_export.quality import finding_sets
from mien_export.quality.finding import match
from mien_export.quality.finding_sets import SETS, TEST_SEED, Example
from mien_export.recipes import face_detector
from mien_service.faces.face import Box, RgbImage

Webp = Callable[[RgbImage], bytes]
MakePack = Callable[..., None]


@pytest.fixture
def tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """A held-out person; small groups and few pictures of each set."""
    points = heads.head(60, 64, 60)[:, :2].copy()

    def load_tiles(*, training: bool) -> list[Tile]:
        assert not training, "people that were trained on are not measured on"
        return [Tile(people.small_person("anna", 128), points)]

    monkeypatch.setattr(finding_sets, "load_tiles", load_tiles)
    monkeypatch.setattr(finding_sets, "GROUPS", SceneOptions(120, 160, (2, 5), (0.03, 0.3), apart=True))
    monkeypatch.setattr(finding_sets, "GROUP_SCENES", 3)
    monkeypatch.setattr(finding_sets, "PORTRAITS", 2)


def same(one: list[Example], other: list[Example]) -> bool:
    return all(
        np.array_equal(a.pixels, b.pixels) and np.array_equal(a.boxes, b.boxes) for a, b in zip(one, other, strict=True)
    )


@pytest.mark.usefixtures("tiles")
@pytest.mark.parametrize(("name", "count"), [("groups", 3), ("grey", 2), ("small", 2), ("lying", 2)])
def test_composed_sets_are_always_the_same_and_their_boxes_inside(name: str, count: int) -> None:
    found = list(SETS[name]())
    assert len(found) == count
    assert same(found, list(SETS[name]()))
    for example in found:
        assert len(example.boxes) >= 1, "a scene in which there was no room for a face is none"
        assert example.pixels.dtype == np.uint8
        height, width = example.pixels.shape[:2]
        assert (example.boxes >= 0).all()
        assert (example.boxes[:, 2:] <= [width, height]).all()


@pytest.mark.usefixtures("tiles")
def test_grey_portraits_are_grey_and_small_faces_small() -> None:
    for example in SETS["grey"]():
        assert np.ptp(example.pixels, axis=2).max() == 0
    for example in SETS["small"]():
        assert example.pixels.shape == (960, 1280, 3)
        [[left, top, right, bottom]] = example.boxes
        assert 18 < max(right - left, bottom - top) < 50


def test_no_scene_is_trained_and_measured_on() -> None:
    assert TEST_SEED > face_detector.SCENES


def test_face_free_pictures_are_rgb_and_as_many_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding_sets, "SAMPLES", ("brick", "horse", "logo", "coffee"))
    monkeypatch.setattr(finding_sets, "FACE_FREE", 12)
    found = list(SETS["face-free"]())
    assert len(found) == 12
    assert len({example.pixels.tobytes() for example in found}) == 12
    for example in found:
        assert example.pixels.dtype == np.uint8
        assert example.pixels.shape[2:] == (3,)
        assert example.pixels.max() > 100, "black and white pictures are 0 and 255"
        assert example.boxes.shape == (0, 4)
    np.testing.assert_array_equal(found[4].pixels, found[0].pixels[:, ::-1])


def test_profiles_are_of_held_out_people(make_pack: MakePack, webp: Webp) -> None:
    names = [str(i) for i in range(60)]
    rows = [{"file": f"{n}_{v}.webp", "identity": n, "view": v} for n in names for v in ("profile", "frontal")]
    pictures = {row["file"]: np.full((8, 6, 3), int(row["identity"]), np.uint8) for row in rows}
    make_pack("cfp", rows, {name: webp(picture) for name, picture in pictures.items()})
    held_out = [int(name) for name in names if is_held_out(name)]
    assert held_out
    assert [int(example.pixels[0, 0, 0]) for example in SETS["profiles"]()] == held_out


def test_of_each_masked_photo_one_picture_is_shown(data: Path, webp: Webp) -> None:
    """Some pictures of the pack are turned copies of one photo: their name has its number."""
    photos = {"417.webp": 1, "Augmented_417_99.webp": 1, "Augmented_5_1.webp": 2, "Augmented_5_2.webp": 2, "6.webp": 3}
    with zipfile.ZipFile(data / "mask_real.zip", "w") as archive:
        for name, photo in photos.items():
            archive.writestr(name, webp(np.full((20, 30, 3), 60 * photo, np.uint8)))
    found = list(SETS["real masks"]())
    assert sorted(int(example.pixels[0, 0, 0]) for example in found) == [60, 120, 180]


def test_one_face_without_a_box_is_somewhere_around_the_middle(data: Path, webp: Webp) -> None:
    with zipfile.ZipFile(data / "mask_real.zip", "w") as archive:
        archive.writestr("1.webp", webp(np.zeros((100, 200, 3), np.uint8)))
    [example] = SETS["real masks"]()
    assert match([Box(80, 40, 130, 70)], example.boxes) == (1, 0)
    assert match([Box(0, 0, 60, 90)], example.boxes) == (0, 1)
