from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from cropped import people_crops

from mien_export.networks.repainter import Repainter
from mien_export.quality import unmask_report
from mien_export.quality.fillers import flat_skin
from mien_export.quality.unmask_report import Example, held_out_holes, report_filler, training_faces


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    crops = people_crops(256, "ben", "carla", "gina")
    hole = np.zeros((256, 256), np.bool_)
    hole[160:230, 90:170] = True
    return [(np.ascontiguousarray(crop[16:-16, 16:-16]), hole) for crop in crops.pixels]


BASELINES = ("flat skin", "Telea", "Navier-Stokes", "mean face", "PCA-120", "face_prior alone")


class _Fid:
    """Stands in for the meter: it wants hundreds of pictures."""

    value, floor = 3.0, 1.0

    def __init__(self, _: np.ndarray) -> None:
        pass

    def measure(self, _: np.ndarray) -> "_Fid":
        return self


def test_the_report_holds_every_filler_and_the_better_is_better(
    examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def holes(_: object) -> Iterator[Example]:
        return iter(examples)

    faces = people_crops(128, "anna", "dora", "emil").pixels[:, 8:-8, 8:-8].repeat(50, axis=0)
    truth = {hole.tobytes() + face[:100].tobytes(): face for face, hole in examples}
    monkeypatch.setattr(unmask_report, "WeightsRunner", lambda _: None)
    monkeypatch.setattr(unmask_report, "held_out_holes", holes)
    monkeypatch.setattr(unmask_report, "training_faces", lambda _: faces)
    monkeypatch.setattr(unmask_report, "FidMeter", _Fid)
    monkeypatch.setattr(
        unmask_report, "service_filler", lambda _: lambda face, hole: truth[hole.tobytes() + face[:100].tobytes()]
    )
    monkeypatch.setattr(unmask_report, "principal_components", lambda _: flat_skin)
    monkeypatch.setattr(unmask_report, "prior_filler", lambda _: flat_skin)
    checkpoint = tmp_path / "checkpoint.pt"
    torch.save({"average": Repainter().state_dict()}, checkpoint)
    report_filler(tmp_path, checkpoint, tmp_path / "out")
    lines = (tmp_path / "out" / "face_filler.md").read_text().splitlines()
    rows = {line.split("|")[1].strip(): line.split("|")[2:-1] for line in lines if line.startswith("| ")}
    assert list(rows)[1:] == ["---", *BASELINES, "seed's design", "face_filler"]
    assert rows["face_filler"][0].strip() == "inf", "it gives the truth"
    assert 8 < float(rows["flat skin"][0]) < 40
    assert float(rows["flat skin"][1]) > float(rows["flat skin"][0]), "outside the hole nothing changes"
    assert (tmp_path / "out" / "face_filler.png").exists()
    report_filler(tmp_path, tmp_path / "none.pt", tmp_path / "again")
    assert "seed's design" not in (tmp_path / "again" / "face_filler.md").read_text(), "where it was not trained"


def test_one_face_of_each_validation_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"file": f"{i}.webp", "identity": str(i % 3), "split": "validation"} for i in range(7)]
    asked: list[str] = []

    def found(_: str, chosen: list[dict[str, str]], __: object) -> Iterator[object]:
        asked.extend(row["identity"] for row in chosen)
        return iter([])

    monkeypatch.setattr(unmask_report, "split_rows", lambda *_: rows)
    monkeypatch.setattr(unmask_report, "found_faces", found)
    assert list(held_out_holes(None)) == []  # pyright: ignore[reportArgumentType]
    assert sorted(asked) == ["0", "1", "2"]


def test_baselines_are_fitted_on_training_people(monkeypatch: pytest.MonkeyPatch) -> None:
    crops = people_crops(160, "ben", "carla", "gina")
    for row, split in zip(crops.rows, ("train", "validation", "train"), strict=True):
        row["split"] = split
    monkeypatch.setattr(unmask_report, "load_crops", lambda *_: crops)
    found = training_faces(10)
    assert found.shape == (2, 128, 128, 3)
    assert np.abs(found[1].astype(int) - found[0]).mean() > 5
