"""How far a face opens its eyes, and that a film opens them no farther."""

import cv2
import numpy as np
import people
import pytest
from drawn_heads import Head, head

from mien_service.faces.drawn.parts import face_of
from mien_service.faces.face import Points, RgbImage
from mien_service.faces.film.drawing import film
from mien_service.faces.film.growth import BABY, CARTOON, Proportions, moved_points, narrowed
from mien_service.faces.film.opening import opening
from mien_service.faces.skin.areas import LEFT_EYE, RIGHT_EYE

EYES = (LEFT_EYE, RIGHT_EYE)
UNDER_LIDS = (230, 450)
"""Points of the mesh on the skin below both eyes."""


def lowered_lids(one: Head, share: float) -> Head:
    """Return the head with skin over so much of its eyes, from above, and dark lashes at the lids' edges."""
    square = one.square.copy()
    for eye, below in zip(EYES, UNDER_LIDS, strict=True):
        outline = one.mesh[list(eye)]
        upper = np.concatenate([outline[:1], outline[8:][::-1]])
        lower = outline[:9]
        edge = upper + (lower - upper) * share
        x, y = np.rint(one.mesh[below]).astype(int)
        raised = upper - np.array([0, 0.5 * np.ptp(outline[:, 1])], np.float32)
        lid = np.rint(np.concatenate([raised, edge[::-1]])).astype(np.int32)
        cv2.fillPoly(square, [lid], square[y, x].tolist(), cv2.LINE_AA)
        cv2.polylines(square, [np.rint(edge).astype(np.int32)], False, (25, 18, 16), 2, cv2.LINE_AA)
    return one.with_square(square)


def opened(one: Head) -> float:
    return opening(one.square, face_of(one.mesh))


def drawn(one: Head, proportions: Proportions) -> tuple[RgbImage, Points]:
    """Return the square as in a film, and its mesh there."""
    made = film(one.square, one.mesh, one.maps, np.maximum(one.maps.head, one.maps.skin), proportions)
    return np.rint(made.drawn).astype(np.uint8), moved_points(one.mesh, made.flow)


def whites(picture: RgbImage, mesh: Points) -> int:
    """Return how many pixels in and around the eyes are as light and grey as the white of an eye."""
    near = np.zeros(picture.shape[:2], np.uint8)
    for eye in EYES:
        cv2.fillConvexPoly(near, cv2.convexHull(np.rint(mesh[list(eye)]).astype(np.int32)), 1)
    near = cv2.dilate(near, np.ones((9, 9)))
    return int(((picture.min(axis=2) > 200) & (near > 0)).sum())


@pytest.mark.parametrize("name", people.NAMES)
def test_open_eyes_narrowed_ones_and_closed_ones_are_told_apart(name: str) -> None:
    one = head(name)
    assert opened(one) > 0.4
    assert opened(lowered_lids(one, 0.55)) < opened(one)
    assert opened(lowered_lids(one, 1.0)) < 0.1


def test_a_mesh_outside_the_picture_opens_no_eyes_and_is_no_error() -> None:
    one = head("ben")
    for mesh in (one.mesh + 900, np.zeros_like(one.mesh)):
        assert 0 <= opening(one.square, face_of(mesh)) <= 1


@pytest.mark.parametrize("proportions", [CARTOON, BABY], ids=["cartoon", "baby"])
def test_closed_eyes_stay_closed(proportions: Proportions) -> None:
    one = head("carla")
    assert whites(*drawn(one, proportions)) > 150
    assert whites(*drawn(lowered_lids(one, 1.0), proportions)) < 15


def test_narrowed_eyes_are_drawn_lower_than_open_ones() -> None:
    one = head("carla")
    narrow = lowered_lids(one, 0.55)
    assert whites(*drawn(narrow, CARTOON)) < 0.8 * whites(*drawn(one, CARTOON))


def test_the_white_of_an_eye_in_shade_is_grey() -> None:
    one = head("carla")
    shaded = one.with_square((one.square * 0.3).astype(np.uint8))
    assert whites(*drawn(shaded, CARTOON)) < 0.4 * whites(*drawn(one, CARTOON))


def test_narrowed_eyes_grow_wider_and_not_taller() -> None:
    assert narrowed(BABY, 1.0) == BABY
    assert narrowed(BABY, 0.0).eyes == (BABY.eyes[0], 1.0)
    assert 1 < narrowed(BABY, 0.5).eyes[1] < BABY.eyes[1]
