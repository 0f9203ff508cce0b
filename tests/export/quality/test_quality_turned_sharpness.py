import json
from pathlib import Path

import cv2
import pytest

from mien_export.quality import turned_sharpness
from mien_export.quality.turned_sharpness import large_people, report_turned_sharpness
from mien_export.runner import WeightsRunner
from mien_export.teachers.turned_views import Views


def test_people_are_large_and_turned(weights: Path) -> None:
    found = large_people(Views(WeightsRunner(weights)), 1)
    assert found[0].photo.shape == (1024, 1024, 3)
    assert found[0].yaw == pytest.approx(turned_sharpness.YAWS[0], abs=15)


def test_the_report_reads_what_was_invented(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turned_sharpness, "PEOPLE", 2)
    report_turned_sharpness(weights, tmp_path)
    rows = json.loads((tmp_path / "turned_sharpness.json").read_text())["rows"]
    assert [row["turner"] for row in rows] == ["mesh warp and mirror", "service"]
    for row in rows:
        assert 0.05 < row["sharpness match, median"] < 5
        assert row["n"] >= 1
    assert cv2.imread(str(tmp_path / "turned_sharpness.png")) is not None
