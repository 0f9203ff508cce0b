import zipfile
from pathlib import Path

import cv2
import numpy as np
import people
import pytest

from mien_export.quality import unmask_real
from mien_export.quality.unmask_real import answer, write_unmask_real
from mien_export.runner import WeightsRunner
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import RgbImage
from mien_service.faces.find import FaceFinder
from mien_service.faces.landmarks import MeshLandmarks


@pytest.fixture(scope="module")
def masked() -> RgbImage:
    return np.asarray(cv2.resize(people.masked("farid"), (256, 256), interpolation=cv2.INTER_AREA), np.uint8)


def test_an_answer_or_why_there_is_none(masked: RgbImage, weights: Path) -> None:
    finder, run = FaceFinder(NetworkDetector(), MeshLandmarks()), WeightsRunner(weights)
    said, picture = answer(masked, finder, run)
    assert said == ""
    assert 0.05 < (picture != masked).any(axis=2).mean() < 0.5
    bare, nobody = people.small_person("ben", 256), people.nobody()
    for photo, reason in ((bare, "no mask found"), (nobody, "no face found")):
        said, picture = answer(photo, finder, run)
        assert said == reason
        np.testing.assert_array_equal(picture, photo)


def test_sheets_hold_one_picture_of_each_photo(
    masked: RgbImage, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = cv2.imencode(".webp", cv2.cvtColor(masked, cv2.COLOR_RGB2BGR))[1].tobytes()
    with zipfile.ZipFile(tmp_path / "mask_real.zip", "w") as archive:
        for name in ("1.webp", "Augmented_1_2.webp", "2.webp", "3.webp"):
            archive.writestr(name, body)
    monkeypatch.setenv("MIEN_DATA", str(tmp_path))
    monkeypatch.setattr(unmask_real, "PHOTOS", 3)
    monkeypatch.setattr(unmask_real, "COLUMNS", 1)
    monkeypatch.setattr(unmask_real, "ROWS", 2)
    write_unmask_real(weights, tmp_path)
    sheets = [cv2.imread(str(tmp_path / f"unmask_real_{i}.png")) for i in range(2)]
    assert sheets[0] is not None
    assert sheets[1] is not None
    assert sheets[0].shape[0] == 2 * sheets[1].shape[0]
    assert not (tmp_path / "unmask_real_2.png").exists()
