import json
from pathlib import Path

import cv2
import finding
import numpy as np
import people
import pytest

from mien_export.quality import toonify as module
from mien_export.quality.held_out import HeldOutFace
from mien_export.quality.tooners import STYLIZATION, TEACHER, UNCHANGED
from mien_export.quality.toonify import bars, report_toonify
from mien_service.faces.align import align
from mien_service.tasks.toon_styles import Style

STYLES = [style.value for style in Style]


def held_out(name: str) -> HeldOutFace:
    photo = people.small_person(name)
    return HeldOutFace(photo, align(photo, finding.found(name)), {})


@pytest.fixture
def written(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a report on four people, among whom a face is looked for."""
    names = ("anna", "ben", "farid", "gina")
    monkeypatch.setattr(module, "held_out", lambda _: [held_out(name) for name in names])
    monkeypatch.setattr(module, "GALLERY", 4)
    # The teacher has no pictures of these people.
    monkeypatch.setattr(module, "tooners", lambda run: _with_teacher(tooners_of(run)))
    report_toonify(weights, tmp_path)
    return tmp_path


tooners_of = module.tooners


def _with_teacher(methods: dict[str, module.Tooner]) -> dict[str, module.Tooner]:
    return methods | {TEACHER: methods[STYLIZATION]}


def test_the_report_holds_every_method_and_the_bars(written: Path) -> None:
    table = json.loads((written / "toonify.json").read_text())
    rows = {row["method"]: row for row in table["rows"]}
    assert list(rows) == [UNCHANGED, STYLIZATION, TEACHER, *STYLES]
    assert all(row["n"] == 4 for row in rows.values())
    still = rows[UNCHANGED]
    assert (still["descriptor distance"], still["edges kept"], still["flat variance"]) == (0, 1, pytest.approx(1))
    assert still["found again"] == 1
    assert rows[STYLIZATION]["flat variance"] < 1
    assert {row["style"] for row in table["more"]["Bars"]} == set(STYLES)
    for name, shape in (("toonify", 3 + len(STYLES)), ("toonify_stickers", 6)):
        sheet = cv2.imread(str(written / f"{name}.png"))
        assert sheet is not None
        assert sheet.shape[1] == shape * 220


def test_bars_are_met_or_missed_by_their_reading() -> None:
    readings = {"descriptor distance": 0.4, "nearest of 50": 0.9, "edges kept": 0.5, "found again": 0.98}
    found = bars({style: readings | {"flat variance": np.nan} for style in STYLES})
    results = {(bar["style"], bar["meter"]): bar["result"] for bar in found}
    assert results["cel", "descriptor distance"] == "met"
    assert results["cel", "edges kept"] == "missed"
    assert results["cartoon", "nearest of 50"] == "met"
    assert results["baby", "found again"] == "met"
    assert {results[style, "flat variance"] for style in STYLES} == {"not measured"}
