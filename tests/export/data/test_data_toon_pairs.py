"""Pairs of photos and toons, aligned by the photo's face, from small packs of people who do not exist."""

from collections.abc import Callable

import cv2
import numpy as np
import people
import pytest

from mien_export.data import toon_pairs
from mien_export.data.crops import Crops
from mien_export.data.drawn_faces import DrawnFaces
from mien_export.data.packs import is_held_out
from mien_export.data.toon_pairs import SIDE, ToonPairs, load_cel, load_drawn
from mien_service.faces.face import RgbImage

Webp = Callable[[RgbImage], bytes]
MakePack = Callable[..., None]

NAMES = ("ben", "carla", "gina")


def portrait(name: str) -> RgbImage:
    return people.small_person(name, 320)


def inverted(photo: RgbImage) -> RgbImage:
    return (255 - photo).astype(np.uint8)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the work be done in this process, and not once more for each core."""
    monkeypatch.setattr(toon_pairs, "in_parts", lambda work, items: work(items))


@pytest.fixture
def cel(make_pack: MakePack, webp: Webp) -> None:
    """Three people and one picture without a face; the drawings are photos inverted and of half the size."""
    photos = {f"{name}.webp": portrait(name) for name in NAMES} | {"nobody.webp": people.nobody(320, 320)}
    make_pack("stylegan", [{"file": name, "source": "x"} for name in photos], {n: webp(p) for n, p in photos.items()})
    drawn = {name: inverted(cv2.resize(photo, (160, 160))) for name, photo in photos.items()}
    make_pack("toon_cel", [{"file": name} for name in photos], {n: webp(p) for n, p in drawn.items()})


@pytest.mark.usefixtures("cel")
def test_photo_and_drawing_are_cut_alike_and_who_has_no_face_is_left_out() -> None:
    pairs = load_cel()
    assert pairs.names == [f"{name}.webp" for name in NAMES]
    assert pairs.photos.shape == pairs.toons.shape == (3, SIDE, SIDE, 3)
    difference = np.abs(pairs.photos.astype(int) - (255 - pairs.toons.astype(int)))
    # The drawing is coarser, but lies where the photo does.
    assert difference.mean() < 6
    shifted = np.abs(pairs.photos[:, :, 8:].astype(int) - (255 - pairs.toons[:, :, :-8].astype(int)))
    assert shifted.mean() > 2 * difference.mean()


@pytest.mark.usefixtures("cel")
def test_the_second_time_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_cel()
    monkeypatch.delattr(toon_pairs, "in_parts")
    again = load_cel()
    np.testing.assert_array_equal(again.toons, first.toons)
    assert again.names == first.names


def test_drawings_of_the_stylizer_are_cut_to_the_square_and_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = people.small_person("ben", 288)
    crops = Crops(photo[None], np.zeros((1, 468, 3), np.float32), [{"file": "a.webp"}])
    monkeypatch.setattr(toon_pairs, "load_drawn_faces", lambda style: DrawnFaces(crops, {"sketch": photo}[style][None]))
    pairs = load_drawn("sketch")
    assert pairs.names == ["a.webp"]
    np.testing.assert_array_equal(pairs.photos[0], photo[16:-16, 16:-16])
    # A photo that is drawn as it is has lost nothing.
    assert np.abs(pairs.toons[0].astype(int) - pairs.photos[0]).max() <= 1


def test_splits_are_by_name_and_hold_all() -> None:
    names = [f"{i}.webp" for i in range(100)]
    levels = np.arange(100, dtype=np.uint8)[:, None, None, None]
    pairs = ToonPairs(levels, levels + 100, names)
    held_out, others = pairs.split(held_out=True), pairs.split(held_out=False)
    assert held_out.names == [name for name in names if is_held_out(name)]
    assert sorted(held_out.names + others.names) == sorted(names)
    for part in (held_out, others):
        assert [f"{int(level)}.webp" for level in part.photos.ravel()] == part.names
        np.testing.assert_array_equal(part.toons, part.photos + 100)
    assert pairs.first(3).names == names[:3]
    assert len(pairs.first(3).photos) == len(pairs.first(3).toons) == 3
