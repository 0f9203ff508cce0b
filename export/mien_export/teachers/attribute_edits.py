"""What the generator does for an attribute at a strength: the moves that make a pair's target of its source."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.teachers.directions import Move, moved
from mien_service.tasks.attributes import Attribute


@dataclass(frozen=True)
class AttributeEdit:
    """A direction, and how far strengths -1 and 1 go along it.

    column, negated: what judge A reads it by.
    """

    direction: str
    less: float
    more: float
    column: str
    negated: bool = False

    def step(self, strength: float) -> float:
        """Return the step along the direction for a signed strength."""
        return strength * (self.more if strength > 0 else -self.less)


EDITS: dict[Attribute, AttributeEdit] = {
    Attribute.SMILING: AttributeEdit("smile", -4.0, 4.0, "Smiling"),
    Attribute.YOUNG: AttributeEdit("age", 4.5, -4.0, "Young"),
    Attribute.MALE: AttributeEdit("male", -5.0, 5.0, "Male"),
    Attribute.BEARD: AttributeEdit("beard", -4.5, 4.5, "No_Beard", negated=True),
}
"""A mustache is the part of a beard under the nose: its pairs are those of beards, looked at there alone."""

ATTRIBUTES = tuple(EDITS)

BASE = ("yaw", "pitch", "tone", "smile", "beard")
"""Directions that sources are moved along: turned, dark-skinned, laughing and bearded people are to be among them."""

STYLES = ("style_1", "style_2", "style_3", "style_4")
"""Directions of the four numbers that tell one take on an edit from another."""

STYLE_STEP = 1.5
"""Step in w of a style number of 1 at strength 1."""

Rows = NDArray[np.floating]


def source_styles(styles: torch.Tensor, base: Rows) -> torch.Tensor:
    """Return styles (n, 23, 512) of sources: people moved by steps (n, len(BASE)) along BASE."""
    moves = [[Move(name, float(step)) for name, step in zip(BASE, row, strict=True) if step] for row in base]
    return _each_moved(styles, moves)


def target_styles(styles: torch.Tensor, strengths: Rows, style: Rows) -> torch.Tensor:
    """Return styles (n, 23, 512) after edits of strengths (n, len(ATTRIBUTES)) in a style (n, 4)."""
    moves: list[list[Move]] = []
    for row, take in zip(strengths, style, strict=True):
        most = float(np.abs(row).max())
        edits = [
            Move(EDITS[name].direction, EDITS[name].step(float(s))) for name, s in zip(ATTRIBUTES, row, strict=True)
        ]
        takes = [Move(name, STYLE_STEP * most * float(number)) for name, number in zip(STYLES, take, strict=True)]
        moves.append([move for move in (*edits, *takes) if move.step])
    return _each_moved(styles, moves)


def _each_moved(styles: torch.Tensor, moves: list[list[Move]]) -> torch.Tensor:
    each = [moved(styles[i : i + 1], some) for i, some in enumerate(moves)]
    return torch.cat(each) if each else styles
