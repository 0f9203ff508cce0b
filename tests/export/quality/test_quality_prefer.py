import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien_export.quality import prefer
from mien_export.quality.statistics import TooFewSamples

OURS, OTHER, INPUT = 200, 60, 120
COUNT = 60


def write_pictures(folder: Path, value: int, count: int = COUNT, side: int = 24) -> Path:
    folder.mkdir()
    for i in range(count):
        cv2.imwrite(str(folder / f"{i:02d}.png"), np.full((side, side, 3), value, np.uint8))
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return write_pictures(tmp_path / "ours", OURS), write_pictures(tmp_path / "other", OTHER, side=64)


@pytest.fixture
def written(folders: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """The folder of pairs and the key."""
    assert prefer.write_pairs(*folders, tmp_path / "pairs", tmp_path / "key.csv") == COUNT
    return tmp_path / "pairs", tmp_path / "key.csv"


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as table:
        return list(csv.DictReader(table))


def answer(pairs: Path, choices: dict[str, str]) -> Path:
    rows = [(row["pair"], choices.get(row["pair"], "")) for row in rows_of(pairs / "answers.csv")]
    prefer.write_table(pairs / "answers.csv", ("pair", "choice"), rows)
    return pairs / "answers.csv"


def ours_is(key: Path) -> dict[str, str]:
    return {row["pair"]: row["ours"] for row in rows_of(key)}


def test_every_pair_shows_what_the_key_says(written: tuple[Path, Path]) -> None:
    pairs, key = written
    for pair, side in ours_is(key).items():
        picture = cv2.imread(str(pairs / f"{pair}.png"))
        assert picture is not None
        assert picture.shape[0] == prefer.HEIGHT
        seen = {"left": picture[256, 10, 0], "right": picture[256, -10, 0]}
        assert seen[side] == OURS
        assert sorted(seen.values()) == [OTHER, OURS]


def test_sides_and_order_are_random_but_even(written: tuple[Path, Path]) -> None:
    rows = rows_of(written[1])
    sides = [row["ours"] for row in rows]
    assert sides.count("left") == COUNT // 2
    assert sides != ["left", "right"] * (COUNT // 2)
    names = [row["name"] for row in rows]
    assert names != sorted(names)
    assert len(set(names)) == COUNT


def test_nothing_with_the_pairs_tells_the_sides(written: tuple[Path, Path]) -> None:
    pairs, key = written
    assert key.parent != pairs
    assert {file.suffix for file in pairs.iterdir()} == {".png", ".csv"}
    assert all(set(row) == {"pair", "choice"} and row["choice"] == "" for row in rows_of(pairs / "answers.csv"))
    sizes = {cv2.imread(str(file)).shape for file in pairs.glob("*.png")}  # pyright: ignore[reportOptionalMemberAccess]
    assert len(sizes) == 1


def test_a_seed_gives_its_order_again(folders: tuple[Path, Path], tmp_path: Path) -> None:
    keys = [tmp_path / f"key{i}.csv" for i in range(3)]
    for key, seed in zip(keys, (5, 5, 6), strict=True):
        prefer.write_pairs(*folders, tmp_path / key.stem, key, seed=seed)
    assert keys[0].read_text() == keys[1].read_text() != keys[2].read_text()


def test_the_untouched_photo_stands_at_the_left(folders: tuple[Path, Path], tmp_path: Path) -> None:
    inputs = write_pictures(tmp_path / "inputs", INPUT)
    prefer.write_pairs(*folders, tmp_path / "three", tmp_path / "key.csv", inputs=inputs)
    picture = cv2.imread(str(tmp_path / "three" / "pair_001.png"))
    assert picture is not None
    assert picture[256, 10, 0] == INPUT
    assert picture.shape[1] == 3 * prefer.HEIGHT + 2 * prefer.GAP


def test_the_share_is_of_all_answers(written: tuple[Path, Path]) -> None:
    pairs, key = written
    sides = ours_is(key)
    known = list(sides)
    swapped = {"left": "right", "right": "left"}
    choices = {pair: sides[pair] for pair in known[:40]}
    choices |= {pair: swapped[sides[pair]] for pair in known[40:45]} | dict.fromkeys(known[45:50], "None ")
    found = prefer.score(key, answer(pairs, choices))
    assert (found.n, found.ours, found.other, found.none) == (50, 40, 5, 5)
    assert found.share == 0.8
    assert (found.low, found.high) == (pytest.approx(0.670, abs=1e-3), pytest.approx(0.888, abs=1e-3))


def test_who_always_says_left_prefers_neither(written: tuple[Path, Path]) -> None:
    pairs, key = written
    assert prefer.score(key, answer(pairs, dict.fromkeys(ours_is(key), "left"))).share == 0.5


def test_too_few_answers_are_refused(written: tuple[Path, Path]) -> None:
    pairs, key = written
    with pytest.raises(TooFewSamples, match="49 answered pairs: at least 50"):
        prefer.score(key, answer(pairs, dict.fromkeys(list(ours_is(key))[:49], "left")))


@pytest.mark.parametrize(
    ("row", "problem"),
    [("pair_001,both", "none of"), ("pair_999,left", "not in the key"), ("pair_002,left\npair_002,right", "twice")],
)
def test_answers_that_do_not_fit_are_refused(written: tuple[Path, Path], row: str, problem: str) -> None:
    pairs, key = written
    (pairs / "answers.csv").write_text(f"pair,choice\n{row}\n")
    with pytest.raises(prefer.BadAnswers, match=problem):
        prefer.score(key, pairs / "answers.csv")


def test_the_key_may_not_lie_with_the_pairs(folders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must not lie"):
        prefer.write_pairs(*folders, tmp_path / "pairs", tmp_path / "pairs" / "deep" / "key.csv")


def test_given_answers_are_not_overwritten(written: tuple[Path, Path], folders: tuple[Path, Path]) -> None:
    pairs, key = written
    before = answer(pairs, {"pair_001": "left"}).read_text()
    with pytest.raises(ValueError, match="there already"):
        prefer.write_pairs(*folders, pairs, key, seed=1)
    assert (pairs / "answers.csv").read_text() == before


def test_folders_without_shared_names_are_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no pictures"):
        prefer.write_pairs(folders[0], tmp_path / "empty", tmp_path / "pairs", tmp_path / "key.csv")


def test_the_command_line_writes_and_scores(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs, key = tmp_path / "made", tmp_path / "key.csv"
    prefer.main(["write", *map(str, folders), "--folder", str(pairs), "--key", str(key)])
    answers = answer(pairs, ours_is(key))
    prefer.main(["score", str(key), str(answers)])
    shown = capsys.readouterr().out
    assert "60 pairs" in shown
    assert "ours preferred in 100.0% of n = 60 (95 % interval 94.0% to 100.0%; ours 60, other 0, none 0)" in shown


def test_the_command_line_says_why_it_will_not(written: tuple[Path, Path]) -> None:
    pairs, key = written
    with pytest.raises(SystemExit, match="0 answered pairs: at least 50"):
        prefer.main(["score", str(key), str(pairs / "answers.csv")])
