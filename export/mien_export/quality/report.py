"""Reports: a table with its n, split, baselines and the command that makes it again, and a contact sheet."""

import json
import math
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mien_export.quality.sheet import Labelled, write_sheet

Cell = str | int | float


@dataclass(frozen=True)
class Report:
    """What was measured, on whom, beside what, and how to measure it again.

    Each row maps the same column names, in order, to its cells; the first column names who was measured.
    """

    title: str
    split: str
    """The pack and the part of it, as "CelebA validation identities"."""

    n: int
    """Pictures measured; where rows differ, the rows have a column `n` and this is their total."""

    rows: Sequence[Mapping[str, Cell]]
    baselines: Sequence[str]
    """Rows, by their first cell, that ours are held against: measured in the same run."""

    command: str
    about: Mapping[str, Cell] = field(default_factory=dict)
    """More that a reader must know: judges with their AUC, thresholds, seeds."""

    def __post_init__(self) -> None:
        """Raise ValueError for no rows, rows of other columns, no baseline, or one that is not in the table."""
        if not self.rows or any(list(row) != list(self.rows[0]) for row in self.rows):
            raise ValueError("a report needs rows, all of the same columns")
        measured = {str(next(iter(row.values()))) for row in self.rows}
        missing = [name for name in self.baselines if name not in measured]
        if missing or not self.baselines:
            raise ValueError(f"baselines that were not measured: {', '.join(missing) or 'all of them'}")


def this_command() -> str:
    """Return the command line of this process, as it can be typed again."""
    return shlex.join(["python", *sys.orig_argv[1:]])


def write_report(report: Report, sheet: list[list[Labelled]], folder: Path, name: str) -> None:
    """Write name.md, name.json and the contact sheet name.png into `folder`, which is made.

    A row of the sheet is input, baseline, ours, truth. Raises ValueError for an empty sheet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_sheet(sheet, folder / f"{name}.png")
    (folder / f"{name}.md").write_text(as_markdown(report))
    (folder / f"{name}.json").write_text(json.dumps(as_table(report), indent=2) + "\n")


def as_markdown(report: Report) -> str:
    """Return the report as a page of Markdown."""
    facts = {"n": report.n, "split": report.split, "baselines": ", ".join(report.baselines), **report.about}
    lines = [f"- {key}: {shown(value)}" for key, value in facts.items()]
    table = markdown_table(list(report.rows[0]), [list(row.values()) for row in report.rows])
    return "\n".join([f"# {report.title}", "", *lines, f"- again: `{report.command}`", "", table, ""])


def as_table(report: Report) -> dict[str, object]:
    """Return the report as JSON values; what JSON cannot hold is None."""
    return {
        "title": report.title,
        "n": report.n,
        "split": report.split,
        "baselines": list(report.baselines),
        "command": report.command,
        **{key: as_json(value) for key, value in report.about.items()},
        "rows": [{key: as_json(value) for key, value in row.items()} for row in report.rows],
    }


def markdown_table(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Return a Markdown table of `rows` under the column `names`."""
    lines = ["| " + " | ".join(names) + " |", "| " + " | ".join("---" for _ in names) + " |"]
    lines += ["| " + " | ".join(shown(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def as_json(value: Cell) -> Cell | None:
    """Return the value, or None for a number that JSON cannot hold (NaN, infinity)."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def shown(value: Cell) -> str:
    """Return a cell's text: a dash for NaN, one decimal from 10 up, else three."""
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return "-"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"
