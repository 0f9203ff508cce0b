"""Pairs of photos and toons, of the faces of a small pack of people who do not exist."""

from pathlib import Path

import numpy as np
import people
import pytest

from mien_export.data import toon_pairs
from mien_export.data.crops import Crops
from mien_export.data.drawings import cel_drawing, pencil_drawing
from mien_export.data.drawn_faces import DrawnFaces
from mien_export.data.packs import is_held_out
from mien_export.data.toon_pairs import SIDE, ToonPairs, in_other_light, load_cel, load_sketch

NAMES = ("ben", "carla")


@pytest.fixture(autouse=True)
def crops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Crops:
    """Crops of two people, drawn in this process, and not once more for each core."""
    pixels = np.stack([people.small_person(name, 288) for name in NAMES])
    made = Crops(pixels, np.zeros((2, 468, 3), np.float32), [{"file": f"{name}.webp"} for name in NAMES])
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    monkeypatch.setattr(toon_pairs, "in_parts", lambda work, items: work(items))
    monkeypatch.setattr(toon_pairs, "load_crops", lambda pack, size: {("stylegan", SIDE): made}[pack, size])
    monkeypatch.setattr(toon_pairs, "load_drawn_faces", lambda style: DrawnFaces(made, {"sketch": pixels}[style]))
    return made


def test_everybody_is_drawn_as_a_cel_in_two_lights(crops: Crops) -> None:
    pairs = load_cel()
    assert pairs.names == 2 * [f"{name}.webp" for name in NAMES]
    assert pairs.photos.shape == pairs.toons.shape == (4, SIDE, SIDE, 3)
    np.testing.assert_array_equal(pairs.photos[:2], crops.pixels[:, 16:-16, 16:-16])
    assert np.abs(pairs.photos[2:].astype(int) - pairs.photos[:2]).mean() > 1
    lit = in_other_light(crops.pixels)
    for i, photo in enumerate((*crops.pixels, *lit)):
        np.testing.assert_array_equal(pairs.toons[i], cel_drawing(photo)[16:-16, 16:-16])


def test_a_sketch_has_the_stylizers_drawing_beside_it(crops: Crops) -> None:
    pairs = load_sketch()
    assert pairs.names == 2 * [f"{name}.webp" for name in NAMES]
    drawn = pencil_drawing(crops.pixels[1], crops.pixels[1])
    np.testing.assert_array_equal(pairs.toons[1], drawn[16:-16, 16:-16])


def test_the_second_time_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_cel()
    monkeypatch.delattr(toon_pairs, "in_parts")
    again = load_cel()
    np.testing.assert_array_equal(again.toons, first.toons)
    assert again.names == first.names


def test_other_light_is_of_each_photo_and_always_the_same(crops: Crops) -> None:
    made = in_other_light(crops.pixels)
    np.testing.assert_array_equal(made, in_other_light(crops.pixels))
    assert (made != in_other_light(crops.pixels, seed=1)).any()
    changes = (made.astype(int) - crops.pixels).mean(axis=(1, 2))
    assert np.abs(changes[0] - changes[1]).max() > 1


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
