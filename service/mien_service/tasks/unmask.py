"""/unmask: the face under a mask, as it may be.

A segmenter finds the mask; the hole it leaves is filled coarsely by a linear model of faces and then by a network, and
only the hole is painted. One seed, one answer: the likeliest face, or one drawn from all that may be under the mask.
"""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from mien_service.faces import edit, filling, mask_cover
from mien_service.faces.align import AlignedFace
from mien_service.faces.edit import Edit
from mien_service.faces.prior import FacePrior
from mien_service.tasks.registry import NotForThisFace, Picture, Runner, TaskParams, task

MAX_VARIANTS = 8

PRIOR = "face_prior"

SPREAD = 0.7
"""Share of the prior's own deviation that faces are drawn with: at the whole of it some have a stranger's skin."""


class NoMaskFound(NotForThisFace):
    """The face wears no mask; or, where the client sent marks, nothing is marked on it."""

    def __init__(self, *, marked: bool) -> None:
        super().__init__("nothing is marked on the face" if marked else "no mask was found on the face")
        self.marked = marked


class UnmaskParams(TaskParams):
    """Parameters of /unmask."""

    variants: int = Field(
        1, ge=1, le=MAX_VARIANTS, description="How many different faces to show that may be under the mask."
    )
    seed: int = Field(
        0, ge=0, lt=2**32, description="Draws the faces. Under 0 the first is the likeliest, the others are drawn."
    )

    def pictures(self) -> list[Picture]:
        """Return one picture for each variant."""
        return [Picture(variant=variant) for variant in range(self.variants)]


@task(
    "/unmask",
    params=UnmaskParams,
    networks=(filling.NETWORK, mask_cover.NETWORK, PRIOR),
    notice="What the mask hid is invented: a face that may be, not the person's own. Not for identification.",
    takes_mask=True,
    invents=True,
)
def unmask(face: AlignedFace, params: UnmaskParams, run: Runner) -> Sequence[Edit]:
    """Take a mask off a face and show what may be under it."""
    hole = _hole(face, run)
    prior = FacePrior(run.table(PRIOR))
    draws = [_draw(params.seed, picture.variant or 0, prior.components) for picture in params.pictures()]
    colours = face.crop.astype(np.float32) / np.float32(255)
    return [_painted(picture, hole) for picture in filling.filled(colours, hole, draws, prior, run)]


def _hole(face: AlignedFace, run: Runner) -> edit.Field:
    """Return where to fill, (256, 256) of 0 and 1: where the client marked it, or else under the mask that is found."""
    if face.marked is not None:
        own = mask_cover.marked_on(face.marked, face.landmarks)
        if not own.any():
            raise NoMaskFound(marked=True)
        return mask_cover.grown(own)
    cover = mask_cover.mask_cover(face.crop, run)
    if not mask_cover.has_mask(cover):
        raise NoMaskFound(marked=False)
    return mask_cover.hole_under(cover, face.landmarks)


def _draw(seed: int, variant: int, count: int) -> edit.Field | None:
    if seed == variant == 0:
        return None
    return np.random.default_rng([seed, variant]).standard_normal(count, np.float32) * np.float32(SPREAD)


def _painted(colours: edit.Field, hole: edit.Field) -> Edit:
    paint = np.dstack([colours * 255, hole]).astype(np.float32)
    return Edit(residual=np.zeros_like(colours), alpha=np.zeros_like(hole), paint=paint)
