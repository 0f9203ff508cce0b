from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import heads
import numpy as np
import pytest
import readers
import torch

from mien_export.data.attribute_pairs import Source, part_file, read_table
from mien_export.data.portrait_readings import Readings
from mien_export.recipes import attribute_pairs
from mien_export.recipes.attribute_pairs import (
    STRENGTHS,
    Proposal,
    drawn_base,
    drawn_strengths,
    judged,
    strengths_from,
    within_regions,
)
from mien_export.teachers.attribute_edits import BASE

# torch.onnx, which exports the generator, uses what torch itself deprecates.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")

SMILING, YOUNG, MALE, BEARD = range(4)
MESH = heads.head(70, 144, 130)


def readings(smiling: float = -5, male: float = 5, no_beard: float = 5, young: float = 3) -> Readings:
    values = {"Smiling": smiling, "Male": male, "No_Beard": no_beard, "Young": young}
    return Readings({name: np.array([value]) for name, value in values.items()})


def proposal(strengths: list[list[float]]) -> Proposal:
    random = np.random.default_rng(0)
    picture = random.integers(90, 130, (288, 288, 3)).astype(np.uint8)
    source = Source(torch.zeros(1, 23, 512), picture, MESH, np.eye(2, 3))
    asked = np.array(strengths, np.float16)
    return Proposal(7, np.zeros(5, np.float16), source, asked, np.zeros((len(asked), 4), np.float16))


class Still:
    """Sees each face where the source's is, or turned."""

    def __init__(self, *turns: float) -> None:
        self._yaws = [0.0, *turns]

    def mesh_in(self, *_: object) -> np.ndarray:
        return heads.head(70, 144, 130, heads.rotation(self._yaws.pop(0) if self._yaws else 0.0, 0, 0))


def test_most_sources_stay_and_some_are_turned_darkened_and_bearded() -> None:
    drawn = np.stack([drawn_base(np.random.default_rng(seed)) for seed in range(300)])
    assert drawn.shape == (300, len(BASE))
    moved = dict(zip(BASE, (drawn != 0).mean(axis=0), strict=True))
    assert all(0.1 < share < 0.55 for share in moved.values())
    assert (drawn[:, BASE.index("tone")] <= 0).all(), "the generator has enough light skin"


def test_what_a_face_is_not_is_asked_of_it() -> None:
    for seed in range(20):
        rows = drawn_strengths(readings(), STRENGTHS, np.random.default_rng(seed))
        assert rows[0, SMILING] > 0
        assert rows[1, YOUNG] > 0 > rows[2, YOUNG]
        assert rows[3, MALE] < 0
        assert rows[4, BEARD] > 0
        assert (np.abs(rows).max(axis=1) >= 0.49).all()
        assert np.abs(rows).max() <= 1.26
    rows = drawn_strengths(readings(smiling=5, no_beard=-5), STRENGTHS, np.random.default_rng(0))
    assert rows[0, SMILING] < 0
    assert rows[4, BEARD] < 0


def test_later_people_are_edited_further() -> None:
    for seed, least, most in [(0, 0.5, 1.25), (1599, 0.5, 1.25), (1600, 1.0, 2.0)]:
        rows = drawn_strengths(readings(), strengths_from(seed), np.random.default_rng(seed))
        asked = np.abs(rows[rows != 0])
        assert asked.min() >= least - 0.01
        assert 0.7 * most < asked.max() <= most


def test_women_get_no_beards() -> None:
    for seed in range(20):
        rows = drawn_strengths(readings(male=-5), STRENGTHS, np.random.default_rng(seed))
        assert len(rows) == 4
        assert (rows[:, BEARD] == 0).all()
        assert rows[3, MALE] > 0


def test_some_edits_come_in_twos() -> None:
    counts = [
        np.count_nonzero(row)
        for seed in range(60)
        for row in drawn_strengths(readings(), STRENGTHS, np.random.default_rng(seed))
    ]
    assert set(counts) == {1, 2}
    assert 0.05 < np.mean(np.array(counts) == 2) < 0.3


def test_what_is_judged_is_the_source_outside_the_region() -> None:
    asked = proposal([[1, 0, 0, 0], [0, 0, 0, 1]])
    white = np.full((288, 288, 3), 255, np.uint8)
    smile, beard = within_regions([white, white], asked)
    for one in (smile, beard):
        np.testing.assert_array_equal(one[:60], asked.source.pixels[:60])
        assert (one == 255).any()
    assert (smile != beard).any()


def lighter(asked: Proposal, amount: int) -> np.ndarray:
    return np.clip(asked.source.pixels.astype(int) + amount, 0, 255).astype(np.uint8)


def test_an_edit_that_happened_and_nothing_else_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_pairs, "LEAST_SHIFT", 0.05)
    asked = proposal([[0, 0, 1, 0]])
    scores, good = judged(asked, [lighter(asked, 8)], Still(), readers.reader())  # type: ignore[arg-type]
    assert scores.shape == (1, 4)
    assert scores[0, 0] > 0.05
    assert good.tolist() == [True]


@pytest.mark.parametrize(
    ("limit", "value"), [("LEAST_SHIFT", 500.0), ("MOST", -1.0), ("MOST_TURN", -1.0), ("MOST_BACKGROUND", -1.0)]
)
def test_each_limit_refuses(limit: str, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_pairs, "LEAST_SHIFT", 0.05)
    monkeypatch.setattr(attribute_pairs, limit, value)
    asked = proposal([[0, 0, 1, 0]])
    _, good = judged(asked, [lighter(asked, 8)], Still(), readers.reader())  # type: ignore[arg-type]
    assert good.tolist() == [False]


def test_the_wrong_way_and_a_turned_head_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_pairs, "LEAST_SHIFT", 0.05)
    asked = proposal([[0, 0, 1, 0], [0, 0, 1, 0], [0, 0, -1, 0]])
    made = [lighter(asked, -8), lighter(asked, 8), lighter(asked, -8)]
    scores, good = judged(asked, made, Still(0, 25, 0), readers.reader())  # type: ignore[arg-type]
    assert good.tolist() == [False, False, True]
    assert scores[1, 2] > 10 > scores[0, 2]


def test_of_two_edits_both_must_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_pairs, "LEAST_SHIFT", 0.05)
    asked = proposal([[0, 0, 1, 0], [0, 1, 1, 0], [0, -1, 1, 0]])
    _, good = judged(asked, [lighter(asked, 8)] * 3, Still(), readers.reader())  # type: ignore[arg-type]
    assert good.tolist() == [True, True, False]


def test_children_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_pairs, "ADULT", 300.0)

    class Renderer:
        def source(self, *_: object) -> Source:
            return proposal([[0, 0, 1, 0]]).source

    assert attribute_pairs.proposed(3, Renderer(), readers.reader()) is None  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_table_is_proposed_judged_and_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_process: Callable[[ModuleType], None]
) -> None:
    """Real people, rendered; the judge is a stand-in that likes what it sees."""
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(attribute_pairs, "PART", 4)
    monkeypatch.setattr("mien_export.data.attribute_pairs.PART", 4)
    monkeypatch.setattr(attribute_pairs, "LEAST_SHIFT", -1000.0)
    monkeypatch.setattr(attribute_pairs, "PortraitReader", readers.reader)
    in_process(attribute_pairs)
    file = attribute_pairs.train(0, tmp_path, people=8)
    table = read_table(file)
    assert len(table.seeds) >= 4
    assert (np.diff(table.seeds) > 0).all()
    assert len(table.source) > len(table.seeds)
    assert all(part_file(part).exists() for part in table.parts())
    for strengths in table.strengths:
        assert 0.49 < np.abs(strengths).max() < 1.26
    monkeypatch.setattr(attribute_pairs, "judged_part", lambda *_: pytest.fail("it was judged before"))
    again = read_table(attribute_pairs.train(0, tmp_path, people=8))
    np.testing.assert_array_equal(again.scores, table.scores)
