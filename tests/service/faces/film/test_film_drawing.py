"""A head as in a film: how it grows out of the photo, whose it is, and what is larger."""

import cv2
import numpy as np
import people
import pytest
from drawn_heads import SIDE, Head, at, head
from finding import find

from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage
from mien_service.faces.film.drawing import Film, film
from mien_service.faces.film.growth import BABY, CARTOON, Proportions, moved_points
from mien_service.faces.film.laying import laid
from mien_service.faces.head_maps import HeadMaps
from mien_service.faces.skin.areas import LEFT_EYE, RIGHT_EYE

STYLES = pytest.mark.parametrize("proportions", [CARTOON, BABY], ids=["cartoon", "baby"])
CHEEKS, BARE = [50, 280], [50, 280, 151, 205, 425]


def change(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(np.float32) - other).mean())


def made(one: Head, proportions: Proportions, strength: float = 1.0) -> Film:
    return film(one.square, one.mesh, one.maps, np.maximum(one.maps.head, one.maps.skin), proportions, strength)


def whole(one: Head) -> Field:
    return one.enlarged(np.maximum(one.maps.head, one.maps.skin))


def shown(one: Head, proportions: Proportions, strength: float = 1.0) -> RgbImage:
    """Return the square with the film's head laid on it."""
    paint = laid(made(one, proportions, strength), whole(one))
    return np.rint(one.square + (paint[..., :3] - one.square) * paint[..., 3:]).clip(0, 255).astype(np.uint8)


@STYLES
def test_strength_0_is_the_photo_and_then_it_grows_without_a_step(proportions: Proportions) -> None:
    one = head("anna")
    np.testing.assert_array_equal(made(one, proportions, 0).drawn, one.square)
    np.testing.assert_array_equal(shown(one, proportions, 0), one.square)
    drawn = [made(one, proportions, strength).drawn for strength in (0.0, 0.02, 0.3, 0.6, 1.0)]
    changes = [change(picture, one.square) for picture in drawn]
    assert 0 < changes[1] < 0.1 * changes[-1]
    assert changes == sorted(changes)


@STYLES
def test_the_same_head_gives_the_same_film(proportions: Proportions) -> None:
    one = head("gina")
    before = one.square.copy()
    np.testing.assert_array_equal(made(one, proportions).drawn, made(one, proportions).drawn)
    np.testing.assert_array_equal(one.square, before)


@STYLES
@pytest.mark.parametrize("name", people.NAMES)
def test_a_face_is_found_again(name: str, proportions: Proportions) -> None:
    one = head(name)
    [again] = find(shown(one, proportions))
    eyes = one.mesh[[33, 263]]
    assert np.hypot(*(again.landmarks[[36, 45]] - eyes).T).max() < 0.3 * np.hypot(*(eyes[1] - eyes[0]))


@STYLES
@pytest.mark.parametrize("name", people.NAMES)
def test_eyes_are_wider_and_taller_and_the_nose_is_smaller(name: str, proportions: Proportions) -> None:
    one = head(name)
    moved = moved_points(one.mesh, made(one, proportions).flow)

    def grown(index: tuple[int, ...], axis: int) -> float:
        return float(np.ptp(moved[list(index), axis]) / np.ptp(one.mesh[list(index), axis]))

    for eye in (LEFT_EYE, RIGHT_EYE):
        assert grown(eye, 0) > 1.12
        assert grown(eye, 1) > 1.2
    assert grown((129, 358), 0) < 0.97 * grown((234, 454), 0)


def test_a_point_gets_to_where_the_film_shows_it() -> None:
    one = head("dora")
    flow = made(one, BABY).flow
    moved = moved_points(one.mesh, flow)
    there = cv2.remap(flow, moved[None, :, 0], moved[None, :, 1], cv2.INTER_LINEAR)[0]
    np.testing.assert_allclose(moved + there, one.mesh, atol=0.3)


def test_what_lies_far_from_the_head_is_the_photo() -> None:
    one = head("ben")
    for proportions in (CARTOON, BABY):
        picture = shown(one, proportions)
        for corner in (np.s_[:20, :20], np.s_[:20, -20:]):
            np.testing.assert_array_equal(picture[corner], one.square[corner])


@STYLES
def test_around_the_head_the_photo_is_moved_without_an_edge(proportions: Proportions) -> None:
    """On a ground of one colour nothing is seen of the motion."""
    one = head("ben")
    covered = (whole(one) > 0)[..., None]
    plain = one.with_square(np.where(covered, one.square, 90).astype(np.uint8))
    outside = cv2.erode((whole(one) == 0).astype(np.uint8), np.ones((91, 91))) > 0
    assert outside.mean() > 0.1
    assert np.abs(shown(plain, proportions)[outside].astype(int) - 90).max() <= 1


def test_a_babys_head_is_higher_and_a_cartoons_chin_slimmer() -> None:
    one = head("emil")
    up = made(one, BABY).flow[int(one.mesh[10, 1]) - 10, int(one.mesh[10, 0]), 1]
    assert up > 3
    chin = np.rint(one.mesh[[150, 379]]).astype(int)
    across = made(one, CARTOON).flow[chin[:, 1], chin[:, 0], 0]
    assert across[0] < -1, "what is left of the chin is fetched from farther left"
    assert across[1] > 1


@STYLES
def test_skin_is_smoother_than_the_photos_and_keeps_its_tone(proportions: Proportions) -> None:
    one = head("carla")
    drawn = made(one, proportions).drawn
    grain = [cv2.Laplacian(np.asarray(picture, np.float32), cv2.CV_32F) for picture in (one.square, drawn)]
    inside = np.zeros((SIDE, SIDE), np.bool_)
    for x, y in np.rint(one.mesh[BARE]).astype(int).tolist():
        inside[y - 6 : y + 7, x - 6 : x + 7] = True
    before, after = (float(np.abs(picture[inside]).mean()) for picture in grain)
    assert after < 0.5 * before
    skin = one.enlarged(one.maps.skin)[..., None]
    dark = made(one.with_square(np.rint(one.square * (1 - 0.5 * skin)).astype(np.uint8)), proportions).drawn
    assert (at(drawn, one.mesh[CHEEKS]) - at(dark, one.mesh[CHEEKS])).mean() > 30


def test_green_hair_stays_green() -> None:
    one = head("ben")
    hair = one.enlarged(one.maps.hair)[..., None]
    green = one.square * (1 - hair) + np.array([40, 140, 60]) * hair
    drawn = made(one.with_square(green.astype(np.uint8)), CARTOON).drawn
    inside = cv2.erode((hair[..., 0] == 1).astype(np.uint8), np.ones((15, 15))) > 0
    assert inside.any()
    assert (drawn[inside, 1] > drawn[inside, 0] + 30).mean() > 0.9


@STYLES
def test_a_square_of_any_size_is_drawn(proportions: Proportions) -> None:
    one = head("dora")
    large = cv2.resize(one.square, (640, 640), interpolation=cv2.INTER_CUBIC)
    zoom = 640 / SIDE
    drawn = made(Head(np.asarray(large, np.uint8), (one.mesh + 0.5) * zoom - 0.5, one.maps), proportions).drawn
    smaller = cv2.resize(drawn, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    assert change(smaller, made(one, proportions).drawn) < 0.25 * change(made(one, proportions).drawn, one.square)


@STYLES
@pytest.mark.parametrize("shift", [0, 250, -900])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_maps_that_say_nothing_and_a_mesh_outside_are_no_error(
    proportions: Proportions, shift: int, level: float
) -> None:
    one = head("ben")
    maps = HeadMaps(one.maps.transform, *(np.full_like(one.maps.head, level) for _ in range(3)))
    for mesh in (one.mesh + np.float32(shift), np.zeros_like(one.mesh)):
        drawn = made(Head(one.square, mesh, maps), proportions).drawn
        assert np.isfinite(drawn).all()
        assert drawn.min() >= 0
        assert drawn.max() <= 255
