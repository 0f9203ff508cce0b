import csv
from pathlib import Path

import numpy as np
import pytest

from mien_export.quality import blind_pairs as module
from mien_export.quality.blind_pairs import Blind, slug, write_picture
from mien_export.quality.prefer import read_picture
from mien_service.faces.face import RgbImage


def grey(level: int) -> RgbImage:
    return np.full((16, 16, 3), level, np.uint8)


@pytest.fixture
def blind(tmp_path: Path) -> Blind:
    """Pictures of two methods and the photos of three faces, the second of which one method does not draw."""
    blind = Blind(tmp_path / "blind", inputs="photo as it is")
    blind.write_pictures(
        {
            "photo as it is": [grey(1), grey(2), grey(3)],
            "ours": [grey(11), grey(12), grey(13)],
            "the other's": [grey(21), None, grey(23)],
        }
    )
    return blind


def test_every_method_has_a_folder_of_numbered_pictures(blind: Blind) -> None:
    files = sorted(str(file.relative_to(blind.folder / "pictures")) for file in blind.folder.rglob("*.png"))
    photos = [f"photo_as_it_is/00{i}.png" for i in range(3)]
    assert files == [*(f"ours/00{i}.png" for i in range(3)), *photos, "the_others/000.png", "the_others/002.png"]
    np.testing.assert_array_equal(read_picture(blind.pictures("the other's") / "002.png"), grey(23))


def test_pairs_are_of_faces_that_both_drew_and_the_key_lies_elsewhere(blind: Blind) -> None:
    blind.write_pairs("ours", "the other's", "first")
    assert sorted(file.name for file in (blind.folder / "pairs" / "first").iterdir()) == [
        "answers.csv",
        "pair_001.png",
        "pair_002.png",
    ]
    with (blind.folder / "keys" / "first.csv").open(newline="") as key:
        assert {row["name"] for row in csv.DictReader(key)} == {"000.png", "002.png"}
    with pytest.raises(ValueError, match="already"):
        blind.write_pairs("ours", "the other's", "first")


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(OSError, match="cannot be written"):
        write_picture(tmp_path / "taken.png", grey(5))


def test_names_of_methods_are_names_of_folders() -> None:
    assert [slug(name) for name in ("seed's CycleGAN", "photo as it is")] == ["seeds_cyclegan", "photo_as_it_is"]
    assert module.PEOPLE >= 50, "a share of fewer answers is not named"
