import cv2
import numpy as np
import pytest
from face_points import TILTS, WIDTHS, face_at, similarity
from hypothesis import given
from hypothesis import strategies as st

from mien_service.faces.align import (
    CROP_SIZE,
    DegenerateLandmarks,
    align,
    apply,
    at_resolution,
    crop_transform,
    cut,
    invert,
    scale_of,
)
from mien_service.faces.face import Box, Face, Pose

CORNERS = np.array([[0, 0], [255, 0], [255, 255], [0, 255], [127.5, 127.5]], np.float32)
PLACES = st.floats(-500, 4500)


@given(WIDTHS, TILTS, PLACES, PLACES)
def test_there_and_back_is_where_one_was(width: float, tilt: float, x: float, y: float) -> None:
    landmarks = face_at(width, tilt, x, y)
    transform = crop_transform(landmarks)
    back = apply(invert(transform), apply(transform, landmarks))
    assert np.abs(back - landmarks).max() < 0.5


@given(WIDTHS, TILTS, PLACES, PLACES, st.floats(0.05, 20), TILTS, PLACES, PLACES)
def test_the_square_follows_the_face(
    width: float, tilt: float, x: float, y: float, zoom: float, turn: float, right: float, down: float
) -> None:
    landmarks = face_at(width, tilt, x, y).astype(np.float64)
    change = similarity(zoom, turn, right, down)
    changed = landmarks @ change[:, :2].T + change[:, 2]
    before = apply(crop_transform(landmarks), landmarks)
    after = apply(crop_transform(changed), changed)
    assert np.abs(before - after).max() < 0.05


@given(WIDTHS, TILTS)
def test_the_aligned_face_stands_upright_in_the_middle(width: float, tilt: float) -> None:
    landmarks = face_at(width, tilt, 1000, 1000)
    aligned = apply(crop_transform(landmarks), landmarks)
    left_eye, right_eye = aligned[36:42].mean(axis=0), aligned[42:48].mean(axis=0)
    mouth = aligned[[48, 54]].mean(axis=0)
    assert left_eye[0] < 128 < right_eye[0]
    assert abs(left_eye[1] - right_eye[1]) < 20
    assert mouth[1] > left_eye[1] + 30
    assert (aligned > 0).all()
    assert (aligned < CROP_SIZE).all()


@given(WIDTHS, TILTS, st.sampled_from([64, 128, 512, 1000]))
def test_a_square_has_the_same_corners_at_every_resolution(width: float, tilt: float, size: int) -> None:
    transform = crop_transform(face_at(width, tilt, 800, 600))
    outer = np.array([[-0.5, -0.5], [CROP_SIZE - 0.5, CROP_SIZE - 0.5]], np.float32)
    outer_at_size = np.array([[-0.5, -0.5], [size - 0.5, size - 0.5]], np.float32)
    corners = apply(invert(transform), outer)
    same = apply(invert(at_resolution(transform, size)), outer_at_size)
    assert np.abs(corners - same).max() < 0.5
    direct = crop_transform(face_at(width, tilt, 800, 600), size)
    assert np.allclose(at_resolution(transform, size), direct, atol=1e-6)


@pytest.mark.parametrize("width", [60, 130, 400, 900, 2000])
@pytest.mark.parametrize("tilt", [0, 30, -100])
def test_the_cut_shows_what_lies_there(width: float, tilt: float) -> None:
    side = int(2.2 * width)
    landmarks = face_at(width, tilt, side / 2, side / 2)
    transform = crop_transform(landmarks)
    spread = 6 / scale_of(transform)
    for point in landmarks[[30, 36, 45, 8]]:
        seen = centre_of(cut(spot(side, point, spread), transform))
        assert np.abs(seen - apply(transform, point[None])[0]).max() < 0.1


def spot(side: int, at: np.ndarray, spread: float) -> np.ndarray:
    """Return a black picture with a soft white spot."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    light = 255 * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * spread**2))
    return np.repeat(np.rint(light).astype(np.uint8)[..., None], 3, axis=2)


def centre_of(picture: np.ndarray) -> np.ndarray:
    light = picture[..., 0].astype(np.float64)
    y, x = np.mgrid[0 : light.shape[0], 0 : light.shape[1]]
    return np.array([(x * light).sum(), (y * light).sum()]) / light.sum()


@given(WIDTHS, TILTS, st.floats(-3000, 3000), st.floats(-3000, 3000), st.sampled_from([(64, 64), (80, 300)]))
def test_a_face_anywhere_can_be_cut(width: float, tilt: float, x: float, y: float, size: tuple[int, int]) -> None:
    photo = np.full((*size, 3), 77, np.uint8)
    crop = cut(photo, crop_transform(face_at(width, tilt, x, y)))
    assert crop.shape == (CROP_SIZE, CROP_SIZE, 3)
    assert (crop == 77).all(), "beyond the photo its edge is repeated"


def test_fine_texture_does_not_alias() -> None:
    board = (np.indices((2000, 2000)).sum(axis=0) % 2 * 255).astype(np.uint8)
    photo = cv2.merge([board] * 3)
    crop = cut(photo, crop_transform(face_at(900, 0, 1000, 1000)))
    assert np.abs(crop[20:-20, 20:-20].astype(int) - 127).max() < 45


@pytest.mark.parametrize("landmarks", [np.zeros((68, 2)), np.full((68, 2), 300.0), face_at(0.1, 0, 5, 5)])
def test_points_that_span_no_square(landmarks: np.ndarray) -> None:
    with pytest.raises(DegenerateLandmarks):
        crop_transform(landmarks.astype(np.float32))


def test_align_gives_everything_in_pixels_of_the_crop() -> None:
    landmarks = face_at(200, 10, 256, 256)
    face = Face(Box(100, 100, 400, 400), landmarks, Pose(0, 0, 0), 1.0)
    aligned = align(np.zeros((512, 512, 3), np.uint8), face)
    assert aligned.face is face
    assert aligned.crop.shape == (256, 256, 3)
    assert np.allclose(aligned.landmarks, apply(crop_transform(landmarks), landmarks))


def test_what_is_marked_on_the_photo_is_marked_on_the_face() -> None:
    face = Face(Box(90, 80, 210, 200), face_at(120, 20, 150, 140), Pose(0, 0, 0), 1.0)
    photo = np.zeros((300, 300, 3), np.uint8)
    marked = np.zeros((300, 300), np.uint8)
    marked[140:190, 130:170] = 255
    aligned = align(photo, face, marked)
    assert aligned.marked is not None
    assert aligned.marked.shape == (CROP_SIZE, CROP_SIZE)
    rows, columns = np.nonzero(aligned.marked)
    back = apply(invert(aligned.transform), np.stack([columns, rows], axis=1).astype(np.float32))
    assert (np.abs(back - (149.5, 164.5)) < (21.5, 26.5)).all()
    assert set(np.unique(aligned.marked).tolist()) == {0, 255}
    assert len(rows) == pytest.approx(40 * 50 * scale_of(aligned.transform) ** 2, rel=0.1)
    assert align(photo, face).marked is None


def test_a_mark_at_the_photos_edge_goes_on_beyond_it_as_the_photo_does() -> None:
    face = Face(Box(90, 80, 210, 200), face_at(120, 0, 150, 140), Pose(0, 0, 0), 1.0)
    marked = np.zeros((180, 300), np.uint8)
    marked[150:, 120:180] = 255
    aligned = align(np.zeros((180, 300, 3), np.uint8), face, marked)
    assert aligned.marked is not None
    assert aligned.marked[-1].any()
