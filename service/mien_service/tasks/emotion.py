"""/emotion: which expression a face shows. The photo is left as it is; captions are drawn where they are asked for."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from mien_service.faces.align import AlignedFace
from mien_service.faces.edit import Reading
from mien_service.faces.expression import EXPRESSIONS, NETWORK, read_expression
from mien_service.tasks.registry import Picture, Runner, TaskParams, task

NOTICE = (
    "It reads the expression that a face shows, not what a person feels. Not for use at work or in education, which "
    "the EU's AI Act prohibits; people it is used on have to be told."
)


class EmotionParams(TaskParams):
    """Parameters of /emotion."""

    captions: bool = Field(
        False, description="Return the photo, too, each face's expression and its probability written at it."
    )

    @model_validator(mode="after")
    def _nothing_is_edited(self) -> Self:
        if self.label:
            raise ValueError("label: nothing is edited, so there is nothing to mark")
        return self

    def pictures(self) -> list[Picture]:
        """Return one picture where something is to be drawn on it, else none."""
        return [Picture()] if self.captions or self.landmarks else []


@task("/emotion", params=EmotionParams, networks=(NETWORK,), notice=NOTICE, reads=True)
def emotion(face: AlignedFace, params: EmotionParams, run: Runner) -> Sequence[Reading]:
    """Read the expression of a face."""
    return [reading_of(face, run, captioned=params.captions)]


def reading_of(face: AlignedFace, run: Runner, *, captioned: bool = False) -> Reading:
    """Return what a face shows, with a caption of the likeliest if asked for. Raises what `run` raises."""
    probabilities = read_expression(face.crop, run)
    best = int(np.argmax(probabilities))
    caption = f"{EXPRESSIONS[best]} {probabilities[best]:.0%}" if captioned else None
    scores = {str(name): float(one) for name, one in zip(EXPRESSIONS, probabilities, strict=True)}
    return Reading(EXPRESSIONS[best], scores, caption, NOTICE)
