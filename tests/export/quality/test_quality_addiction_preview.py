import json
from pathlib import Path

import cv2
import finding
import people
import pytest
import torch
from brightness_age import brightness_age

from mien_export.networks.cycle_gan import CycleGan
from mien_export.quality import addiction_preview as module
from mien_export.quality.addiction_preview import report_addiction_preview
from mien_export.quality.held_out import HeldOutFace
from mien_export.quality.illustrators import GAUSSIAN, PLAIN_FILTER, SEED, SUBSTANCES, UNCHANGED
from mien_export.quality.student_illustrator import STUDENT
from mien_export.quality.toned_faces import TonedFace, coloured
from mien_export.recipes.preview_student import network
from mien_service.faces.align import align


def toned(name: str) -> TonedFace:
    photo = people.small_person(name, 300)
    [face] = coloured([HeldOutFace(photo, align(photo, finding.find(photo)[0]), {})])
    return face


@pytest.fixture
def written(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a report on two people, the first of them read at all severities."""
    monkeypatch.setattr(module, "toned_faces", lambda *_: [toned("gina"), toned("farid")])
    monkeypatch.setattr(module, "AgeMeter", brightness_age)
    for name in ("GRADED", "JUDGED", "SHOWN"):
        monkeypatch.setattr(module, name, 1)
    seed = tmp_path / "checkpoint.pt"
    torch.save({"average": CycleGan().state_dict()}, seed)
    student = tmp_path / "student.pt"
    torch.save({"average": network().state_dict()}, student)
    report_addiction_preview(weights, seed, student, tmp_path / "evaluation")
    return tmp_path / "evaluation"


def test_the_report_holds_every_method_and_what_it_reads(written: Path) -> None:
    table = json.loads((written / "addiction_preview.json").read_text())
    rows = {(row["method"], row["substance"]): row for row in table["rows"]}
    methods = [UNCHANGED, PLAIN_FILTER, GAUSSIAN, SEED]
    told_apart = [(name, substance) for name in (STUDENT, "service") for substance in SUBSTANCES]
    assert list(rows) == [*((name, "any") for name in methods), *told_apart]
    assert table["baselines"] == [*methods, STUDENT]
    assert all((row["n"], row["judged"]) == (2, 1) for row in rows.values())

    still = rows[UNCHANGED, "any"]
    about = ("method", "substance", "n", "judged", "quartiles")
    assert rows[STUDENT, "smoking"]["wrinkle energy, %"] == 0, "it has learned nothing"
    assert {still[name] for name in still if name not in about} == {0, None}, "PSNRs are infinite"
    assert rows[PLAIN_FILTER, "any"]["L*"] < -8
    assert rows[PLAIN_FILTER, "any"]["years"] > 0
    assert rows[PLAIN_FILTER, "any"]["hair and background, dB"] < 30
    assert rows["service", "smoking"]["wrinkle energy, %"] > 5
    assert rows["service", "alcohol"]["a*, cheeks and nose"] > 1
    assert rows["service", "drugs"]["new blotches"] > 1

    more = table["more"]
    assert {row["substance"] for row in more["Bars"]} == set(SUBSTANCES)
    assert {row["result"] for row in more["Bars"]} <= {"met", "missed", "not measured"}
    [steps] = [rows for heading, rows in more.items() if heading.startswith("Share of steps")]
    assert [row["n"] for row in steps] == [1] * 10
    assert next(row for row in steps if row["method"] == PLAIN_FILTER)["lightness"] == 1
    [tones] = [rows for heading, rows in more.items() if heading.startswith("Mean difference")]
    assert len({row["tone"] for row in tones}) == 2

    page = (written / "addiction_preview.md").read_text()
    assert "## Bars\n\n| substance | meter | bar | reading | result |" in page
    sheet = cv2.imread(str(written / "addiction_preview.png"))
    assert sheet is not None
    assert sheet.shape[:2] == (6 * 238, 8 * 220)
