"""Eyes, mouth, glasses and beard of an emoji: as the photo shows them."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from drawn_heads import SIDE, Head, at, head

from mien_service.faces.drawn.canvas import Canvas
from mien_service.faces.drawn.colours import to_lab
from mien_service.faces.drawn.eye import eye_of
from mien_service.faces.drawn.parts import beard_zone, face_of, grown
from mien_service.faces.edit import Field
from mien_service.faces.face import Points
from mien_service.faces.head_maps import SIDE as MAP_SIDE
from mien_service.faces.skin.areas import LEFT_EYE, LIPS, MOUTH, RIGHT_EYE

EYES = (LEFT_EYE, RIGHT_EYE)
LOWER_LIP, UPPER_LIP = [95, 88, 178, 87, 14, 317, 402, 318, 324], [191, 80, 81, 82, 13, 312, 311, 310, 415]
WHITE, TOOTH = 225, 180
"""Least levels of the white of an eye, and of a tooth."""
SKIN = np.array([65, 15, 20], np.float32)


def with_mesh(one: Head, mesh: Points) -> Head:
    return replace(one, mesh=mesh)


def lids_shut(one: Head) -> Head:
    """Return a head whose mesh has its lids on each other; the photo is the same."""
    mesh = one.mesh.copy()
    for eye in EYES:
        lower, upper = list(eye[1:8]), list(eye[15:8:-1])
        mesh[lower] = mesh[upper] = (mesh[lower] + mesh[upper]) / 2
    return with_mesh(one, mesh)


def within(outline: Points, picture: np.ndarray) -> np.ndarray:
    """Return the pixels (n, 3) that an outline encloses."""
    return picture[Canvas(np.zeros((SIDE, SIDE, 3), np.float32)).mask(outline) > 0.5]


def white(pixels: np.ndarray) -> float:
    return float((pixels.min(axis=1) > WHITE).mean())


def light(pixels: np.ndarray) -> float:
    return float((pixels.min(axis=1) > TOOTH).mean())


@pytest.mark.parametrize("name", ["ben", "carla", "farid", "gina"])
def test_open_eyes_are_open_and_closed_ones_stay_closed(name: str) -> None:
    one = head(name)
    for eye in EYES:
        outline = one.mesh[list(eye)]
        assert white(within(outline, one.drawn())) > 0.1
        assert white(within(outline, lids_shut(one).drawn())) < 0.01


@pytest.mark.parametrize("name", ["ben", "farid", "gina"])
def test_lids_that_the_photo_shows_are_closed_though_the_mesh_says_open(name: str) -> None:
    one = head(name)
    square = one.square.copy()
    for eye in EYES:
        outline = np.rint(one.mesh[list(eye)]).astype(np.int32)
        skin = at(one.square, one.mesh[[50, 280]]).mean(axis=0)
        cv2.fillPoly(square, [outline], (0.9 * skin).tolist())
        cv2.polylines(square, [outline[:9]], isClosed=False, color=(40, 25, 20))
    drawn = one.with_square(square).drawn()
    for eye in EYES:
        assert white(within(one.mesh[list(eye)], drawn)) < 0.02


def test_eyes_that_squint_in_the_photo_squint() -> None:
    one = head("ben")
    square = one.square.copy()
    skin = at(one.square, one.mesh[[50, 280]]).mean(axis=0)
    for eye in EYES:
        outline = one.mesh[list(eye)]
        middle = outline.mean(axis=0)
        cv2.fillPoly(
            square, [np.rint(middle + (outline - middle) * [1.2, 1.6]).astype(np.int32)], (0.95 * skin).tolist()
        )
        narrow = middle + (outline - middle) * [1, 0.4]
        cv2.fillPoly(square, [np.rint(narrow).astype(np.int32)], (70, 50, 45))

    def height(drawn: Field) -> float:
        area = Canvas(np.zeros((SIDE, SIDE, 3), np.float32)).around(one.mesh[list(LEFT_EYE)], 10).of(drawn.min(axis=2))
        return float((area > WHITE).any(axis=1).sum())

    assert 0 < height(one.with_square(square).drawn()) < 0.75 * height(one.drawn())


def test_the_white_of_an_eye_is_shaded_under_its_lid() -> None:
    one = head("ben")
    drawn = one.drawn().min(axis=2)
    for eye in EYES:
        outline = one.mesh[list(eye)]
        column = drawn[:, round(float(outline[:, 0].mean() - 0.36 * np.ptp(outline[:, 0])))]
        [rows] = np.nonzero(column > WHITE - 30)
        upper, lower = (column[rows[0] - 1 : rows[-1] + 1][part] for part in (slice(0, 2), slice(3, None)))
        assert 90 < upper.mean() < lower.mean() - 12


def test_eyes_are_larger_than_in_the_photo_as_far_as_strength_says() -> None:
    one = head("gina")
    around = Canvas(np.zeros((SIDE, SIDE, 3), np.float32)).around(one.mesh[list(LEFT_EYE)], 20)

    def whites(strength: float) -> int:
        return int((around.of(one.drawn(strength).min(axis=2)) > WHITE).sum())

    assert whites(1.0) > 1.2 * whites(0.6) > 0


@pytest.mark.parametrize("aside", [-5, 5])
def test_an_iris_lies_where_it_is_in_the_photo_and_has_its_colour(aside: int) -> None:
    one = head("ben")
    face = face_of(one.mesh)
    square = one.square.copy()
    outline = one.mesh[list(LEFT_EYE)]
    cv2.fillPoly(square, [np.rint(outline).astype(np.int32)], (235, 230, 228))
    place = outline.mean(axis=0) + np.array([aside, 0])
    cv2.circle(square, tuple(np.rint(place).astype(int).tolist()), 5, (40, 80, 170), cv2.FILLED)
    eye = eye_of(to_lab(square), face, LEFT_EYE, SKIN)
    assert (eye.gaze[0] - outline[:, 0].mean()) * np.sign(aside) > 1.5
    assert eye.iris[2] < -15


def test_a_mouth_with_teeth_has_them_and_a_closed_one_has_not() -> None:
    one = head("anna")
    inside = one.mesh[list(MOUTH)]
    assert light(within(inside, one.drawn())) > 0.5
    mesh = one.mesh.copy()
    mesh[LOWER_LIP] = mesh[UPPER_LIP]
    assert light(within(inside, with_mesh(one, mesh).drawn())) < 0.02


def test_teeth_are_a_band_above_the_dark_between_two_lips() -> None:
    one = head("ben")
    mesh, square = one.mesh.copy(), one.square.copy()
    mesh[LOWER_LIP, 1] += 0.3 * face_of(mesh).unit
    upper, lower = mesh[13], mesh[14]
    half = mesh[UPPER_LIP], (mesh[UPPER_LIP] + mesh[LOWER_LIP])[::-1] / 2
    cv2.fillPoly(square, [np.rint(mesh[list(MOUTH)]).astype(np.int32)], (30, 12, 12))
    cv2.fillPoly(square, [np.rint(np.concatenate(half)).astype(np.int32)], (225, 220, 210))
    drawn = with_mesh(one.with_square(square), mesh).drawn()
    levels = at(drawn, np.stack([upper + share * (lower - upper) for share in (0.25, 0.9)]).astype(np.float32))
    assert levels[0].min() > TOOTH
    assert levels[1].mean() < levels[0].mean() - 80
    above, below = (at(drawn, ((mesh[k] + mesh[j]) / 2)[None])[0] for k, j in ((0, 13), (14, 17)))
    for lip in (above, below):
        assert TOOTH > lip.mean() > 60
        assert lip[0] > lip[1] + 25


@pytest.mark.parametrize("name", ["ben", "carla", "gina"])
def test_a_closed_mouth_is_a_darker_line_between_two_lips(name: str) -> None:
    one = head(name)
    mesh = one.mesh.copy()
    mesh[LOWER_LIP] = mesh[UPPER_LIP] = (mesh[LOWER_LIP] + mesh[UPPER_LIP]) / 2
    drawn = with_mesh(one, mesh).drawn()
    upper, line, lower, cheek = at(
        drawn, np.stack([mesh[[0, 13]].mean(axis=0), mesh[13], mesh[[14, 17]].mean(axis=0), mesh[50]])
    )
    assert line.mean() < min(upper.mean(), lower.mean()) - 8
    for lip in (upper, lower):
        assert lip[0] - lip[1] > cheek[0] - cheek[1]


def test_a_mouth_wide_open_without_teeth_is_dark() -> None:
    one = head("ben")
    mesh, square = one.mesh.copy(), one.square.copy()
    mesh[LOWER_LIP, 1] += 0.4 * face_of(mesh).unit
    cv2.fillPoly(square, [np.rint(mesh[list(MOUTH)]).astype(np.int32)], (30, 12, 12))
    drawn = with_mesh(one.with_square(square), mesh).drawn()
    middle = (mesh[13] + mesh[14]) / 2 - np.array([0, 0.08 * face_of(mesh).unit])
    assert at(drawn, middle[None].astype(np.float32)).mean() < 100


@pytest.mark.parametrize("inside", [(225, 220, 210), (30, 12, 12)])
def test_a_mouth_opens_without_a_step(inside: tuple[int, int, int]) -> None:
    one = head("ben")
    unit = face_of(one.mesh).unit
    around = Canvas(np.zeros((SIDE, SIDE, 3), np.float32)).around(one.mesh[list(MOUTH)], 0.4 * unit)
    arc = np.sin(np.linspace(0.3, np.pi - 0.3, len(LOWER_LIP)))

    def drawn(gap: float) -> Field:
        mesh, square = one.mesh.copy(), one.square.copy()
        mesh[LOWER_LIP] = mesh[UPPER_LIP]
        mesh[LOWER_LIP, 1] += (gap * unit * arc).astype(np.float32)
        opening = np.rint(16 * mesh[list(MOUTH)]).astype(np.int32)
        if gap > 0:
            cv2.fillPoly(square, [opening], inside, cv2.LINE_AA, shift=4)
        return around.of(with_mesh(one.with_square(square), mesh).drawn().mean(axis=2))

    pictures = [drawn(gap) for gap in np.linspace(0, 0.3, 61)]
    steps = [float(np.abs(after - before).sum()) for before, after in pairwise(pictures)]
    assert max(steps) < 0.2 * float(np.abs(pictures[-1] - pictures[0]).sum())


def test_lips_are_little_darker_than_skin_unless_they_are_painted() -> None:
    one = head("ben")
    lip, cheek = one.mesh[[14, 17]].mean(axis=0)[None], one.mesh[[205, 425]]
    outline = np.rint(one.mesh[list(LIPS)]).astype(np.int32)

    def redder(colour: tuple[int, int, int]) -> float:
        square = one.square.copy()
        cv2.fillPoly(square, [outline], colour)
        drawn = one.with_square(square).drawn()
        away = at(drawn, lip).mean(axis=0) - at(drawn, cheek).mean(axis=0)
        return float(away[0] - away[1])

    skin = at(one.square, cheek).mean(axis=0)
    pale, painted = redder(tuple((0.85 * skin).astype(int).tolist())), redder((190, 20, 60))
    assert abs(pale) < 35
    assert painted > pale + 60


def test_a_rim_of_lips_that_the_maps_leave_out_is_skin() -> None:
    one = head("ben")
    unit = face_of(one.mesh).unit
    canvas = Canvas(np.zeros((SIDE, SIDE, 3), np.float32))
    rim = canvas.mask(grown(one.mesh[list(LIPS)], 0.1 * unit)) - canvas.mask(grown(one.mesh[list(LIPS)], 0.03 * unit))
    square = one.square.copy()
    square[rim > 0.5] = (40, 60, 200)
    small = np.asarray(cv2.resize(rim, (MAP_SIDE, MAP_SIDE)), np.float32)
    drawn = replace(one, square=square, maps=replace(one.maps, skin=one.maps.skin * (1 - small))).drawn()
    assert (drawn[rim > 0.5][:, 2] > drawn[rim > 0.5][:, 0]).mean() < 0.02


def lenses(one: Head) -> Field:
    """Return (SIDE, SIDE), 1 where round glasses lie before the eyes."""
    drawn = np.zeros((SIDE, SIDE), np.float32)
    for eye in EYES:
        middle = tuple(np.rint(one.mesh[list(eye)].mean(axis=0)).astype(int).tolist())
        cv2.circle(drawn, middle, round(0.36 * face_of(one.mesh).unit), 1, cv2.FILLED)
    return drawn


def with_glasses(one: Head, lens: tuple[int, int, int] | None) -> Head:
    glasses = lenses(one)
    rim = glasses - cv2.erode(glasses, np.ones((5, 5)))
    square = one.square.copy()
    square[rim > 0] = (150, 20, 30)
    if lens is not None:
        square[(glasses > 0) & (rim == 0)] = lens
    small = np.asarray(cv2.resize(glasses, (MAP_SIDE, MAP_SIDE)), np.float32)
    maps = replace(one.maps, skin=one.maps.skin * (1 - small), head=np.maximum(one.maps.head, small))
    return replace(one, square=square, maps=maps)


def below_eyes(one: Head) -> Points:
    return np.stack([one.mesh[list(eye)].mean(axis=0) for eye in EYES]) + np.array([0, 0.24], np.float32) * np.float32(
        face_of(one.mesh).unit
    )


def test_glasses_are_kept_with_a_frame_of_their_own_colour() -> None:
    one = head("ben")
    worn, bare = with_glasses(one, None).drawn(), one.drawn()
    edge = lenses(one) - cv2.erode(lenses(one), np.ones((7, 7)))
    red = worn[edge > 0]
    assert (red[:, 0] - red[:, 1]).mean() > (bare[edge > 0][:, 0] - bare[edge > 0][:, 1]).mean() + 15
    assert np.abs(at(worn, below_eyes(one)) - at(bare, below_eyes(one))).mean() < 40


def test_dark_glasses_stay_dark() -> None:
    one = head("ben")
    dark = with_glasses(one, (20, 20, 25)).drawn()
    assert at(dark, below_eyes(one)).mean() < 60
    assert at(one.drawn(), below_eyes(one)).mean() > 120


def test_a_beard_is_kept_and_a_shade_is_none() -> None:
    one = head("gina")
    zone = beard_zone(face_of(one.mesh), (SIDE, SIDE, 3))[..., None]
    bearded = one.with_square(np.rint(one.square * (1 - zone) + np.array([60, 52, 50]) * zone).astype(np.uint8))
    chin = one.mesh[[199, 200, 208, 428]]
    assert at(one.drawn(), chin).mean() - at(bearded.drawn(), chin).mean() > 60
    shade = one.with_square(np.rint(one.square * (1 - 0.12 * zone)).astype(np.uint8))
    assert at(one.drawn(), chin).mean() - at(shade.drawn(), chin).mean() < 35


def test_a_grey_beard_is_kept() -> None:
    one = head("ben")
    zone = beard_zone(face_of(one.mesh), (SIDE, SIDE, 3))[..., None]
    grey = one.with_square(np.rint(one.square * (1 - zone) + 165 * zone).astype(np.uint8))
    chin = one.mesh[[199, 200, 208, 428]]

    def colourful(drawn: Field) -> float:
        pixels = at(drawn, chin)
        return float((pixels.max(axis=1) - pixels.min(axis=1)).mean())

    assert colourful(grey.drawn()) < 0.5 * colourful(one.drawn())


def test_a_hat_keeps_its_colour() -> None:
    one = head("carla")
    hair = one.enlarged(one.maps.hair)
    square = one.square.copy()
    square[hair > 0] = (30, 60, 180)
    maps = replace(one.maps, hair=np.zeros_like(one.maps.hair))
    drawn = replace(one, square=square, maps=maps).drawn()
    inside = cv2.erode(hair, np.ones((15, 15))) == 1
    assert (drawn[inside, 2] > drawn[inside, 0] + 60).mean() > 0.95


def test_a_hat_in_two_colours_keeps_both() -> None:
    one = head("carla")
    hair = one.enlarged(one.maps.hair)
    square = one.square.copy()
    left = np.arange(SIDE)[None] < one.mesh[10, 0]
    square[hair > 0] = (20, 20, 24)
    square[(hair > 0) & left] = (30, 60, 200)
    drawn = one.with_square(square).drawn()
    inside = cv2.erode(hair, np.ones((25, 25))) == 1
    blue = drawn[..., 2] > drawn[..., 0] + 40
    away = np.abs(np.arange(SIDE) - one.mesh[10, 0])[None] > 12
    assert blue[inside & left & away].mean() > 0.9
    assert blue[inside & ~left & away].mean() < 0.1


def test_a_line_around_black_hair_is_no_lighter_than_it() -> None:
    one = head("ben")
    hair = one.enlarged(one.maps.hair)
    square = one.square.copy()
    square[hair > 0] = 0
    drawn = one.with_square(square).drawn()
    top = np.arange(SIDE)[:, None] < one.mesh[10, 1] - 20
    edge = (cv2.erode(hair, np.ones((5, 5))) == 1) & (cv2.erode(hair, np.ones((11, 11))) < 1) & top
    inside = cv2.erode(hair, np.ones((25, 25))) == 1
    assert edge.any()
    assert drawn[edge].mean() <= drawn[inside].mean() + 1
