import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import people
import pytest

from mien_export.data import packs
from mien_service.faces.face import RgbImage

Webp = Callable[[RgbImage], bytes]
MakePack = Callable[..., None]


def flat(colour: tuple[int, int, int]) -> RgbImage:
    return np.full((6, 9, 3), colour, np.uint8)


def test_the_folder_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_DATA", "/somewhere/else")
    assert packs.data_folder() == Path("/somewhere/else")
    monkeypatch.delenv("MIEN_DATA")
    assert packs.data_folder() == Path("../shared/data")


def test_rows_keep_the_order_of_the_file(make_pack: MakePack) -> None:
    rows = [{"file": f"{name}.webp", "age": str(i)} for i, name in enumerate("cab")]
    make_pack("made", rows, {})
    assert packs.read_rows("made") == rows


def test_a_pack_with_a_split_column_is_split_by_it(make_pack: MakePack) -> None:
    splits = ["train", "validation", "reserved", "train"]
    make_pack("made", [{"file": str(i), "identity": "one", "split": split} for i, split in enumerate(splits)], {})
    found = {split: [row["file"] for row in packs.split_rows("made", split)] for split in set(splits)}
    assert found == {"train": ["0", "3"], "validation": ["1"], "reserved": ["2"]}


@pytest.mark.parametrize("key", ["identity", "file"])
def test_a_pack_without_one_is_split_by_the_crc_of(key: str, make_pack: MakePack) -> None:
    make_pack("made", [{"file": f"{i}.webp"} | {key: f"name {i}"} for i in range(400)], {})
    train, validation = packs.split_rows("made", "train"), packs.split_rows("made", "validation")
    assert len(train) + len(validation) == 400
    assert 8 <= len(validation) <= 35
    assert {zlib.crc32(row[key].encode()) % 20 for row in validation} == {0}
    assert 0 not in {zlib.crc32(row[key].encode()) % 20 for row in train}


@pytest.mark.parametrize("split", ["train", "validation", "reserved"])
def test_a_row_is_for_training_or_for_measuring_or_for_neither(split: str) -> None:
    row = {"file": "x.webp", "split": split}
    assert packs.is_training(row) == (split == "train")
    assert packs.is_validation(row) == (split == "validation")


def test_rows_and_splits_agree(make_pack: MakePack) -> None:
    make_pack("made", [{"file": f"{i}.webp", "identity": str(i)} for i in range(300)], {})
    rows = packs.read_rows("made")
    assert [row for row in rows if packs.is_training(row)] == packs.split_rows("made", "train")
    assert [row for row in rows if packs.is_validation(row)] == packs.split_rows("made", "validation")


def test_all_pictures_of_an_identity_fall_on_one_side(make_pack: MakePack) -> None:
    make_pack("made", [{"file": f"{i}.webp", "identity": str(i // 10)} for i in range(400)], {})
    sides = [{row["identity"] for row in packs.split_rows("made", split)} for split in ("train", "validation")]
    assert sides[1]
    assert not sides[0] & sides[1]


def test_pictures_are_rgb_and_come_in_the_order_asked_for(make_pack: MakePack, webp: Webp) -> None:
    colours = {"red.webp": (200, 10, 20), "green.webp": (10, 200, 20), "blue.webp": (10, 20, 200)}
    make_pack("made", [{"file": name} for name in colours], {name: webp(flat(c)) for name, c in colours.items()})
    asked = ["blue.webp", "red.webp", "blue.webp"]
    found = list(packs.read_pictures("made", asked))
    assert [picture.shape for picture in found] == [(6, 9, 3)] * 3
    for name, picture in zip(asked, found, strict=True):
        np.testing.assert_allclose(picture, flat(colours[name]), atol=2)


@pytest.mark.usefixtures("data")
def test_a_missing_pack_is_missed() -> None:
    with pytest.raises(FileNotFoundError):
        packs.read_rows("none")
    with pytest.raises(FileNotFoundError):
        next(packs.read_pictures("none", ["a.webp"]))


def test_a_picture_that_is_not_in_the_zip_is_missed(make_pack: MakePack) -> None:
    make_pack("made", [{"file": "a.webp"}], {})
    with pytest.raises(KeyError, match=r"a\.webp"):
        next(packs.read_pictures("made", ["a.webp"]))


@pytest.mark.parametrize("length", [12, 40])
def test_a_picture_that_cannot_be_decoded_is_named(length: int, make_pack: MakePack, webp: Webp) -> None:
    make_pack("made", [{"file": "bad.webp"}], {"bad.webp": webp(people.nobody())[:length]})
    with pytest.raises(ValueError, match=r"made: bad\.webp cannot be decoded"):
        next(packs.read_pictures("made", ["bad.webp"]))
