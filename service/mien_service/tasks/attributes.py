"""The attributes that /edit-attribute changes, and where on the face each one shows."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator


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
