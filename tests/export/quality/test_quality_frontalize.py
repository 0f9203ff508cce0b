from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import people
import pytest
from finding import find

from mien_export.quality.frontalize import SIDE, Meters, PosePair, Readings, row, sheet, turners
from mien_export.quality.held_out import HeldOutFace
from mien_export.runner import WeightsRunner
from mien_service.faces.align import align, cut


@pytest.fixture(scope="module")
def run(weights: Path) -> WeightsRunner:
    return WeightsRunner(weights)


@pytest.fixture(scope="module")
def meters() -> Meters:
    return Meters()


def face_of(photo: np.ndarray) -> HeldOutFace:
    small = np.asarray(cv2.resize(photo, (512, 512), interpolation=cv2.INTER_AREA), np.uint8)
    return HeldOutFace(small, align(small, find(small)[0]), {})


@pytest.fixture(scope="module")
def pair() -> PosePair:
    return PosePair(face_of(people.turned("hanna")), face_of(people.person("ben")))


def test_the_meters_see_how_far_a_head_is_turned_and_where_there_is_none(meters: Meters, pair: PosePair) -> None:
    squares = [cut(one.photo, one.aligned.transform, SIDE) for one in (pair.turned, pair.frontal)]
    read = meters.read([*squares, np.full((SIDE, SIDE, 3), 128, np.uint8)])
    assert read.yaw[0] == pytest.approx(pair.yaw, abs=10)
    assert read.yaw[1] < 12
    assert np.isnan(read.yaw[2])
    assert np.isnan(read.descriptors[2]).all()
    assert np.linalg.norm(read.descriptors[0] - read.descriptors[1]) > 0.5


def test_every_turner_gives_the_square_and_those_that_turn_it_do(
    meters: Meters, pair: PosePair, run: WeightsRunner
) -> None:
    made = {name: turn(pair.turned.photo, pair.turned.aligned) for name, turn in turners(run).items()}
    assert list(made) == ["photo as it is", "mesh warp", "service"]
    assert {one.shape for one in made.values()} == {(SIDE, SIDE, 3)}
    assert (made["mesh warp"] != made["service"]).any()
    yaw = dict(zip(made, meters.read(list(made.values())).yaw, strict=True))
    assert yaw["service"] < 0.4 * yaw["photo as it is"]
    rows = sheet([pair], {name: [picture] for name, picture in made.items()})
    assert [label for label, _ in rows[0]][-1] == "frontal photo"
    assert len(rows) == 1


def test_a_row_compares_only_where_both_are_seen() -> None:
    frontal = Readings(np.zeros(4), np.zeros((4, 128)))
    raw = Readings(np.array([30, 31, np.nan, 33.0]), np.eye(4, 128) * 0.5)
    raw.descriptors[2] = np.nan
    ours = replace(raw, yaw=np.array([2, np.nan, 3, 4.0]), descriptors=np.eye(4, 128) * 0.6)
    ours.descriptors[1] = np.nan
    found = row("service", "15 to 45", ours, raw, frontal)
    assert (found["n"], found["no face seen"], found["yaw after, median"]) == (4, 1, 3)
    assert found["distance to the frontal photo"] == pytest.approx(0.6)
    assert found["paired difference to the photo"] == pytest.approx(0.1)
    assert found["its interval"] == "+0.100 to +0.100"
