"""The attributes that /edit-attribute changes, and where on the face each one shows."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

import cv2
import numpy as np
from pydantic import BeforeValidator

from mien_service.faces.align import AlignedFace
from mien_service.faces.composite import apply_edit
from mien_service.faces.edit import Edit, Field
from mien_service.faces.regions import REGIONS


class Attribute(StrEnum):
    """What can be changed. A negative strength takes it away: `young` at -1 makes older."""

    SMILING = "smiling"
    MUSTACHE = "mustache"
    YOUNG = "young"
    MALE = "male"
    BEARD = "beard"
    GOATEE = "goatee"
    MAKEUP = "makeup"
    ROSY_CHEEKS = "rosy_cheeks"
    HIGH_CHEEKBONES = "high_cheekbones"
    BUSHY_EYEBROWS = "bushy_eyebrows"
    MOUTH_OPEN = "mouth_open"


REGION_OF: dict[Attribute, str] = {
    Attribute.SMILING: "smile",
    Attribute.MUSTACHE: "upper_lip",
    Attribute.YOUNG: "face",
    Attribute.MALE: "face",
    Attribute.BEARD: "beard",
    Attribute.GOATEE: "beard",
    Attribute.MAKEUP: "face",
    Attribute.ROSY_CHEEKS: "face",
    Attribute.HIGH_CHEEKBONES: "smile",
    Attribute.BUSHY_EYEBROWS: "eyes",
    Attribute.MOUTH_OPEN: "beard",
}
"""The region (faces/regions.py) that an attribute's edit is confined to."""

ALIASES = {"masculine": "male"}


def _without_alias(name: object) -> object:
    return ALIASES.get(name, name) if isinstance(name, str) else name


AttributeName = Annotated[Attribute, BeforeValidator(_without_alias)]
"""An attribute, by its name or an alias (`masculine` for `male`)."""

Strengths = dict[Attribute, float]


@dataclass(frozen=True, eq=False)
class Take:
    """A change, and which of its variants: 0 is the plainest, others are drawn by the seed."""

    change: Strengths
    variant: int = 0
    seed: int = 0

    def only(self, attributes: Collection[Attribute]) -> "Take":
        """Return the take on that part of the change."""
        return replace(self, change={name: strength for name, strength in self.change.items() if name in attributes})


def asked_region(change: Strengths, face: AlignedFace, side: int) -> Field:
    """Return (side, side) in 0..1 over the aligned square: where what is asked for, at a strength not 0, may show."""
    region = np.zeros(face.crop.shape[:2], np.float32)
    for name in sorted({REGION_OF[attribute] for attribute, strength in change.items() if strength != 0}):
        region = np.maximum(region, REGIONS[name](face.landmarks))
    return np.asarray(cv2.resize(region, (side, side), interpolation=cv2.INTER_AREA), np.float32)


WHOLE = np.eye(2, 3)
"""The transform of an aligned face that is its own photo."""


def edited(face: AlignedFace, edit: Edit) -> AlignedFace:
    """Return an aligned face as an edit leaves it, for the next network to see."""
    return replace(face, crop=apply_edit(face.crop, WHOLE, edit))
