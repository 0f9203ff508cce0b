"""Attribute edits by networks that learned from pairs: the engine `editnet`, sharp and true to the person."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.align import AlignedFace
from mien_service.faces.composite import ALPHA_FLOOR
from mien_service.faces.edit import Edit, Field, no_edit
from mien_service.faces.face import RgbImage
from mien_service.tasks.attributes import Attribute, Take, asked_region, edited
from mien_service.tasks.registry import Runner

EDITORS: dict[str, tuple[Attribute, ...]] = {
    "masculine_editor": (Attribute.MALE,),
    "age_editor": (Attribute.YOUNG,),
    "beard_editor": (Attribute.BEARD, Attribute.MUSTACHE),
    "smile_editor": (Attribute.SMILING,),
}
"""The networks, in the order in which they edit a face, and the attributes whose strengths begin their conditions."""

ATTRIBUTES = tuple(attribute for known in EDITORS.values() for attribute in known)

PREFERRED: dict[Attribute, tuple[int, ...]] = {
    Attribute.SMILING: (-1,),
    Attribute.MUSTACHE: (-1, 1),
    Attribute.BEARD: (-1, 1),
    Attribute.YOUNG: (-1, 1),
    Attribute.MALE: (-1, 1),
}
"""In which directions they come out better than with the VAE: there they are edited here unless somebody asks
otherwise (decision 11)."""

SIDE = 128
"""Of the squares that the networks see, in pixels; their fields are brought to the photo's own size."""

STYLE_NUMBERS = 4
"""The numbers after the strengths tell one take on a change from another; all zeros is the plainest."""

WIDEST_STYLE = 2.0

Units = dict[Attribute, tuple[float, float]]

UNITS: Units = {
    Attribute.SMILING: (1.8, 2.0),
    Attribute.YOUNG: (2.75, 1.75),
    Attribute.MALE: (3.75, 4.0),
    Attribute.BEARD: (2.0, 1.25),
    Attribute.MUSTACHE: (2.0, 1.5),
}
"""What the networks are asked for at strength -1 and at 1, chosen on the tuning half (`evaluate editor_units`)."""

FAINTER = 0.5
"""Of strengths beyond 1 this share is left out: twice the change of 1 is more than networks were trained for."""

REACH = 2.0
REACHES = {"beard_editor": 1.25}
"""The most that networks are told, and those that learned less well what more means: beyond it fields are scaled. There
are few pairs of long beards."""

MATTE_FLOOR = 0.12
"""A matte below this counts as 0: networks leave a faint one everywhere, which only softens the photo's own detail."""


def networks_for(change: Sequence[Attribute]) -> list[str]:
    """Return the networks that make a change of some attributes, in order."""
    return [name for name, known in EDITORS.items() if any(attribute in known for attribute in change)]


def edits(face: AlignedFace, takes: Sequence[Take], run: Runner, units: Units = UNITS) -> list[Edit]:
    """Return one edit of a face for each take on a change, all of whose attributes must be among ATTRIBUTES.

    Several networks edit one after the other: each sees what those before it made of the face.
    """
    made: list[Edit | None] = [None] * len(takes)
    for name, known in EDITORS.items():
        asked = [i for i, take in enumerate(takes) if any(take.change.get(attribute) for attribute in known)]
        if not asked:
            continue
        wanted = [strengths(takes[i], known, units) for i in asked]
        reach = REACHES.get(name, REACH)
        conditions = [condition(takes[i], asked_for, reach) for i, asked_for in zip(asked, wanted, strict=True)]
        answers = _answers(name, [_seen(face, made[i]) for i in asked], conditions, run)
        for i, asked_for, fields in zip(asked, wanted, answers, strict=True):
            region = asked_region(takes[i].only(known).change, face, SIDE)
            edit, before = _edit(region, fields).scaled(_beyond(asked_for, reach)), made[i]
            made[i] = edit if before is None else before.then(edit)
    return [no_edit(SIDE) if edit is None else edit for edit in made]


def _seen(face: AlignedFace, before: Edit | None) -> RgbImage:
    return face.crop if before is None else edited(face, before).crop


def strengths(take: Take, known: Sequence[Attribute], units: Units = UNITS) -> NDArray[np.float64]:
    """Return what a network that knows some attributes is asked for."""
    asked = [take.change.get(attribute, 0.0) for attribute in known]
    amounts = [units[name][int(strength > 0)] for name, strength in zip(known, asked, strict=True)]
    return np.array([_eased(strength) * amount for strength, amount in zip(asked, amounts, strict=True)])


def _eased(strength: float) -> float:
    """Return a strength, of which half counts that goes beyond 1."""
    beyond = max(abs(strength) - 1, 0.0)
    return strength - math.copysign(FAINTER * beyond, strength)


def is_preferred(attribute: Attribute, strength: float) -> bool:
    """Return whether an attribute comes out better here than with the VAE, changed in the direction of a strength."""
    return int(np.sign(strength)) in PREFERRED.get(attribute, ())


def condition(take: Take, asked_for: NDArray[np.float64], reach: float = REACH) -> NDArray[np.float32]:
    """Return a network's condition for some strengths, held within its reach, and the numbers of the take's style."""
    style = np.zeros(STYLE_NUMBERS)
    if take.variant:
        drawn = np.random.default_rng([take.seed, take.variant]).normal(size=STYLE_NUMBERS)
        style = np.clip(drawn, -WIDEST_STYLE, WIDEST_STYLE)
    return np.concatenate([asked_for / _beyond(asked_for, reach), style]).astype(np.float32)


def _beyond(asked_for: NDArray[np.float64], reach: float) -> float:
    """Return how many times a network's reach is asked for; 1 within it."""
    return max(1.0, float(np.abs(asked_for).max()) / reach)


def _answers(
    name: str, crops: Sequence[RgbImage], conditions: Sequence[NDArray[np.float32]], run: Runner
) -> list[dict[str, Field]]:
    """Return the fields, each (SIDE, SIDE, k), that a network gives for each crop and condition."""
    small = [cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for crop in crops]
    images = np.ascontiguousarray(np.stack(small).transpose(0, 3, 1, 2), np.float32) / np.float32(255)
    answer = run(name, image=images, condition=np.stack(conditions))
    fields = {key: np.ascontiguousarray(maps.transpose(0, 2, 3, 1)) for key, maps in answer.items()}
    return [{key: maps[i] for key, maps in fields.items()} for i in range(len(crops))]


def _above(matte: Field, floor: float) -> Field:
    """Return a matte with what is below the floor at 0 and the rest stretched over 0 to 1."""
    return np.clip((matte - np.float32(floor)) / np.float32(1 - floor), 0, 1)


def _edit(region: Field, fields: dict[str, Field]) -> Edit:
    """Return a network's fields as an edit, confined to the region (SIDE, SIDE) where the change shows."""
    paint = fields["paint"] * np.array([255, 255, 255, 1], np.float32)
    paint[..., 3] = _above(_above(paint[..., 3], MATTE_FLOOR) * region, ALPHA_FLOOR)
    return Edit(
        residual=fields["residual"] * np.float32(255),
        alpha=fields["alpha"][..., 0] * region,
        flow=fields["flow"],
        paint=paint,
        match_paint=False,
    )
