"""MeshNet's readings of real and of hidden faces."""

import cv2
import numpy as np
import people
import pytest
from face_points import MIRRORED
from finding import find, found, run

from mien_service.faces.face import Box, Detection, Face, RgbImage
from mien_service.faces.landmarks import MeshLandmarks, cut_square
from mien_service.faces.mesh import Square

MOUTH = slice(48, 68)
LIPS = [0, 13, 14, 17, 61, 291]
BROWS = [70, 105, 336, 334]


def eye_distance(face: Face) -> float:
    return float(np.linalg.norm(face.landmarks[36] - face.landmarks[45]))


def masked(photo: RgbImage, face: Face) -> RgbImage:
    """Return the photo with a plain cloth over mouth and nose."""
    covered = photo.copy()
    points = np.concatenate([face.landmarks[2:15], face.landmarks[29:30]])
    cv2.fillPoly(covered, [cv2.convexHull(np.rint(points).astype(np.int32))], (120, 150, 190), cv2.LINE_AA)
    return covered


@pytest.mark.parametrize("name", people.NAMES)
def test_landmarks_lie_in_the_order_of_a_face(name: str) -> None:
    face = found(name)
    points = face.landmarks
    assert face.score > 0.9
    eyes, nose, mouth, chin = points[36:48].mean(axis=0), points[33], points[MOUTH].mean(axis=0), points[8]
    assert eyes[1] < nose[1] < mouth[1] < chin[1]
    assert points[36:42, 0].mean() < nose[0] < points[42:48, 0].mean()
    assert points[17:27, 1].max() < points[36:48, 1].max()
    assert points[0, 0] < points[36, 0]
    assert points[16, 0] > points[45, 0]


@pytest.mark.parametrize("name", people.NAMES)
def test_mesh_and_landmarks_agree_and_the_nose_is_nearest(name: str) -> None:
    face = found(name)
    assert face.mesh is not None
    assert face.visibility is not None
    assert face.mesh.shape == (468, 3)
    assert face.visibility.shape == (468,)
    assert face.mesh[4, 2] < face.mesh[[33, 263, 234, 454], 2].min() - 0.2 * eye_distance(face)
    assert (face.box.left, face.box.top) == (face.mesh[:, 0].min(), face.mesh[:, 1].min())


@pytest.mark.parametrize("name", people.NAMES)
def test_a_mirrored_face_has_mirrored_landmarks_and_yaw(name: str) -> None:
    face = found(name)
    (twin,) = find(np.ascontiguousarray(people.small_person(name)[:, ::-1]))
    back = twin.landmarks[MIRRORED]
    back[:, 0] = 511 - back[:, 0]
    assert np.linalg.norm(back - face.landmarks, axis=1).mean() < 0.04 * eye_distance(face)
    assert abs(twin.pose.yaw + face.pose.yaw) < 6
    assert abs(twin.pose.pitch - face.pose.pitch) < 6


@pytest.mark.parametrize("degrees", [-40, -20, 20, 40])
def test_landmarks_and_roll_turn_with_the_photo(degrees: float) -> None:
    face, photo = found("carla"), people.small_person("carla")
    turn = cv2.getRotationMatrix2D((255.5, 255.5), -degrees, 1)
    turned = np.asarray(cv2.warpAffine(photo, turn, (512, 512), borderMode=cv2.BORDER_REFLECT), np.uint8)
    (other,) = find(turned)
    wanted = face.landmarks @ turn[:, :2].T + turn[:, 2]
    assert np.linalg.norm(other.landmarks - wanted, axis=1).mean() < 0.05 * eye_distance(face)
    assert abs(other.pose.roll - face.pose.roll - degrees) < 6
    assert abs(other.pose.yaw - face.pose.yaw) < 8


@pytest.mark.parametrize("name", ["anna", "carla", "emil"])
def test_under_a_mask_landmarks_stay_and_hidden_points_are_told(name: str) -> None:
    face, photo = found(name), people.small_person(name)
    (behind,) = find(masked(photo, face))
    assert np.linalg.norm(behind.landmarks - face.landmarks, axis=1).mean() < 0.08 * eye_distance(face)
    assert face.visibility is not None
    assert behind.visibility is not None
    assert face.visibility[LIPS].min() > 0.5 > behind.visibility[LIPS].max()
    assert behind.visibility[BROWS].min() > 0.5


def test_what_is_no_face_gets_no_reading() -> None:
    photo = people.nobody(400, 400)
    assert MeshLandmarks().read(photo, [Detection(Box(100, 100, 300, 300), 1.0)], run()) == []
    assert MeshLandmarks().read(photo, [], run()) == []


def test_a_rough_box_is_enough() -> None:
    face, photo = found("carla"), people.small_person("carla")
    box, side = face.box, face.box.height
    for shift in ((0.1, 0), (-0.1, 0.1), (0, -0.12)):
        x, y = shift[0] * side, shift[1] * side
        rough = Detection(Box(box.left + x, box.top + y, box.right + x, box.bottom + 1.15 * y), 1.0)
        (reading,) = MeshLandmarks().read(photo, [rough], run())
        assert np.linalg.norm(reading.landmarks - face.landmarks, axis=1).mean() < 0.03 * eye_distance(face)


@pytest.mark.parametrize("size", [16, 128, 1000])
def test_a_square_is_averaged_down_and_reaches_beyond_the_photo(size: int) -> None:
    rows, columns = np.mgrid[:600, :600]
    board = ((rows + columns) % 2 * 255).astype(np.uint8)
    photo = np.repeat(board[..., None], 3, axis=2)
    crop = cut_square(photo, Square(300, 300, 560), size)
    assert crop.shape == (size, size, 3)
    if size < 200:
        assert abs(float(crop.mean()) - 127.5) < 2
        assert crop.std() < 20
    beyond = cut_square(photo, Square(-300, -300, 50), 32)
    assert (beyond == photo[0, 0]).all()
