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

    more: Mapping[str, Sequence[Mapping[str, Cell]]] = field(default_factory=dict)
    """Further tables under their headings, the rows of each all of the same columns."""

    def __post_init__(self) -> None:
        """Raise ValueError for a table of no rows or of other columns, and for no baseline or one that has no row."""
        for rows in (self.rows, *self.more.values()):
            if not rows or any(list(row) != list(rows[0]) for row in rows):
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
    page = [f"# {report.title}", "", *lines, f"- again: `{report.command}`", "", _as_markdown(report.rows), ""]
    for heading, rows in report.more.items():
        page += [f"## {heading}", "", _as_markdown(rows), ""]
    return "\n".join(page)


def _as_markdown(rows: Sequence[Mapping[str, Cell]]) -> str:
    return markdown_table(list(rows[0]), [list(row.values()) for row in rows])


def as_table(report: Report) -> dict[str, object]:
    """Return the report as JSON values; what JSON cannot hold is None."""
    return {
        "title": report.title,
        "n": report.n,
        "split": report.split,
        "baselines": list(report.baselines),
        "command": report.command,
        **{key: as_json(value) for key, value in report.about.items()},
        "rows": _as_json(report.rows),
        **({"more": {heading: _as_json(rows) for heading, rows in report.more.items()}} if report.more else {}),
    }


def _as_json(rows: Sequence[Mapping[str, Cell]]) -> list[dict[str, Cell | None]]:
    return [{key: as_json(value) for key, value in row.items()} for row in rows]


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
