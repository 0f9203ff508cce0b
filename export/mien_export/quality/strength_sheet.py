"""Contact sheets of attribute edits over their whole range, on people who are held out.

python -m mien_export evaluate strength_sheet
"""

from pathlib import Path

import numpy as np

from mien_export.data.packs import split_rows
from mien_export.quality.editors import ServiceEditor
from mien_export.quality.held_out import REPORT_HALF, HeldOutFace, celeba_faces, found_faces
from mien_export.quality.sheet import Labelled, write_sheet
from mien_export.runner import WeightsRunner
from mien_service.faces.align import cut
from mien_service.tasks.attribute_editor import ATTRIBUTES

STRENGTHS = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)

SMALL_FACES, LARGE_FACES = 6, 6
"""Faces of CelebA's photos, some 150 pixels wide, and of portraits of 1024 pixels."""


def write_strength_sheets(weights: Path, folder: Path) -> None:
    """Write strength_sheet_ATTRIBUTE.png for each attribute of the engine `editnet`."""
    runner = WeightsRunner(weights, threads=2)
    editor, faces = ServiceEditor(runner, engine="editnet"), shown_faces(runner)
    for attribute in ATTRIBUTES:
        rows = [sweep(editor, face, attribute.value) for face in faces]
        write_sheet(rows, folder / f"strength_sheet_{attribute.value}.png")


def shown_faces(runner: WeightsRunner) -> list[HeldOutFace]:
    """Return the faces of the sheets, the same each time."""
    rows = split_rows("stylegan", "validation")
    order = np.random.default_rng(0).permutation(len(rows))[:LARGE_FACES]
    large = found_faces("stylegan", [rows[i] for i in order], runner)
    return [*celeba_faces(REPORT_HALF, SMALL_FACES, runner), *large]


def sweep(editor: ServiceEditor, face: HeldOutFace, attribute: str) -> list[Labelled]:
    """Return the aligned square of a face at each of STRENGTHS."""
    row: list[Labelled] = []
    for strength in STRENGTHS:
        edited = editor(face.photo, face.aligned, attribute, strength)
        row.append((f"{attribute} {strength:+g}", cut(edited, face.aligned.transform)))
    return row
