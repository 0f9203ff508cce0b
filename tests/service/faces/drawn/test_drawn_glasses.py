"""Glasses that a photo shows: whether, where and how."""

from dataclasses import replace

import cv2
import numpy as np
import people
import pytest
from drawn_heads import SIDE, Head, head

from mien_service.faces.drawn.glasses import Glasses
from mien_service.faces.drawn.parts import face_of, frame_of
from mien_service.faces.emoji.drawing import worn_glasses
from mien_service.faces.face import Points
from mien_service.faces.head_maps import SIDE as MAP_SIDE
from mien_service.faces.skin.areas import LEFT_EYE, RIGHT_EYE

EYES = (LEFT_EYE, RIGHT_EYE)
WEARS = ("emil",)
RIM = (150, 20, 30)


def seen(one: Head) -> Glasses | None:
    return worn_glasses(one.square, one.mesh, one.maps)


def worn(one: Head) -> Glasses:
    """Return the glasses of a head that wears some, in pixels of its square."""
    found = seen(one)
    assert found is not None
    frame = frame_of(one.maps, SIDE)
    corner = np.array([frame.columns.start, frame.rows.start], np.float32)
    left, right = (outline + corner for outline in found.outlines)
    first, second = (lens + corner for lens in found.lenses)
    return replace(found, outlines=(left, right), lenses=(first, second))


def boxes(one: Head, wide: float, above: float, below: float) -> list[Points]:
    """Return the corners of two lenses around the eyes, in eye distances."""
    unit = face_of(one.mesh).unit
    middles = [one.mesh[[eye[0], eye[8]]].mean(axis=0) for eye in EYES]
    return [middle + np.array([[-wide, -above], [wide, below]]) * unit for middle in middles]


def with_glasses(
    one: Head, wide: float = 0.38, above: float = 0.24, below: float = 0.3, thick: int = 5, lens: bool = False
) -> Head:
    square, strange = one.square.copy(), np.zeros((SIDE, SIDE), np.uint8)
    corners = [np.rint(box).astype(int).tolist() for box in boxes(one, wide, above, below)]
    for first, last in corners:
        if lens:
            cv2.rectangle(square, first, last, (18, 18, 20), cv2.FILLED)
        cv2.rectangle(square, first, last, RIM, thick)
        cv2.rectangle(strange, first, last, 1, cv2.FILLED)
    (_, [start, _]), ([end, _], _) = corners
    height = round(float(one.mesh[168, 1]))
    cv2.line(square, (start, height), (end, height), RIM, thick)
    small = np.asarray(cv2.resize(strange.astype(np.float32), (MAP_SIDE, MAP_SIDE)), np.float32)
    maps = replace(one.maps, skin=one.maps.skin * (1 - small), head=np.maximum(one.maps.head, small))
    return replace(one, square=square, maps=maps)


@pytest.mark.parametrize("name", people.NAMES)
def test_who_wears_glasses_has_them_and_nobody_else(name: str) -> None:
    assert (seen(head(name)) is not None) == (name in WEARS)


@pytest.mark.parametrize(("wide", "above", "below"), [(0.36, 0.2, 0.26), (0.4, 0.26, 0.34), (0.42, 0.22, 0.42)])
def test_lenses_lie_where_they_are_in_the_photo(wide: float, above: float, below: float) -> None:
    one = head("ben")
    found = worn(with_glasses(one, wide, above, below))
    unit = face_of(one.mesh).unit
    for i, (first, last) in enumerate(boxes(one, wide, above, below)):
        rim = (found.outlines[i] + found.lenses[i]) / 2
        np.testing.assert_allclose(rim.min(axis=0), first, atol=0.11 * unit)
        np.testing.assert_allclose(rim.max(axis=0), last, atol=0.11 * unit)


def test_rims_have_the_photos_colour_and_thickness() -> None:
    one = head("ben")
    thin, thick = (worn(with_glasses(one, thick=pixels)) for pixels in (2, 7))
    assert thin.thickness < 0.7 * thick.thickness
    assert thick.thickness == pytest.approx(7, abs=2.5)
    assert thick.colour[1] > 20


def test_a_dark_lens_is_told_from_a_clear_one() -> None:
    one = head("ben")
    assert worn(with_glasses(one, lens=True)).tint > 0.9
    assert worn(with_glasses(one)).tint < 0.3


def test_a_mirrored_photo_shows_mirrored_glasses() -> None:
    one = with_glasses(head("ben"))
    found, flipped = worn(one), worn(one.mirrored())
    for outline, other in zip(found.outlines, flipped.outlines[::-1], strict=True):
        low, high = outline.min(axis=0), outline.max(axis=0)
        mirrored = SIDE - 1 - high[0], SIDE - 1 - low[0]
        np.testing.assert_allclose([other[:, 0].min(), other[:, 0].max()], mirrored, atol=3)
        np.testing.assert_allclose([other[:, 1].min(), other[:, 1].max()], [low[1], high[1]], atol=3)
