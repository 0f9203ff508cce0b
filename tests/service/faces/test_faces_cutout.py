import cv2
import numpy as np
import pytest
from face_points import TILTS, face_at
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien_service.faces.align import AlignedFace, align, cut
from mien_service.faces.cutout import HeadCutout, head_cutout
from mien_service.faces.face import Box, Face, Points, Pose, RgbImage
from mien_service.faces.head_maps import SIDE, head_transform

BEHIND = (40, 90, 60)
HEAD = (230, 90, 60)
NECK = (40, 250, 60)


def colours_are_maps(network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Stands in for the network: what is red is head, what is green skin."""
    assert network == "head_segmenter"
    image = inputs["image"]
    head, skin = ((image[:, i : i + 1] > 0.6).astype(np.float32) for i in (0, 1))
    return {"maps": np.concatenate([head, skin, head], axis=1)}


def aligned(photo: RgbImage, landmarks: Points) -> AlignedFace:
    low, high = landmarks.min(axis=0).tolist(), landmarks.max(axis=0).tolist()
    return align(photo, Face(Box(*low, *high), landmarks, Pose(0, 0, 0), 1.0))


def ground(height: int, width: int) -> RgbImage:
    return np.full((height, width, 3), BEHIND, np.uint8)


def with_head(photo: RgbImage, x: float, y: float, width: float) -> RgbImage:
    """Return a photo with a round head, half as wide again as its face."""
    return cv2.circle(photo.copy(), (round(x), round(y)), round(0.75 * width), HEAD, -1)


def over_photo(cutout: HeadCutout, photo: RgbImage) -> NDArray[np.float32]:
    """Return the alpha over the whole photo."""
    whole = np.zeros(photo.shape[:2], np.float32)
    height, width = cutout.alpha.shape
    whole[cutout.top : cutout.top + height, cutout.left : cutout.left + width] = cutout.alpha
    return whole


@settings(max_examples=40)
@given(st.floats(60, 260), TILTS, st.floats(0, 500), st.floats(0, 400))
def test_a_box_lies_within_the_photo_and_holds_the_head(width: float, tilt: float, x: float, y: float) -> None:
    photo = with_head(ground(400, 500), x, y, width)
    cutout = head_cutout(photo, aligned(photo, face_at(width, tilt, x, y)), colours_are_maps)
    height, wide = cutout.alpha.shape
    assert 0 <= cutout.left < cutout.left + wide <= 500
    assert 0 <= cutout.top < cutout.top + height <= 400
    assert cutout.alpha.dtype == np.float32
    assert 0 <= cutout.alpha.min() <= cutout.alpha.max() <= 1
    head = (photo == HEAD).all(axis=2)
    whole = over_photo(cutout, photo)
    shared = np.minimum(whole, head).sum() / np.maximum(whole, head).sum()
    assert shared > 0.85
    assert cutout.of(photo).shape == (height, wide, 3)
    np.testing.assert_array_equal(cutout.of(photo)[0, 0], photo[cutout.top, cutout.left])


@pytest.mark.parametrize("width", [80, 700])
def test_the_edge_is_the_photos_at_its_own_resolution(width: int) -> None:
    side = 3 * width
    photo = with_head(ground(side, side), side / 2, side / 2, width)
    cutout = head_cutout(photo, aligned(photo, face_at(width, 5, side / 2, side / 2)), colours_are_maps)
    head = (photo == HEAD).all(axis=2)
    wrong = np.abs(over_photo(cutout, photo) - head)
    # Pixels wide, over the circle's length.
    assert wrong.sum() / (2 * np.pi * 0.75 * width) < 0.012 * width
    deep = cv2.erode(head.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=round(0.06 * width)) > 0
    assert over_photo(cutout, photo)[deep].min() == 1


def test_a_mirrored_photo_gives_the_same_cutout_mirrored() -> None:
    photo = with_head(ground(300, 400), 150, 160, 120)
    photo[100:130, 60:110] = HEAD
    landmarks = face_at(120, 0, 150, 160)
    mirrored = landmarks.copy()
    mirrored[:, 0] = 399 - mirrored[:, 0]
    # In a mirror the left eye is the right one.
    mirrored[[*range(36, 42), *range(42, 48), 48, 54]] = mirrored[[*range(42, 48), *range(36, 42), 54, 48]]
    one = over_photo(head_cutout(photo, aligned(photo, landmarks), colours_are_maps), photo)
    flipped = np.ascontiguousarray(photo[:, ::-1])
    other = over_photo(head_cutout(flipped, aligned(flipped, mirrored), colours_are_maps), photo)
    assert np.abs(one - other[:, ::-1]).mean() < 2e-3


def test_another_head_beside_is_left_out() -> None:
    photo = with_head(with_head(ground(300, 500), 150, 150, 100), 330, 150, 100)
    for x, other in ((150, 330), (330, 150)):
        whole = over_photo(head_cutout(photo, aligned(photo, face_at(100, 0, x, 150)), colours_are_maps), photo)
        assert whole[150, x] == 1
        assert not whole[:, other - 76 : other + 76].any()


def test_a_face_has_no_holes_and_there_is_always_a_head() -> None:
    photo = with_head(ground(300, 300), 150, 150, 120)
    photo[140:165, 130:170] = BEHIND
    face = aligned(photo, face_at(120, 0, 150, 150))
    cutout = head_cutout(photo, face, colours_are_maps)
    assert over_photo(cutout, photo)[140:165, 130:170].min() == 1
    bare = ground(300, 300)
    assert head_cutout(bare, aligned(bare, face_at(120, 0, 150, 150)), colours_are_maps).alpha.max() == 1


def test_a_neck_belongs_to_it_if_asked() -> None:
    photo = ground(400, 300)
    photo[200:330, 120:180] = NECK
    photo = with_head(photo, 150, 150, 110)
    face = aligned(photo, face_at(110, 0, 150, 150))
    bare = over_photo(head_cutout(photo, face, colours_are_maps), photo)
    whole = over_photo(head_cutout(photo, face, colours_are_maps, neck=True), photo)
    assert bare[260:].max() == 0
    assert whole[255:275, 130:170].min() > 0.9
    assert (whole[:200] >= bare[:200] - 0.05).all()


def test_tufts_of_the_ground_are_left_out() -> None:
    photo = with_head(ground(400, 400), 200, 220, 120)
    face = aligned(photo, face_at(120, 0, 200, 220))
    bare = over_photo(head_cutout(photo, face, colours_are_maps), photo)
    tuft = cv2.line(photo.copy(), (200, 140), (200, 60), HEAD, 5)
    found = over_photo(head_cutout(tuft, face, colours_are_maps), photo)
    assert bare[:115].max() == 0
    assert found[:115].max() < 0.1


def test_between_chin_and_neck_the_edge_is_no_haze() -> None:
    """Where the photo has no edge, the cut-out has one, a few pixels wide."""
    told = ground(900, 700)
    told[450:800, 280:420] = NECK
    told = with_head(told, 350, 350, 260)
    photo = np.where((told == NECK).all(axis=2, keepdims=True), np.array(HEAD, np.uint8), told)
    face = aligned(photo, face_at(260, 0, 350, 350))

    def maps_as_told(network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        del inputs
        square = cut(told, head_transform(face.transform), SIDE)
        return colours_are_maps(network, image=square.transpose(2, 0, 1)[None] / np.float32(255))

    column = over_photo(head_cutout(photo, face, maps_as_told), photo)[:, 350]
    partly = (column > 0.05) & (column < 0.95)
    assert 1 <= partly[400:].sum() < 0.035 * 260
    assert column[400:520].min() == 1
    assert column[580:].max() == 0


def test_where_a_head_leaves_the_photo_its_corners_are_round() -> None:
    photo = with_head(ground(400, 400), 330, 200, 160)
    alpha = over_photo(head_cutout(photo, aligned(photo, face_at(160, 0, 330, 200)), colours_are_maps), photo)
    last = np.flatnonzero((photo == HEAD).all(axis=2)[:, -1])
    assert alpha[last[0] + 1 : last[0] + 4, -1].max() < 0.5
    assert alpha[last[-1] - 3 : last[-1], -1].max() < 0.5
    assert alpha[190:210, -1].min() > 0.95
    assert alpha[190:210, -20].min() == 1
