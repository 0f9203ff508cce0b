import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import people
import pytest

from mien_export.quality import finding
from mien_export.quality.finding import Outcome, finders, match, measure, report_finding, table
from mien_export.quality.finding_sets import Example
from mien_service.faces.face import Box, RgbImage

TRUTH = np.array([[10, 10, 50, 60], [40, 40, 90, 90], [200, 10, 260, 80]], np.float32)


@pytest.mark.parametrize(
    ("boxes", "found", "false"),
    [
        ([], 0, 0),
        ([Box(0, 0, 40, 40)], 1, 0),
        ([Box(-300, -300, 360, 370)], 1, 0),
        ([Box(100, 100, 140, 140)], 0, 1),
        ([Box(12, 12, 30, 30), Box(14, 14, 32, 32)], 1, 1),
        ([Box(44, 44, 46, 56), Box(42, 42, 48, 54)], 2, 0),
        ([Box(44, 44, 46, 56), Box(42, 42, 48, 54), Box(43, 43, 49, 53)], 2, 1),
        ([Box(210, 20, 250, 70), Box(20, 20, 30, 30), Box(60, 60, 80, 80)], 3, 0),
    ],
)
def test_a_face_is_found_once_by_a_box_whose_middle_lies_in_it(boxes: list[Box], found: int, false: int) -> None:
    assert match(boxes, TRUTH) == (found, false)
    assert match(boxes[::-1], TRUTH) == (found, false)


def test_where_nobody_is_every_box_is_false() -> None:
    assert match([Box(0, 0, 10, 10)] * 3, np.zeros((0, 4), np.float32)) == (0, 3)


class _Sets:
    """Two small sets in place of the real ones; `shown` counts the pictures that were looked at."""

    def __init__(self) -> None:
        self.shown = 0

    def people(self) -> Iterator[Example]:
        for truth in (TRUTH, TRUTH[:1]):
            self.shown += 1
            yield Example(np.zeros((100, 300, 3), np.uint8), truth)

    def nobody(self) -> Iterator[Example]:
        self.shown += 1
        yield Example(np.zeros((50, 50, 3), np.uint8), np.zeros((0, 4), np.float32))


@pytest.fixture
def sets(monkeypatch: pytest.MonkeyPatch) -> _Sets:
    made = _Sets()
    monkeypatch.setattr(finding, "SETS", {"people": made.people, "nobody": made.nobody})
    return made


def test_a_set_is_counted_picture_by_picture() -> None:
    outcome = measure(lambda _: [Box(20, 20, 30, 30), Box(150, 20, 160, 30)], _Sets().people())
    assert (outcome.pictures, outcome.faces, outcome.found, outcome.false) == (2, 4, 2, 2)
    assert outcome.recall == 0.5
    assert outcome.seconds > 0
    assert measure(lambda _: [], _Sets().nobody()).recall == 0


def test_the_report_holds_every_finder_and_set_and_measures_once(
    sets: _Sets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"sharp eye": lambda _: [Box(20, 20, 30, 30)], "blind": lambda _: []}
    monkeypatch.setattr(finding, "finders", lambda _: found)
    report_finding(None, tmp_path)  # pyright: ignore[reportArgumentType]
    lines = (tmp_path / "finding.md").read_text().splitlines()
    assert lines[0] == "| set | pictures | faces | sharp eye | blind |"
    assert [line.split("|")[1:4] for line in lines[2:]] == [[" people ", " 2 ", " 4 "], [" nobody ", " 1 ", " 0 "]]
    assert "recall 0.500, 0 false" in lines[2]
    assert "recall 0.000, 0 false" in lines[2]
    assert "recall" not in lines[3], "there is nobody to be found"
    assert "| 1 false" in lines[3]
    assert sets.shown == 6
    (tmp_path / "finding-blind.json").unlink()
    report_finding(None, tmp_path)  # pyright: ignore[reportArgumentType]
    assert sets.shown == 9, "only the finder whose file is gone is measured again"
    assert json.loads((tmp_path / "finding-blind.json").read_text())["people"]["faces"] == 4


@pytest.mark.usefixtures("sets")
def test_times_are_of_one_picture() -> None:
    outcomes = {name: Outcome(4, 4, 3, 1, 0.2) for name in ("people", "nobody")}
    assert "recall 0.750, 1 false, 50 ms" in table({"one": outcomes})


@pytest.fixture(scope="module")
def blind() -> dict[str, Any]:
    """The finders, the service's networks being stand-ins that see nothing."""

    def run(network: str, **_: object) -> dict[str, np.ndarray]:
        assert network == "face_detector", "nothing is seen, so nothing is read"
        return {"scores": np.zeros((1, 4), np.float32), "boxes": np.zeros((1, 4, 4), np.float32)}

    return finders(run)


def test_finders_that_see_nothing_give_no_boxes(blind: dict[str, Any], photo: RgbImage) -> None:
    assert list(blind) == ["HOG", "MMOD", "detector 960", "finder"]
    for name in ("detector 960", "finder"):
        assert blind[name](photo) == []


def test_dlib_sees_small_pictures_enlarged_and_answers_in_their_pixels(blind: dict[str, Any]) -> None:
    small = people.small_person("anna", 128)
    [box] = blind["HOG"](small)
    [large] = blind["HOG"](people.small_person("anna", 512))
    assert box.overlap(large.scaled(1 / 4)) > 0.6
