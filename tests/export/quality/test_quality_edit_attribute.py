import json
import math
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from mien_export.quality import edit_attribute
from mien_export.quality.age import FACERES, AgeMeter
from mien_export.quality.attribute_baselines import Editor, no_edit
from mien_export.quality.edit_attribute import Entrant, Meters, Result, evaluate
from mien_export.quality.held_out import HeldOutFace
from mien_export.quality.identity import IdentityMeter
from mien_export.quality.perceptual import PerceptualMeter
from mien_export.recipes.judges import Judge
from mien_service.faces.align import AlignedFace
from mien_service.faces.face import RgbImage


class _Brightness(torch.nn.Module):
    """A judge that takes brightness for a smile."""

    def forward(self, squares: torch.Tensor) -> torch.Tensor:
        return squares.mean(dim=(1, 2, 3))[:, None]


class _NoAge:
    network = FACERES

    def chip(self, photo: RgbImage, _: object) -> RgbImage:
        return photo

    def ages(self, chips: list[RgbImage]) -> np.ndarray:
        return np.array([float(chip.mean()) for chip in chips])

    def shifts(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        return after - before


def brighten(photo: RgbImage, _: AlignedFace, __: str, strength: float) -> RgbImage:
    return np.clip(photo + 20.0 * strength, 0, 255).astype(np.uint8)


def brightened(gain: float) -> Editor:
    def edit(photo: RgbImage, face: AlignedFace, attribute: str, strength: float) -> RgbImage:
        return brighten(photo, face, attribute, gain * strength)

    return edit


@pytest.fixture(scope="module")
def results(
    photo: RgbImage, aligned: AlignedFace, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Result], Path]:
    folder = tmp_path_factory.mktemp("report")
    brightness = edit_attribute.squares_of([photo], [HeldOutFace(photo, aligned, {})]).mean().item()
    judge = Judge("b", _Brightness(), ["Smiling"], {"Smiling": brightness + 0.01}, {"Smiling": 0.96})
    meters = Meters(judge, IdentityMeter(), cast("AgeMeter", _NoAge()), PerceptualMeter())
    faces = [HeldOutFace(photo, aligned, {"Smiling": "0", "Male": "0"})] * 2
    entrants = [
        Entrant("none", no_edit),
        Entrant("brighter", brighten, variant=no_edit, graded=brightened),
        Entrant("ours", brightened(1.5)),
        Entrant("of beards", no_edit, knows=("beard",)),
    ]
    rows = evaluate(entrants, faces, meters, folder, attributes=("smiling",))
    return {row.editor: row for row in rows}, folder


def test_no_edit_scores_as_no_edit(results: tuple[dict[str, Result], Path]) -> None:
    row = results[0]["none"]
    assert (row.attribute, row.direction, row.n, row.judged) == ("smiling", 1, 2, 2)
    assert row.flips == row.identity == row.identity_upper == row.years == row.rank == 0
    assert row.untouched == row.surroundings == math.inf
    assert row.detail == 1
    assert math.isnan(row.variants)


def test_an_edit_is_seen_by_every_meter(results: tuple[dict[str, Result], Path]) -> None:
    row = results[0]["brighter"]
    assert row.flips == 1
    assert row.rank == pytest.approx(1)
    assert row.identity > 0
    assert 20 < row.untouched < 25
    assert row.years == pytest.approx(20, abs=2)
    assert row.lite0 > 0
    assert row.variants == pytest.approx(row.lite0, rel=1e-3)


def test_a_graded_entrant_is_also_measured_at_the_last_ones_identity_distance(
    results: tuple[dict[str, Result], Path],
) -> None:
    [name] = set(results[0]) - {"none", "brighter", "ours"}
    gain = float(name.removeprefix("brighter, x"))
    assert gain == pytest.approx(1.5, abs=0.2)
    assert results[0][name].identity == pytest.approx(results[0]["ours"].identity, abs=0.03)


def test_faces_are_only_asked_for_what_they_lack(results: tuple[dict[str, Result], Path]) -> None:
    assert {row.direction for row in results[0].values()} == {1}


def test_the_report_names_its_judges_and_holds_every_row(results: tuple[dict[str, Result], Path]) -> None:
    folder = results[1]
    written = json.loads((folder / "edit_attribute.json").read_text())
    assert written["judge"] == "B"
    assert written["judge_auc"] == {"Smiling": 0.96}
    assert written["age_judge"] == "faceres"
    assert [row["editor"] for row in written["rows"]][:3] == ["none", "brighter", "ours"]
    assert written["rows"][0]["untouched"] is None
    table = (folder / "edit_attribute.md").read_text()
    assert table.count("\n| smiling |") == 4
    assert (folder / "edit_attribute.png").stat().st_size > 1000
