from dataclasses import replace

import numpy as np
import pytest
from turned_pair import turned_pair

from mien_export.quality.frontalize import PosePair, row, sheet
from mien_export.quality.turned_readings import Meters, Readings
from mien_export.quality.turners import SIDE, square


@pytest.fixture(scope="module")
def meters() -> Meters:
    return Meters()


@pytest.fixture(scope="module")
def pair() -> PosePair:
    return turned_pair()


def test_the_meters_see_how_far_a_head_is_turned_and_where_there_is_none(meters: Meters, pair: PosePair) -> None:
    squares = [square(one.photo, one.aligned) for one in (pair.turned, pair.frontal)]
    read = meters.read([*squares, np.full((SIDE, SIDE, 3), 128, np.uint8)])
    assert read.yaw[0] == pytest.approx(pair.yaw, abs=10)
    assert read.yaw[1] < 12
    assert np.isnan(read.yaw[2])
    assert np.isnan(read.descriptors[2]).all()
    assert np.linalg.norm(read.descriptors[0] - read.descriptors[1]) > 0.5


def test_the_sheet_shows_each_pair_once_beside_its_frontal_photo(pair: PosePair) -> None:
    picture = square(pair.turned.photo, pair.turned.aligned)
    rows = sheet([pair], {"service": [picture]})
    assert len(rows) == 1
    assert [label for label, _ in rows[0]] == [f"service, {pair.yaw:.0f}", "frontal photo"]


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
