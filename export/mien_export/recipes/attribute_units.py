"""How much of an attribute's vector is strength 1: one typical, clearly visible change.

    python -m mien_export export face_vae_vectors

On validation people (the tuning half; the report half is never looked at), the least multiple of the vector
after which judge A finds the attribute as plain as on people who really have it, but no more than keeps who it
is: the mean descriptor distance stays under the attribute's limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mien_export.quality.attribute_baselines import Editor
from mien_export.quality.attributes import aligned_squares
from mien_export.quality.editors import ServiceEditor
from mien_export.quality.held_out import TUNING_HALF, HeldOutFace, celeba_faces
from mien_export.quality.identity import IdentityMeter, distances, identity_chip
from mien_export.recipes.attribute_vectors import SOURCES
from mien_export.recipes.judges import Judge, load_judge
from mien_export.runner import Table, WeightsRunner
from mien_service.faces.align import AlignedFace
from mien_service.faces.composite import apply_edit
from mien_service.faces.face import RgbImage
from mien_service.tasks import attribute_editor
from mien_service.tasks.attributes import Attribute, Take

FACES = 400
TYPICAL_FACES = 48
"""Faces that really have the attribute, whose median logit is the typical one."""

EDITED_FACES = 12
"""Faces that each multiple is tried on."""

MULTIPLES = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)

IDENTITY_LIMIT = {Attribute.SMILING: 0.35, Attribute.MUSTACHE: 0.3, Attribute.YOUNG: 0.35, Attribute.MALE: 0.45}
"""Mean descriptor distance at strength 1, a little within the bars of the attribute; others DEFAULT_LIMIT."""

DEFAULT_LIMIT = 0.35


@dataclass(frozen=True, eq=False)
class Instruments:
    """What a calibration measures with, and the faces it measures on."""

    judge: Judge
    identity: IdentityMeter
    faces: Sequence[HeldOutFace]


def calibrated(table: Table, weights: Path) -> Table:
    """Return the table of vectors with `plain_units` and `orthogonal_units` (a, 2): for -1 and for +1.

    The orthogonal vectors are calibrated; a plain one gets the multiple that makes its shift as long.
    """
    runner = WeightsRunner(weights, threads=2)
    tools = Instruments(load_judge("a"), IdentityMeter(), celeba_faces(TUNING_HALF, FACES, runner))
    names = [str(name) for name in table["attributes"]]
    units = np.ones((len(names), 2), np.float32)
    scaled = Scaled(table, runner)
    for i, name in enumerate(names):
        for side, direction in enumerate((-1, 1)):
            units[i, side] = unit_of(Attribute(name), direction, scaled, tools)
        print(f"{name}: -1 is {units[i, 0]:.2f}, +1 is {units[i, 1]:.2f}", flush=True)
    longer = lengths(table["orthogonal"]) / lengths(table["plain"])
    return {**table, "orthogonal_units": units, "plain_units": units * longer[:, None]}


def lengths(versions: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return (a,) the lengths of the attributes' mean vectors, of versions (a, 25, 500)."""
    return np.linalg.norm(versions.astype(np.float32).mean(axis=1), axis=1)


class Gradable(Protocol):
    """Something whose strength 1 can stand for different amounts."""

    def editor(self, multiple: float) -> Editor:
        """Return the editor whose strength 1 is `multiple` of what it was."""
        ...


class Scaled:
    """The service's editor with strength 1 standing for any multiple of the orthogonal vectors."""

    def __init__(self, table: Table, runner: WeightsRunner) -> None:
        self._table = table
        self._runner = runner

    def editor(self, multiple: float) -> ServiceEditor:
        """Return the editor whose strength 1 is `multiple` times the vector."""
        units = np.full((len(self._table["attributes"]), 2), multiple, np.float32)
        scaled = {**self._table, "orthogonal_units": units}
        return ServiceEditor(self._runner.with_tables({"face_vae_vectors": scaled}), engine="vae")


class ScaledEditors:
    """The service's engine `editnet` with strength 1 standing for any strength of the networks."""

    def __init__(self, runner: WeightsRunner) -> None:
        self._runner = runner

    def editor(self, multiple: float) -> Editor:
        """Return the editor whose strength 1 is `multiple` of the networks'."""
        units = dict.fromkeys(attribute_editor.ATTRIBUTES, (multiple, multiple))

        def edit(photo: RgbImage, face: AlignedFace, attribute: str, strength: float) -> RgbImage:
            [made] = attribute_editor.edits(face, [Take({Attribute(attribute): strength})], self._runner, units)
            return apply_edit(photo, face.transform, made)

        return edit


def print_editor_units(weights: Path) -> None:
    """Print what strength -1 and 1 of each attribute of the engine `editnet` should stand for."""
    runner = WeightsRunner(weights, threads=2)
    tools = Instruments(load_judge("a"), IdentityMeter(), celeba_faces(TUNING_HALF, FACES, runner))
    for attribute in attribute_editor.ATTRIBUTES:
        units = [unit_of(attribute, direction, ScaledEditors(runner), tools) for direction in (-1, 1)]
        print(f"{attribute.value}: -1 is {units[0]:.2f}, +1 is {units[1]:.2f}", flush=True)


def unit_of(attribute: Attribute, direction: int, scaled: Gradable, tools: Instruments) -> float:
    """Return the multiple of the vector that strength `direction` stands for."""
    source = SOURCES[attribute]
    sign = -direction if source.negated else direction
    asked = [face for face in tools.faces if face.row["Male"] == "1" or not source.men_only]
    having = [face for face in asked if (face.row[source.column] == "1") == (sign > 0)][:TYPICAL_FACES]
    lacking = [face for face in asked if (face.row[source.column] == "1") != (sign > 0)][:EDITED_FACES]
    if not having or not lacking:
        raise ValueError(f"{attribute.value}: nobody to calibrate on among {len(tools.faces)} faces")
    typical = sign * median_logit(tools.judge, [face.photo for face in having], having, source.column)
    limit = IDENTITY_LIMIT.get(attribute, DEFAULT_LIMIT)
    chosen = MULTIPLES[0]
    for multiple in MULTIPLES:
        edit = scaled.editor(multiple)
        edited = [edit(face.photo, face.aligned, attribute.value, direction) for face in lacking]
        if identity_change(tools.identity, edited, lacking).mean() > limit:
            break
        chosen = multiple
        if sign * median_logit(tools.judge, edited, lacking, source.column) >= typical:
            break
    return chosen


def median_logit(judge: Judge, photos: list[RgbImage], faces: Sequence[HeldOutFace], column: str) -> float:
    """Return the judge's median logit of photos whose landmarks are those of `faces`."""
    squares = aligned_squares(photos, [face.aligned.face.landmarks for face in faces])
    return float(np.median(judge.scores(squares, column)))


def identity_change(meter: IdentityMeter, edited: list[RgbImage], faces: Sequence[HeldOutFace]) -> NDArray[np.float64]:
    """Return (n,) descriptor distances of edited photos to the untouched ones."""
    before = meter.descriptors([identity_chip(face.photo, face.aligned.face.landmarks) for face in faces])
    pairs = zip(edited, faces, strict=True)
    after = meter.descriptors([identity_chip(photo, face.aligned.face.landmarks) for photo, face in pairs])
    return distances(after, before)
