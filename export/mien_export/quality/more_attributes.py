"""The attributes beyond the four with bars: which of them the vectors carry well enough to be offered."""

from pathlib import Path

import numpy as np

from mien_export.quality.attributes import flips, rank_correlation
from mien_export.quality.edit_attribute import STRENGTHS, squares_of
from mien_export.quality.editors import ServiceEditor
from mien_export.quality.held_out import REPORT_HALF, HeldOutFace, celeba_faces
from mien_export.quality.identity import IdentityMeter
from mien_export.quality.statistics import Floats
from mien_export.recipes.attribute_units import identity_change
from mien_export.recipes.attribute_vectors import SOURCES, Source
from mien_export.recipes.judges import Judge, load_judge
from mien_export.runner import WeightsRunner
from mien_service.faces.face import RgbImage
from mien_service.tasks.attributes import Attribute

EVERYBODY = 1000
FACES = 24
"""Faces that each attribute is looked at on."""


def report_more_attributes(weights: Path, folder: Path) -> None:
    """Measure strength +1 of every attribute on held-out people who lack it, and write more_attributes.md."""
    runner = WeightsRunner(weights, threads=2)
    editor, judge, identity = ServiceEditor(runner), load_judge("b"), IdentityMeter()
    faces = celeba_faces(REPORT_HALF, EVERYBODY, runner)
    lines = ["| attribute | n | flips | rank | identity |", "| --- | --- | --- | --- | --- |"]
    for attribute, source in SOURCES.items():
        lines.append(row(attribute, source, lacking(faces, source), editor, judge, identity))
        print(lines[-1], flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "more_attributes.md").write_text("\n".join(lines) + "\n")


def lacking(faces: list[HeldOutFace], source: Source) -> list[HeldOutFace]:
    """Return the first faces without the attribute; where only men are compared, men."""
    asked = [face for face in faces if face.row["Male"] == "1" or not source.men_only]
    return [face for face in asked if (face.row[source.column] == "1") == source.negated][:FACES]


def row(
    attribute: Attribute,
    source: Source,
    faces: list[HeldOutFace],
    editor: ServiceEditor,
    judge: Judge,
    identity: IdentityMeter,
) -> str:
    """Return the table row of one attribute: flips at +1, rank correlation over -1..1, identity distance at +1."""
    sign = -1 if source.negated else 1
    logits: list[Floats] = []
    edited: list[RgbImage] = []
    for strength in STRENGTHS:
        edited = [editor(face.photo, face.aligned, attribute.value, float(strength)) for face in faces]
        logits.append(sign * judge.scores(squares_of(edited, faces), source.column))
    by_face = np.stack(logits, axis=1)
    turned = flips(by_face[:, len(STRENGTHS) // 2], by_face[:, -1], sign * judge.thresholds[source.column], 1)
    moved = identity_change(identity, edited, faces).mean()
    cells = (np.nanmean(turned), rank_correlation(STRENGTHS, by_face), moved)
    return f"| {attribute.value} | {len(faces)} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |"
