"""The finder's thresholds on scenes of tuning people."""

from pathlib import Path

import people
import pytest
from finding import found, run

from mien_export.data.face_tiles import Tile
from mien_export.data.scenes import SceneOptions
from mien_export.quality import finding_thresholds
from mien_export.quality.finding_thresholds import report_thresholds


def test_every_pair_of_thresholds_has_a_row_and_lower_ones_find_no_fewer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mesh = found("carla").mesh
    assert mesh is not None
    tiles = [Tile(people.small_person("carla", 320), mesh[:, :2] * (320 / 512))]
    monkeypatch.setattr(finding_thresholds, "tuning_tiles", lambda: tiles)
    monkeypatch.setattr(finding_thresholds, "GROUPS", SceneOptions(240, 320, (2, 3), (0.15, 0.3), apart=True))
    monkeypatch.setattr(finding_thresholds, "SCENES", 2)
    monkeypatch.setattr(finding_thresholds, "DRAWINGS", 2)
    monkeypatch.setattr(finding_thresholds, "CANDIDATE_SCORES", (0.35, 0.999))
    monkeypatch.setattr(finding_thresholds, "FACE_SCORES", (0.5, 0.9))
    report_thresholds(run(), tmp_path)
    _, _, *rows = [line.split("|")[1:-1] for line in (tmp_path / "finding_thresholds.md").read_text().splitlines()]
    assert [[cell.strip() for cell in row[:2]] for row in rows] == [
        ["0.35", "0.5"],
        ["0.35", "0.9"],
        ["0.999", "0.5"],
        ["0.999", "0.9"],
    ]
    portraits = [row[-1].strip() for row in rows]
    assert portraits[:2] == ["1 of 1, 0 false"] * 2
    assert portraits[2:] == ["0 of 1, 0 false"] * 2, "no candidate is that sure"
