import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import people
import pytest

from mien_export.quality import round_trip
from mien_export.quality.round_trip import report_round_trip, trips
from mien_export.quality.turners import SERVICE
from mien_export.runner import WeightsRunner


@pytest.fixture
def celeba(make_pack: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people seen from the front, of whom one is trained on, one from the side, and nobody."""
    monkeypatch.setattr(round_trip, "FRONTAL", 15.0)
    photos = {
        "trained": people.person("ben"),
        "side": people.turned("hanna"),
        "nobody": np.full((512, 512, 3), 99, np.uint8),
        "front": people.person("carla"),
    }
    rows = [
        {"file": f"{name}.webp", "identity": name, "split": "train" if name == "trained" else "validation"}
        for name in photos
    ]
    small = {name: cv2.resize(photo, (256, 256), interpolation=cv2.INTER_AREA) for name, photo in photos.items()}
    bodies = {f"{name}.webp": people.as_file(photo, "WEBP", quality=95) for name, photo in small.items()}
    make_pack("celeba", rows, bodies)


@pytest.mark.usefixtures("celeba")
def test_who_is_held_out_and_frontal_is_turned_away(weights: Path) -> None:
    [trip] = trips(WeightsRunner(weights), 5)
    assert abs(trip.truth.yaw) < 15
    assert trip.away.yaw == pytest.approx(trip.yaw, abs=9)


@pytest.mark.usefixtures("celeba")
def test_the_report_holds_every_turner_against_the_truth(weights: Path, tmp_path: Path) -> None:
    report_round_trip(weights, tmp_path / "none.pt", tmp_path / "out")
    rows = {row["turner"]: row for row in json.loads((tmp_path / "out" / "round_trip.json").read_text())["rows"]}
    untouched, served = rows["photo as it is"], rows[SERVICE]
    assert served["PSNR of the face"] > untouched["PSNR of the face"]
    assert served["Lite0 distance of the face"] < untouched["Lite0 distance of the face"]
    assert served["n"] == 1
    assert cv2.imread(str(tmp_path / "out" / "round_trip.png")) is not None
