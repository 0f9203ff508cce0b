"""Blind comparison: somebody who trained nothing says which of two pictures is better.

    python -m mien_export.quality.prefer write OURS OTHER --folder runs/prefer --key runs/prefer_key.csv
    python -m mien_export.quality.prefer score runs/prefer_key.csv runs/prefer/answers.csv

`write` takes the pictures that bear the same name in both folders and writes them side by side as pair_001.png
and so on, in random order and with random sides, scaled to one height, and a table answers.csv to fill in: left,
right or none for each pair. Which side is which stands only in the key. `score` joins the two. Give the person the
folder and not the key.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mien_export.quality.statistics import TooFewSamples, share_interval
from mien_service.faces.face import RgbImage

FEWEST = 50
"""Answers under which no share is named (design/models.md)."""

HEIGHT = 512
"""Of every picture shown, in pixels: size must not tell which is which."""

GAP = 16
GROUND = 128
CHOICES = ("left", "right", "none")
PICTURES = (".png", ".jpg", ".jpeg", ".webp")


class BadAnswers(ValueError):
    """Answers that do not fit their key."""


@dataclass(frozen=True)
class Preference:
    """How often ours was preferred."""

    n: int
    """Pairs answered."""

    ours: int
    other: int
    none: int
    share: float
    """Ours of all answered: who sees no difference does not prefer ours."""

    low: float
    high: float
    """The share's 95 % interval."""


def write_pairs(ours: Path, other: Path, folder: Path, key: Path, *, inputs: Path | None = None, seed: int = 0) -> int:
    """Write the pairs and an empty answers.csv into `folder`, and the key beside it; return how many pairs.

    ours, other and inputs (shown at the left of every pair, if given) are folders of pictures that bear the same
    names. Ours stands at either side as often as the other, to one. Raises ValueError where the folders share no
    names, where the key would lie in `folder`, or where answers lie there already.
    """
    names = shared_names([ours, other] + ([inputs] if inputs else []))
    answers = folder / "answers.csv"
    if folder.resolve() in key.resolve().parents:
        raise ValueError(f"the key must not lie with the pairs: {key}")
    if answers.exists():
        raise ValueError(f"{answers} is there already: take another folder")
    random = np.random.default_rng(seed)
    order = random.permutation(len(names))
    ours_left = random.permutation(np.arange(len(names)) % 2 == 0)
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, str, str]] = []
    for place, i in enumerate(order):
        sides = [ours / names[i], other / names[i]]
        shown = sides if ours_left[place] else sides[::-1]
        pair = f"pair_{place + 1:03d}"
        write_pair([inputs / names[i], *shown] if inputs else shown, folder / f"{pair}.png")
        rows.append((pair, names[i], "left" if ours_left[place] else "right"))
    write_table(key, ("pair", "name", "ours"), rows)
    write_table(answers, ("pair", "choice"), [(pair, "") for pair, _, _ in rows])
    return len(rows)


def shared_names(folders: Sequence[Path]) -> list[str]:
    """Return the names of the pictures that every folder has, sorted. Raises ValueError for none."""
    found = [{file.name for file in folder.iterdir() if file.suffix.lower() in PICTURES} for folder in folders]
    names = sorted(set.intersection(*found))
    if not names:
        raise ValueError(f"no pictures of one name in {', '.join(map(str, folders))}")
    return names


def write_pair(files: Sequence[Path], target: Path) -> None:
    """Write pictures side by side, each HEIGHT pixels high, as a PNG that says nothing of where they are from."""
    parts: list[RgbImage] = []
    for file in files:
        parts += [at_height(read_picture(file)), np.full((HEIGHT, GAP, 3), GROUND, np.uint8)]
    cv2.imwrite(str(target), cv2.cvtColor(np.concatenate(parts[:-1], axis=1), cv2.COLOR_RGB2BGR))


def at_height(picture: RgbImage) -> RgbImage:
    """Return the picture scaled to HEIGHT pixels of height."""
    width = max(round(picture.shape[1] * HEIGHT / picture.shape[0]), 1)
    method = cv2.INTER_AREA if picture.shape[0] > HEIGHT else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, HEIGHT), interpolation=method), np.uint8)


def read_picture(file: Path) -> RgbImage:
    """Return a picture file as RGB. Raises ValueError if it cannot be decoded."""
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{file} cannot be decoded")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def score(key: Path, answers: Path) -> Preference:
    """Join a key and filled-in answers; pairs without a choice are left out.

    Raises BadAnswers for a pair that the key does not know or that is answered twice, or for another choice than
    CHOICES; TooFewSamples under FEWEST answers.
    """
    ours = {row["pair"]: row["ours"] for row in read_table(key)}
    choices = read_choices(answers, ours)
    if len(choices) < FEWEST:
        raise TooFewSamples("answered pairs", len(choices), FEWEST)
    none = sum(choice == "none" for choice in choices.values())
    won = sum(choice == ours[pair] for pair, choice in choices.items())
    n = len(choices)
    return Preference(n, won, n - won - none, none, won / n, *share_interval(won, n))


def read_choices(answers: Path, known: dict[str, str]) -> dict[str, str]:
    """Return the choice of each answered pair. Raises BadAnswers as `score` does."""
    choices: dict[str, str] = {}
    for row in read_table(answers):
        pair, choice = row["pair"].strip(), row["choice"].strip().lower()
        if pair not in known:
            raise BadAnswers(f"{pair} is not in the key")
        if choice and choice not in CHOICES:
            raise BadAnswers(f"{pair}: {choice!r} is none of {', '.join(CHOICES)}")
        if choice and pair in choices:
            raise BadAnswers(f"{pair} is answered twice")
        if choice:
            choices[pair] = choice
    return choices


def as_text(found: Preference) -> str:
    """Return the figures as one line."""
    interval = f"95 % interval {found.low:.1%} to {found.high:.1%}"
    votes = f"ours {found.ours}, other {found.other}, none {found.none}"
    return f"ours preferred in {found.share:.1%} of n = {found.n} ({interval}; {votes})"


def write_table(file: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a CSV, making its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as table:
        csv.writer(table, lineterminator="\n").writerows([header, *rows])


def read_table(file: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV by column name."""
    with file.open(newline="") as table:
        return list(csv.DictReader(table))


def main(arguments: Sequence[str] | None = None) -> None:
    """Write pairs, or score their answers; on bad input end with its reason."""
    parser = argparse.ArgumentParser(
        prog="python -m mien_export.quality.prefer", description="Blind comparison of pictures."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write", help="write blind pairs, an answers table and a key")
    write.add_argument("ours", type=Path, help="folder of our pictures")
    write.add_argument("other", type=Path, help="folder of the baseline's, of the same names")
    write.add_argument("--inputs", type=Path, help="folder of the untouched photos, shown at the left")
    write.add_argument("--folder", type=Path, required=True, help="where the pairs go")
    write.add_argument("--key", type=Path, required=True, help="where the key goes: not into that folder")
    write.add_argument("--seed", type=int, default=0)
    scored = commands.add_parser("score", help="join key and answers")
    scored.add_argument("key", type=Path)
    scored.add_argument("answers", type=Path)
    given = parser.parse_args(arguments)
    try:
        if given.command == "write":
            n = write_pairs(given.ours, given.other, given.folder, given.key, inputs=given.inputs, seed=given.seed)
            print(f"{n} pairs in {given.folder}; fill in answers.csv there")
        else:
            print(as_text(score(given.key, given.answers)))
    except (ValueError, OSError) as error:
        sys.exit(f"prefer: {error}")


if __name__ == "__main__":
    main()
