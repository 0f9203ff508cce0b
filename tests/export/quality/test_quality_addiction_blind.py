import csv
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import people
import pytest

from mien_export.data.packs import is_held_out
from mien_export.quality.addiction_blind import write_addiction_blind
from mien_export.quality.prefer import read_picture
from mien_service.faces.face import RgbImage


@pytest.fixture
def pack(make_pack: Callable[..., None], webp: Any) -> list[RgbImage]:
    """Three held-out portraits and one to train on."""
    held_out = [name for name in (f"{i}.webp" for i in range(200)) if is_held_out(name)][:3]
    other = next(name for name in (f"{i}.webp" for i in count()) if not is_held_out(name))
    pictures = [people.small_person(name, 256) for name in ("anna", "ben", "carla", "dora")]
    rows = [{"file": name, "source": "x"} for name in (*held_out, other)]
    make_pack("stylegan", rows, {row["file"]: webp(one) for row, one in zip(rows, pictures, strict=True)})
    return pictures[:3]


def test_every_baseline_stands_against_the_service_without_its_name(
    pack: list[RgbImage], weights: Path, tmp_path: Path
) -> None:
    write_addiction_blind(weights, tmp_path / "none.pt", tmp_path / "none.pt", tmp_path)
    blind = tmp_path / "addiction_blind"
    assert {one.name for one in (blind / "pairs").iterdir()} == {"plain_filter", "gaussian_and_sharpen"}
    for i, photo in enumerate(pack):
        np.testing.assert_array_equal(read_picture(blind / "pictures" / "photo_as_it_is" / f"{i:03d}.png"), photo)
    served = [read_picture(blind / "pictures" / "service" / f"{i:03d}.png") for i in range(3)]
    assert all((one != photo).any() for one, photo in zip(served, pack, strict=True))
    for name in ("plain_filter", "gaussian_and_sharpen"):
        pairs = blind / "pairs" / name
        assert sorted(one.name for one in pairs.iterdir()) == ["answers.csv", *(f"pair_{i:03d}.png" for i in (1, 2, 3))]
        picture = cv2.imread(str(pairs / "pair_001.png"))
        assert picture is not None
        assert picture.shape[1] == 3 * 512 + 2 * 16
        with (blind / "keys" / f"{name}.csv").open(newline="") as key:
            rows = list(csv.DictReader(key))
        assert {row["name"] for row in rows} == {"000.png", "001.png", "002.png"}


def test_answers_are_never_written_over(pack: list[RgbImage], weights: Path, tmp_path: Path) -> None:
    del pack
    write_addiction_blind(weights, tmp_path / "none.pt", tmp_path / "none.pt", tmp_path)
    with pytest.raises(ValueError, match="already"):
        write_addiction_blind(weights, tmp_path / "none.pt", tmp_path / "none.pt", tmp_path)
