import json
from pathlib import Path

import cv2
import finding
import numpy as np
import people
import pytest
from numpy.typing import NDArray

from mien_export.data.head_labels import HeadLabels
from mien_export.quality import head_segmenter as report
from mien_export.quality.head_segmenter import GRABCUT, HULL, MEAN, OURS, overlaps_of, report_heads
from mien_export.recipes import head_segmenter as recipe
from mien_service.faces.align import align
from mien_service.faces.head_maps import SIDE

NAMES = ("ben", "carla", "gina")


def labelled(_: str) -> HeadLabels:
    """Return three people, the second trained on, whose heads are told apart by their colour: they are red."""
    pixels, labels, transforms = [], [], []
    for name in NAMES:
        photo = np.full((300, 300, 3), (60, 140, 70), np.uint8)
        photo[50:250, 50:250] = people.small_person(name, 200)
        [face] = finding.find(photo)
        hull = cv2.convexHull(face.landmarks.round().astype(np.int32))
        head = cv2.dilate(cv2.fillConvexPoly(np.zeros((300, 300), np.uint8), hull, 255), np.ones((25, 25), np.uint8))
        pixels.append(np.where(head[..., None] > 0, photo // 4 + np.array([190, 0, 0], np.uint8), photo // 4))
        labels.append(np.dstack([head] * 4))
        transforms.append(align(photo, face).transform)
    splits = ("validation", "train", "validation")
    rows = [{"file": name, "split": split} for name, split in zip(NAMES, splits, strict=True)]
    return HeadLabels(np.stack(pixels), np.stack(labels), np.stack(transforms), rows)


class RedIsHead:
    """Stands in for the runner: what is red is head, skin and hair; faces are found by the service's networks."""

    def __init__(self, _: Path) -> None:
        pass

    def __call__(self, network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        if network != "head_segmenter":
            return finding.run()(network, **inputs)
        image = inputs["image"]
        return {"maps": np.repeat((image[:, :1] > image[:, 1:2] + 0.3).astype(np.float32), 3, axis=1)}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, float]]:
    """The report's rows by method and set."""
    monkeypatch.setattr(report, "WeightsRunner", RedIsHead)
    monkeypatch.setattr(report, "SOURCES", ("people",))
    monkeypatch.setattr(report, "load_head_labels", labelled)
    monkeypatch.setattr(report, "size_of", lambda _: 1_500_000)
    monkeypatch.setattr(recipe, "SCENES", 3)
    report_heads(tmp_path, tmp_path / "out")
    assert (tmp_path / "out" / "head_segmenter.png").exists()
    written = json.loads((tmp_path / "out" / "head_segmenter.json").read_text())
    assert written["n"] == 2, "people are counted once"
    assert written["file"] == "1.50 MB"
    return {f"{row['']}, {row['set']}": row for row in written["rows"]}


def test_the_report_holds_every_method_on_plain_and_varied_squares(table: dict[str, dict[str, float]]) -> None:
    assert len(table) == 8
    assert {row["n"] for row in table.values()} == {2}
    plain = table[f"{OURS}, people"]
    assert plain["head IoU"] > 0.95
    assert plain["skin IoU"] == plain["head IoU"]
    assert plain["head outline F"] > 0.9
    for baseline in (HULL, GRABCUT, MEAN):
        row = table[f"{baseline}, people"]
        assert 0 < row["head IoU"] < plain["head IoU"]
        assert row["skin IoU"] is None
    assert table[f"{MEAN}, people, varied"]["head IoU"] < table[f"{MEAN}, people"]["head IoU"]


def test_unknown_places_and_maps_that_are_not_there_do_not_count() -> None:
    truth, known = np.zeros((3, SIDE, SIDE), np.bool_), np.zeros((SIDE, SIDE), np.bool_)
    truth[0, :, : SIDE // 2] = known[: SIDE // 2] = True
    found = truth.copy()
    found[0, SIDE // 2 :] = True
    found[1] = True
    head, skin, hair = overlaps_of(found, truth, known)
    assert head == 1
    assert np.isnan([skin, hair]).all()
    assert np.isnan(overlaps_of(found[:1], truth, known)[1:]).all()
