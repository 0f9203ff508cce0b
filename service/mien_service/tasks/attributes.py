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


REGION_OF: dict[Attribute, str] = {
    Attribute.SMILING: "smile",
    Attribute.MUSTACHE: "upper_lip",
    Attribute.YOUNG: "face",
    Attribute.MALE: "face",
}
"""The region (faces/regions.py) that an attribute's edit is confined to."""

ALIASES = {"masculine": "male"}


def _without_alias(name: object) -> object:
    return ALIASES.get(name, name) if isinstance(name, str) else name


AttributeName = Annotated[Attribute, BeforeValidator(_without_alias)]
"""An attribute, by its name or an alias (`masculine` for `male`)."""
