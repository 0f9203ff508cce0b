import json
import math
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mien_export.quality.report import Report, markdown_table, shown, this_command, write_report

ROWS: list[dict[str, Any]] = [
    {"editor": "PCA-120", "psnr": 17.44, "iou": math.nan},
    {"editor": "ours", "psnr": math.inf, "iou": 0.951},
]
SHEET = [[("input", np.full((20, 20, 3), 90, np.uint8))]]


def made(**changes: Any) -> Report:
    given: dict[str, Any] = {
        "title": "Unmask",
        "split": "CelebA validation identities",
        "n": 49,
        "rows": ROWS,
        "baselines": ["PCA-120"],
        "command": "python -m mien_export evaluate unmask",
        "about": {"judge_auc": 0.9631, "limit": math.nan},
    }
    return Report(**{**given, **changes})


def test_a_report_says_all_that_a_reader_must_know(tmp_path: Path) -> None:
    write_report(made(), SHEET, tmp_path / "runs", "unmask")
    page = (tmp_path / "runs" / "unmask.md").read_text()
    assert page.startswith("# Unmask\n\n- n: 49\n- split: CelebA validation identities\n- baselines: PCA-120\n")
    assert "- judge_auc: 0.963\n" in page
    assert "- again: `python -m mien_export evaluate unmask`\n" in page
    assert page.endswith(
        "| editor | psnr | iou |\n| --- | --- | --- |\n| PCA-120 | 17.4 | - |\n| ours | inf | 0.951 |\n"
    )
    assert cv2.imread(str(tmp_path / "runs" / "unmask.png")) is not None


def test_the_json_holds_the_same_and_nothing_that_json_cannot(tmp_path: Path) -> None:
    write_report(made(), SHEET, tmp_path, "unmask")
    found = json.loads((tmp_path / "unmask.json").read_text())
    assert found["rows"] == [
        {"editor": "PCA-120", "psnr": 17.44, "iou": None},
        {"editor": "ours", "psnr": None, "iou": 0.951},
    ]
    assert (found["n"], found["baselines"], found["judge_auc"], found["limit"]) == (49, ["PCA-120"], 0.9631, None)
    assert found["command"].endswith("evaluate unmask")


@pytest.mark.parametrize("baselines", [[], ["Telea"], ["PCA-120", "Telea"]])
def test_no_report_without_its_baselines(baselines: list[str]) -> None:
    with pytest.raises(ValueError, match="baselines"):
        made(baselines=baselines)


def test_further_tables_stand_under_their_headings(tmp_path: Path) -> None:
    bars = [{"bar": "at least .95", "reading": math.nan}]
    write_report(made(more={"Bars": bars}), SHEET, tmp_path, "unmask")
    page = (tmp_path / "unmask.md").read_text()
    assert page.endswith(
        "| ours | inf | 0.951 |\n\n## Bars\n\n| bar | reading |\n| --- | --- |\n| at least .95 | - |\n"
    )
    found = json.loads((tmp_path / "unmask.json").read_text())
    assert found["more"] == {"Bars": [{"bar": "at least .95", "reading": None}]}
    with pytest.raises(ValueError, match="same columns"):
        made(more={"Bars": [*bars, {"bar": "at most .35"}]})


@pytest.mark.parametrize("rows", [[], [ROWS[0], {"editor": "ours"}]])
def test_rows_must_have_one_shape(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match="same columns"):
        made(rows=rows)


def test_no_report_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="every row"):
        write_report(made(), [], tmp_path, "unmask")
    assert not (tmp_path / "unmask.md").exists()


def test_the_command_can_be_typed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "orig_argv", ["/usr/bin/python3.11", "-m", "mien_export", "evaluate", "a b"])
    assert this_command() == "python -m mien_export evaluate 'a b'"


@pytest.mark.parametrize(("value", "text"), [(math.nan, "-"), (41.26, "41.3"), (0.1234, "0.123"), (2, "2"), ("a", "a")])
def test_cells_are_short(value: str | float, text: str) -> None:
    assert shown(value) == text


def test_a_table_without_rows_has_its_head() -> None:
    assert markdown_table(["a", "b"], []) == "| a | b |\n| --- | --- |"
