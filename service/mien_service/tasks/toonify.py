"""/toonify: a head drawn as a toon, on its photo or as a sticker."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from mien_service.faces import expression, head_maps, landmarks
from mien_service.faces.align import (
    CROP_SIZE,
    AlignedFace,
    apply,
    at_resolution,
    averaged_down,
    cut,
    invert,
    scale_of,
)
from mien_service.faces.composite import apply_edit
from mien_service.faces.cutout import HeadCutout, head_cutout, head_of
from mien_service.faces.edit import Field as Plane
from mien_service.faces.edit import Placed, Sticker, no_edit
from mien_service.faces.emoji.crown import rounded_crown
from mien_service.faces.emoji.drawing import emoji
from mien_service.faces.face import Face, RgbImage
from mien_service.faces.film.drawing import Film, film
from mien_service.faces.film.growth import BABY, CARTOON
from mien_service.faces.film.laying import laid, moved_cutout
from mien_service.faces.head_maps import HeadMaps
from mien_service.faces.mesh import moved_mesh
from mien_service.faces.regions import EYES
from mien_service.faces.sticker import WIDEST_OUTLINE, sticker
from mien_service.faces.toon import MULTIPLE, NETWORK, toon
from mien_service.tasks.emotion import reading_of
from mien_service.tasks.head import mesh_in_head_square
from mien_service.tasks.registry import Runner, TaskParams, task
from mien_service.tasks.toon_styles import DRAWN, GROUND, LEARNED, Style

SIDE = 416
"""Of the head's square in pixels: faces in it are as large as in the aligned square, at which the network learned."""

FINEST_SIDE = 448
"""Of the head's square in pixels up to which what is no network's is drawn as fine as the photo. At 640 a head takes
75 ms on one core instead of 40."""

AROUND = 24
"""Pixels of that square beyond the head that the network sees, too: twice as far as it fetches pixels from."""

FULL_FROM = 0.35
"""Strength from which on the drawing covers the photo wholly: below it fades, for a drawing is as fine as SIDE only."""

MOST_PIXELS = 1024 * 1024
"""Of a whole photo that is drawn; larger ones are drawn smaller, and enlarged."""

RIM = 32
"""Pixels by which a whole photo is carried on before it is drawn: the network draws a frame where pictures end."""

STICKER_SIDE = 1280
"""Side in pixels of the head's square in the photo up to which a sticker keeps the photo's resolution."""

BLEED = 4
"""Pixels of the square by which a sticker is drawn beyond its own edge."""

OUTLINE = 0.03
"""Width of the white border of a sticker, if nothing is said."""

PROPORTIONS = {Style.CARTOON: CARTOON, Style.BABY: BABY}
"""Styles in which heads are drawn as in a film, and how."""


class ToonifyParams(TaskParams):
    """Parameters of /toonify."""

    style: Style = Field(Style.CARTOON, description="What the head is drawn as.", json_schema_extra={"x-buttons": True})
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
        if self.sticker and self.output == "face":
            raise ValueError("output: a sticker is neither the photo nor the face's square")
        if self.sticker and self.face == "all":
            raise ValueError("face: a sticker is of one face; ask for each by its index")
        if self.outline is not None and not self.sticker:
            raise ValueError("outline: only a sticker has one")
        return self

    def is_sticker(self) -> bool:
        """Return whether the picture is cut out, with transparency."""
        return self.sticker


def scene(photo: RgbImage, faces: Sequence[AlignedFace], params: ToonifyParams, run: Runner) -> RgbImage:
    """Return the photo, drawn as a whole if that is asked for, its largest face no larger than the network knows faces.

    Heads are drawn once more on it, each at its own scale.
    """
    if not params.background or params.strength == 0:
        return photo
    height, width = photo.shape[:2]
    factor = max(1 / min(scale_of(face.transform) for face in faces), (height * width / MOST_PIXELS) ** 0.5)
    small = photo if factor <= 1 else averaged_down(photo, [], factor)[0]
    wider = cv2.copyMakeBorder(small, RIM, RIM, RIM, RIM, cv2.BORDER_REPLICATE)
    drawn = np.rint(toon(np.asarray(wider, np.uint8), condition(params.style), params.strength, run)).astype(np.uint8)
    drawn = drawn[RIM:-RIM, RIM:-RIM]
    whole = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_LINEAR)
    share = cover(params.strength)
    return np.asarray(cv2.addWeighted(photo, 1 - share, whole, share, 0), np.uint8)


@task(
    "/toonify",
    params=ToonifyParams,
    networks=(NETWORK, head_maps.NETWORK, expression.NETWORK, landmarks.NETWORK),
    scene=scene,
)
def toonify(face: AlignedFace, params: ToonifyParams, run: Runner) -> Sequence[Placed | Sticker]:
    """Draw a head as a toon: on the photo, or cut out as a sticker."""
    return [_sticker(_no_larger(face), params, run) if params.sticker else _drawn_head(face, params, run)]


def _drawn_head(face: AlignedFace, params: ToonifyParams, run: Runner) -> Placed:
    maps = head_maps.head_maps(face.photo, face.transform, run)
    own = head_of(face, maps, neck=True)
    if params.style == Style.EMOJI:
        maps, own = rounded_crown(maps, own, _eye_row(face, maps))
    side = _side(face, params.style)
    matte = np.asarray(cv2.resize(own, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)
    if params.style not in PROPORTIONS:
        return _painted(face, maps, matte, params, run)
    return _placed(laid(_film(face, maps, own, side, params, run), matte), maps, params)


def _eye_row(face: AlignedFace, maps: HeadMaps) -> float:
    """Return the row of the maps in which the eyes lie."""
    return float(apply(maps.transform, face.face.landmarks)[EYES, 1].mean())


def _painted(face: AlignedFace, maps: HeadMaps, matte: Plane, params: ToonifyParams, run: Runner) -> Placed:
    """Return what `matte` (side, side), not empty, covers of the square, as paint, in styles that move no ground."""
    side = len(matte)
    square = _square(face, maps, side)
    if params.style == Style.EMOJI:
        drawn = emoji(square, mesh_in_head_square(face, side, run), maps, params.strength)
    else:
        drawn = _by_network(square, matte, params, run)
    return _placed(np.dstack([drawn, matte]), maps, params)


def _placed(paint: Plane, maps: HeadMaps, params: ToonifyParams) -> Placed:
    """Return paint (side, side, 4) over the photo, as far as its strength covers that; the paint itself is changed."""
    side = len(paint)
    paint[..., 3] *= np.float32(cover(params.strength))
    return Placed(replace(no_edit(side), paint=paint, match_paint=False), maps.transform)


def _square(face: AlignedFace, maps: HeadMaps, side: int) -> RgbImage:
    return cut(face.photo, at_resolution(maps.transform, side), side)


def _film(face: AlignedFace, maps: HeadMaps, own: Plane, side: int, params: ToonifyParams, run: Runner) -> Film:
    square, mesh = _square(face, maps, side), mesh_in_head_square(face, side, run)
    return film(square, mesh, maps, own, PROPORTIONS[params.style], params.strength)


def _by_network(square: RgbImage, matte: Plane, params: ToonifyParams, run: Runner) -> Plane:
    """Return the square (SIDE, SIDE, 3), drawn where `matte` covers it and around, RGB in 0..255."""
    part = _around(np.asarray(matte.any(axis=1))), _around(np.asarray(matte.any(axis=0)))
    drawn = square.astype(np.float32)
    drawn[part] = toon(square[part], condition(params.style), params.strength, run)
    return drawn


def _side(face: AlignedFace, style: Style) -> int:
    """Return the side in pixels at which a head's square is drawn: the network's, or about the photo's own."""
    own = CROP_SIZE * head_maps.ROOM / scale_of(face.transform)
    return round(min(max(own, SIDE), FINEST_SIDE)) if style in DRAWN else SIDE


def _around(used: NDArray[np.bool_]) -> slice:
    """Return the part of a side of SIDE pixels that holds what is used and what is around it."""
    [places] = np.nonzero(used)
    first, last = max(int(places[0]) - AROUND, 0), min(int(places[-1]) + 1 + AROUND, SIDE)
    length = -(-(last - first) // MULTIPLE) * MULTIPLE
    start = min(first, SIDE - length)
    return slice(start, start + length)


def _sticker(face: AlignedFace, params: ToonifyParams, run: Runner) -> Sticker:
    found = head_cutout(face.photo, face, run)
    side = _side(face, params.style)
    if params.style in PROPORTIONS:
        own = head_of(face, found.maps, neck=True)
        made = _film(face, found.maps, own, side, params, run)
        found = moved_cutout(found, made, face.photo.shape)
        placed = _placed(np.dstack([made.drawn, _covering(found, side)]), found.maps, params)
    else:
        placed = _painted(face, found.maps, _covering(found, side), params, run)
    drawn = apply_edit(face.photo, placed.transform, placed.edit)
    outline = OUTLINE if params.outline is None else params.outline
    return Sticker(sticker(found.of(drawn), found.alpha, outline), reading_of(face, run))


def _covering(found: HeadCutout, side: int) -> Plane:
    """Return a matte (side, side), 1 over all that is cut out and a little around it."""
    place = at_resolution(found.maps.transform, side)
    place[:, 2] += place[:, :2] @ np.array([found.left, found.top])
    alpha = cv2.warpAffine(found.alpha, place, (side, side), flags=cv2.INTER_LINEAR)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BLEED + 1, 2 * BLEED + 1))
    return np.asarray(cv2.dilate((alpha > 0).astype(np.float32), disc), np.float32)


def _no_larger(face: AlignedFace) -> AlignedFace:
    """Return the face in a photo in which the head's square is no larger than STICKER_SIDE."""
    factor = CROP_SIZE * head_maps.ROOM / scale_of(face.transform) / STICKER_SIDE
    if factor <= 1:
        return face
    small, [transform] = averaged_down(face.photo, [face.transform], factor)
    there = invert(transform)

    def moved(one: Face) -> Face:
        mesh = None if one.mesh is None else moved_mesh(moved_mesh(one.mesh, face.transform), there)
        return replace(one, landmarks=apply(there, apply(face.transform, one.landmarks)), mesh=mesh)

    others = [moved(one) for one in face.others]
    return replace(face, face=moved(face.face), photo=small, transform=transform, others=others)


def cover(strength: float) -> float:
    """Return by which share a drawing of a strength covers the photo, 0 to 1."""
    return min(strength / FULL_FROM, 1.0)


def condition(style: Style) -> NDArray[np.float32]:
    """Return the network's condition (len(LEARNED),): 1 in the place of the style, or of the one for its ground."""
    return np.array([one == GROUND.get(style, style) for one in LEARNED], np.float32)
