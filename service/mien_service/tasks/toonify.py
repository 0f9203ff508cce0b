"""/toonify: a head drawn as a toon, on its photo or as a sticker."""

from collections.abc import Sequence
from typing import Annotated, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from mien_service.faces import expression, head_maps
from mien_service.faces.align import AlignedFace, apply, at_resolution, averaged_down, cut, scale_of
from mien_service.faces.composite import apply_edit
from mien_service.faces.cutout import head_cutout, own_head
from mien_service.faces.edit import Edit, Placed, Sticker
from mien_service.faces.face import RgbImage
from mien_service.faces.sticker import WIDEST_OUTLINE, sticker
from mien_service.faces.toon import NETWORK, toon
from mien_service.tasks.emotion import reading_of
from mien_service.tasks.registry import Runner, TaskParams, task
from mien_service.tasks.toon_styles import STYLES, Style

SIDE = 416
"""Of the head's square in pixels: faces in it are as large as in the aligned square, at which the network learned."""

FULL_FROM = 0.35
"""Strength from which on the drawing covers the photo wholly: below it fades, for a drawing is as fine as SIDE only."""

MOST_PIXELS = 1024 * 1024
"""Of a whole photo that is drawn; larger ones are drawn smaller, and enlarged."""

OUTLINE = 0.03
"""Width of the white border of a sticker, if nothing is said."""


class ToonifyParams(TaskParams):
    """Parameters of /toonify."""

    style: Style = Field(Style.CARTOON, description="What the head is drawn as.")
    strength: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        1.0, description="How far: 0 is the photo itself, 1 the toon."
    )
    background: bool = Field(False, description="Draw all of the photo, not the heads alone.")
    sticker: bool = Field(
        False, description="Cut the head out: a PNG or WebP with transparency; JSON tells the face's expression."
    )
    outline: Annotated[float, Field(ge=0, le=WIDEST_OUTLINE, allow_inf_nan=False)] | None = Field(
        None, description=f"Width of a sticker's white border, as a share of its longer side. Default {OUTLINE}."
    )

    @model_validator(mode="after")
    def _one_sticker(self) -> Self:
        for name in ("landmarks", "label", "background"):
            if self.sticker and getattr(self, name):
                raise ValueError(f"{name}: a sticker shows the head alone")
        if self.sticker and self.face == "all":
            raise ValueError("face: a sticker is of one face; ask for each by its index")
        if self.outline is not None and not self.sticker:
            raise ValueError("outline: only a sticker has one")
        return self

    def is_sticker(self) -> bool:
        """Return whether the picture is cut out, with transparency."""
        return self.sticker


def scene(photo: RgbImage, faces: Sequence[AlignedFace], params: ToonifyParams, run: Runner) -> RgbImage:
    """Return the photo, drawn as a whole if that is asked for, its largest face as large as the network knows faces."""
    if not params.background or params.strength == 0:
        return photo
    height, width = photo.shape[:2]
    factor = max(1 / max(scale_of(face.transform) for face in faces), (height * width / MOST_PIXELS) ** 0.5)
    small = photo if factor <= 1 else averaged_down(photo, [], factor)[0]
    drawn = toon(small, condition(params.style), params.strength, run)
    return np.rint(cv2.resize(drawn, (width, height), interpolation=cv2.INTER_LINEAR)).astype(np.uint8)


@task(
    "/toonify",
    params=ToonifyParams,
    networks=(NETWORK, head_maps.NETWORK, expression.NETWORK),
    scene=scene,
)
def toonify(face: AlignedFace, params: ToonifyParams, run: Runner) -> Sequence[Placed | Sticker]:
    """Draw a head as a toon: on the photo, or cut out as a sticker."""
    maps = head_maps.head_maps(face.photo, face.transform, run)
    square = cut(face.photo, at_resolution(maps.transform, SIDE), SIDE)
    drawn = toon(square, condition(params.style), params.strength, run)
    own = own_head(maps, apply(maps.transform, face.face.landmarks), neck=True)
    faded = own * np.float32(min(params.strength / FULL_FROM, 1.0))
    matte = np.asarray(cv2.resize(faded, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.float32)
    nothing = np.zeros_like(matte)
    edit = Edit(np.zeros_like(drawn), nothing, paint=np.dstack([drawn, matte]).astype(np.float32), match_paint=False)
    placed = Placed(edit, maps.transform)
    return [_sticker(face, placed, params, run) if params.sticker else placed]


def _sticker(face: AlignedFace, placed: Placed, params: ToonifyParams, run: Runner) -> Sticker:
    found = head_cutout(face.photo, face, run)
    drawn = apply_edit(face.photo, placed.transform, placed.edit)
    outline = OUTLINE if params.outline is None else params.outline
    return Sticker(sticker(found.of(drawn), found.alpha, outline), reading_of(face, run))


def condition(style: Style) -> NDArray[np.float32]:
    """Return the network's condition (len(STYLES),): 1 in the style's place."""
    return np.array([one == style for one in STYLES], np.float32)
