from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cropped import crops_of

from mien_export.data.crops import Crops
from mien_export.quality import attribute_report
from mien_export.quality.edit_attribute import ATTRIBUTES, Entrant
from mien_export.quality.held_out import REPORT_HALF
from mien_export.runner import WeightsRunner
from mien_service.faces.align import AlignedFace
from mien_service.faces.face import RgbImage

SQUARE = (128, 128, 3)


def made_crops(*_: object) -> Crops:
    """Eight training people of every kind, and one of the held-out ones, whose picture is white."""
    random = np.random.default_rng(0)
    pixels = random.integers(40, 200, (33, 144, 144, 3)).astype(np.uint8)
    pixels[-1] = 255
    rows = [{name.capitalize(): str(i >> bit & 1) for bit, name in enumerate(ATTRIBUTES)} for i in range(33)]
    return crops_of(pixels, [row | {"split": "train" if i < 32 else "validation"} for i, row in enumerate(rows)])


@pytest.fixture
def calls(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the report asked for, its meters and faces being stand-ins."""
    found: dict[str, Any] = {}

    def faces(half: int, limit: int, run: WeightsRunner) -> list[str]:
        found.update(half=half, limit=limit, run=run)
        return ["the faces"]

    def evaluate(entrants: list[Entrant], faces: list[str], meters: Any, folder: Path, _: tuple[str, ...]) -> None:
        found.update(entrants={one.name: one for one in entrants}, faces=faces, meters=meters, folder=folder)

    monkeypatch.setattr(attribute_report, "load_crops", made_crops)
    monkeypatch.setattr(attribute_report, "load_judge", lambda name: f"judge {name}")
    for meter in ("AgeMeter", "IdentityMeter", "PerceptualMeter"):
        monkeypatch.setattr(attribute_report, meter, lambda meter=meter: meter)
    monkeypatch.setattr(attribute_report, "celeba_faces", faces)
    monkeypatch.setattr(attribute_report, "evaluate", evaluate)
    attribute_report.report_edit_attribute(weights, tmp_path)
    return found


def test_the_report_is_on_people_nothing_was_chosen_on(calls: dict[str, Any], tmp_path: Path) -> None:
    assert calls["half"] == REPORT_HALF
    assert isinstance(calls["run"], WeightsRunner), "faces are found by the weights that are reported on"
    assert calls["faces"] == ["the faces"]
    assert calls["folder"] == tmp_path


def test_judge_b_judges(calls: dict[str, Any]) -> None:
    assert calls["meters"].judge == "judge b"
    assert calls["meters"].age == "AgeMeter"


def test_baselines_stand_beside_the_services_editors(calls: dict[str, Any]) -> None:
    assert list(calls["entrants"]) == [
        "identity",
        "mean difference",
        "decode and paste",
        "vae",
        "editnet",
    ]
    assert [name for name, one in calls["entrants"].items() if one.variant is not None] == ["vae", "editnet"]
    graded = {name: one.graded for name, one in calls["entrants"].items() if one.graded is not None}
    assert list(graded) == ["mean difference", "decode and paste"]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_every_entrant_edits_a_photo(
    attribute: str, calls: dict[str, Any], photo: RgbImage, aligned: AlignedFace
) -> None:
    knowing = {name: one for name, one in calls["entrants"].items() if one.edits(attribute)}
    assert {"identity", "mean difference", "decode and paste", "vae"} <= knowing.keys()
    made = {name: one.edit(photo, aligned, attribute, 1.0) for name, one in knowing.items()}
    assert {(picture.shape, picture.dtype) for picture in made.values()} == {(photo.shape, np.dtype(np.uint8))}
    np.testing.assert_array_equal(made["identity"], photo)
    assert (made["decode and paste"] != photo).any()
    for name in ("mean difference", "decode and paste"):
        graded = calls["entrants"][name].graded
        np.testing.assert_array_equal(graded(0.0)(photo, aligned, attribute, 1.0), photo)
        np.testing.assert_array_equal(graded(1.0)(photo, aligned, attribute, 1.0), made[name])


def test_mean_differences_know_training_people_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_report, "load_crops", made_crops)
    assert attribute_report.training_crops().pixels.shape == (32, 144, 144, 3)
    assert attribute_report.training_crops().pixels.max() < 200


def test_a_square_is_encoded_shifted_and_decoded(weights: Path, aligned: AlignedFace) -> None:
    runner = WeightsRunner(weights)
    square = np.ascontiguousarray(aligned.crop[::2, ::2])
    still = attribute_report.decoded(runner, square, "smiling", 0.0)
    assert (still.shape, still.dtype) == (SQUARE, np.uint8)
    table = runner.table("face_vae_vectors")
    loud = runner.with_tables({"face_vae_vectors": {**table, "plain": np.ones(table["plain"].shape) * 20}})
    np.testing.assert_array_equal(attribute_report.decoded(loud, square, "smiling", 0.0), still)
    assert (attribute_report.decoded(loud, square, "smiling", 1.0) != still).any()
