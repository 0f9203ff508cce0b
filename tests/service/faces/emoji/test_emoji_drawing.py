"""An emoji of a head: how it grows out of the photo, and whose it is."""

import cv2
import numpy as np
import people
import pytest
from drawn_heads import SIDE, Head, at, head
from finding import find

from mien_service.faces.face import RgbImage
from mien_service.faces.head_maps import HeadMaps

CHEEKS, BARE = [50, 280], [50, 280, 151, 205, 425]


def change(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(np.float32) - other).mean())


def shown(one: Head, strength: float = 1.0) -> RgbImage:
    """Return the square with the head drawn in it, and nothing else."""
    covered = one.enlarged(np.maximum(one.maps.head, one.maps.skin))[..., None]
    return np.rint(one.square + (one.drawn(strength) - one.square) * covered).astype(np.uint8)


@pytest.mark.parametrize("name", ["anna", "emil"])
def test_strength_0_is_the_photo_and_then_it_grows_without_a_step(name: str) -> None:
    one = head(name)
    np.testing.assert_array_equal(one.drawn(0), one.square)
    whole = change(one.drawn(), one.square)
    strengths = (0.0, 0.02, 0.25, 0.48, 0.52, 0.75, 1.0)
    drawn = [one.drawn(strength) for strength in strengths]
    assert 0 < change(drawn[1], drawn[0]) < 0.06 * whole
    assert change(drawn[4], drawn[3]) < 0.12 * whole
    changes = [change(picture, one.square) for picture in drawn]
    assert changes[:4] == sorted(changes[:4])


def test_the_same_head_gives_the_same_emoji() -> None:
    one = head("gina")
    before = one.square.copy()
    np.testing.assert_array_equal(one.drawn(), one.drawn())
    np.testing.assert_array_equal(one.square, before)


def test_what_is_far_from_the_head_is_the_photo() -> None:
    one = head("ben")
    drawn = one.drawn()
    for corner in (np.s_[:30, :30], np.s_[:30, -30:]):
        np.testing.assert_array_equal(drawn[corner], one.square[corner])
    assert drawn.shape == (SIDE, SIDE, 3)
    assert drawn.dtype == np.float32
    assert drawn.min() >= 0
    assert drawn.max() <= 255


@pytest.mark.parametrize("name", people.NAMES)
def test_a_face_is_found_again(name: str) -> None:
    one = head(name)
    [again] = find(shown(one))
    eyes = one.mesh[[33, 263]]
    away = np.hypot(*(again.landmarks[[36, 45]] - eyes).T)
    assert away.max() < 0.25 * np.hypot(*(eyes[1] - eyes[0]))


def test_a_mirrored_photo_gives_a_mirrored_emoji() -> None:
    """But for the highlights in eyes and glasses: light falls from one side."""
    one = head("farid")
    flipped = one.mirrored().drawn()[:, ::-1]
    assert change(one.drawn(), flipped) < 0.1 * change(one.drawn(), one.square)


def test_skin_and_hair_have_the_photos_colours() -> None:
    """Where the photo's hair is green the emoji's is, and darker skin stays darker."""
    one = head("ben")
    hair, skin = (one.enlarged(plane)[..., None] for plane in (one.maps.hair, one.maps.skin))
    green = one.square * (1 - hair) + np.array([40, 140, 60]) * hair
    drawn = one.with_square(green.astype(np.uint8)).drawn()
    inside = hair[..., 0] == 1
    assert (drawn[inside, 1] > drawn[inside, 0] + 30).mean() > 0.9
    dark = one.with_square(np.rint(one.square * (1 - 0.5 * skin)).astype(np.uint8)).drawn()
    assert (at(one.drawn(), one.mesh[CHEEKS]) - at(dark, one.mesh[CHEEKS])).mean() > 30


def test_skin_is_smoother_than_the_photos() -> None:
    one = head("carla")
    grain = [cv2.Laplacian(np.asarray(picture, np.float32), cv2.CV_32F) for picture in (one.square, one.drawn())]
    inside = np.zeros((SIDE, SIDE), np.bool_)
    for x, y in np.rint(one.mesh[BARE]).astype(int).tolist():
        inside[y - 6 : y + 7, x - 6 : x + 7] = True
    before, after = (float(np.abs(picture[inside]).mean()) for picture in grain)
    assert after < 0.5 * before


def test_a_square_of_any_size_is_drawn() -> None:
    one = head("dora")
    large = cv2.resize(one.square, (640, 640), interpolation=cv2.INTER_CUBIC)
    zoom = 640 / SIDE
    drawn = Head(np.asarray(large, np.uint8), (one.mesh + 0.5) * zoom - 0.5, one.maps).drawn()
    smaller = cv2.resize(drawn, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    assert change(smaller, one.drawn()) < 0.2 * change(one.drawn(), one.square)


@pytest.mark.parametrize("shift", [0, 250, -900])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_maps_that_say_nothing_and_a_mesh_outside_are_no_error(shift: int, level: float) -> None:
    one = head("ben")
    maps = HeadMaps(one.maps.transform, *(np.full_like(one.maps.head, level) for _ in range(3)))
    drawn = Head(one.square, one.mesh + np.float32(shift), maps).drawn()
    assert np.isfinite(drawn).all()
    assert drawn.min() >= 0
    assert drawn.max() <= 255
