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
from mien_export.quality.prefer import HEIGHT, read_picture
from mien_export.quality.toonify_blind import write_toonify_blind
from mien_service.faces.face import RgbImage
from mien_service.tasks.toon_styles import Style

STYLES = [style.value for style in Style]
TEACHERS_GREY = 90


@pytest.fixture
def pack(make_pack: Callable[..., None], webp: Any) -> list[str]:
    """Two held-out portraits and one to train on, and grey drawings of all; the names of the held-out ones."""
    held_out = [name for name in (f"{i}.webp" for i in range(200)) if is_held_out(name)][:2]
    other = next(name for name in (f"{i}.webp" for i in count()) if not is_held_out(name))
    rows = [{"file": name, "source": "x"} for name in (*held_out, other)]
    pictures = [people.small_person(name, 384) for name in ("anna", "ben", "carla")]
    drawing = webp(np.full((256, 256, 3), TEACHERS_GREY, np.uint8))
    make_pack("stylegan", rows, {row["file"]: webp(one) for row, one in zip(rows, pictures, strict=True)})
    make_pack("toon_cel", rows, {row["file"]: drawing for row in rows})
    return held_out


def sharpness(picture: RgbImage) -> float:
    return float(np.abs(cv2.Laplacian(picture, cv2.CV_32F)).mean())


def test_every_style_stands_against_stylization_and_cel_against_its_teacher(
    pack: list[str], weights: Path, tmp_path: Path
) -> None:
    write_toonify_blind(weights, tmp_path)
    blind = tmp_path / "toonify_blind"
    assert {one.name for one in (blind / "pairs").iterdir()} == {*STYLES, "teacher"}
    photo, baseline, teacher, coarse, cel = (
        read_picture(blind / "pictures" / name / "000.png")
        for name in ("photo_as_it_is", "cv2stylization", "cel_teacher", "cel_as_coarse", "cel")
    )
    assert photo.shape == baseline.shape == teacher.shape == (HEIGHT, HEIGHT, 3)
    assert np.abs(teacher.astype(int) - TEACHERS_GREY).max() <= 3
    assert (baseline != photo).any()
    assert np.abs(coarse.astype(int) - cel).mean() < 3, "the same drawing"
    assert sharpness(coarse) < sharpness(cel)
    for name in STYLES:
        served = read_picture(blind / "pictures" / name / "000.png")
        assert np.abs(served.astype(int) - photo).mean() > 1
    for name in (*STYLES, "teacher"):
        pairs = blind / "pairs" / name
        assert sorted(one.name for one in pairs.iterdir()) == ["answers.csv", "pair_001.png", "pair_002.png"]
        assert read_picture(pairs / "pair_001.png").shape == (HEIGHT, 3 * HEIGHT + 2 * 16, 3)
        with (blind / "keys" / f"{name}.csv").open(newline="") as key:
            assert {row["name"] for row in csv.DictReader(key)} == {f"{i:03d}.png" for i in range(len(pack))}


def test_answers_are_never_written_over(pack: list[str], weights: Path, tmp_path: Path) -> None:
    del pack
    write_toonify_blind(weights, tmp_path)
    with pytest.raises(ValueError, match="already"):
        write_toonify_blind(weights, tmp_path)
