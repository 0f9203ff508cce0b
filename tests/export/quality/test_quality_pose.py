import cv2
import numpy as np
import people
import pytest

from mien_export.quality.pose import PoseMeter, median_pose
from mien_service.engine.dlib_models import HogDetector, LandmarkPredictor
from mien_service.faces.face import Pose, RgbImage


@pytest.fixture(scope="module")
def meter() -> PoseMeter:
    return PoseMeter(HogDetector(), LandmarkPredictor())


def pose_of(meter: PoseMeter, photo: RgbImage) -> Pose:
    found = meter.pose(photo)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["ben", "dora", "gina"])
def test_a_mirrored_head_looks_the_other_way(meter: PoseMeter, name: str) -> None:
    photo = people.small_person(name)
    found, mirrored = pose_of(meter, photo), pose_of(meter, np.ascontiguousarray(photo[:, ::-1]))
    assert found.yaw > 8
    assert mirrored.yaw == pytest.approx(-found.yaw, abs=2)
    assert mirrored.pitch == pytest.approx(found.pitch, abs=2)


@pytest.mark.parametrize("degrees", [-15, 15])
def test_roll_follows_the_pictures_turn(meter: PoseMeter, degrees: int) -> None:
    photo = people.small_person("ben")
    turn = cv2.getRotationMatrix2D((256, 256), -degrees, 1)  # OpenCV turns counter-clockwise
    turned = np.asarray(cv2.warpAffine(photo, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    assert pose_of(meter, turned).roll - pose_of(meter, photo).roll == pytest.approx(degrees, abs=3)


def test_a_large_photo_reads_as_its_small_copy(meter: PoseMeter) -> None:
    large, small = pose_of(meter, people.person("dora")), pose_of(meter, people.small_person("dora"))
    np.testing.assert_allclose(large, small, atol=3)


def test_a_face_too_small_for_the_quick_look_is_found(meter: PoseMeter) -> None:
    photo = np.full((1200, 1200, 3), 180, np.uint8)
    photo[400:640, 500:740] = people.small_person("anna", 240)
    landmarks = meter.landmarks(photo)
    assert landmarks is not None
    assert landmarks.shape == (68, 2)
    assert (landmarks[:, 0] > 500).all()
    assert (landmarks[:, 0] < 740).all()


def test_the_largest_face_is_read(meter: PoseMeter) -> None:
    landmarks = meter.landmarks(people.group())
    assert landmarks is not None
    assert (landmarks > 500).all()  # emil fills most of his picture, in the middle of the second row
    assert (landmarks < 960).all()


def test_nobody_has_no_pose(meter: PoseMeter) -> None:
    assert meter.pose(people.nobody()) is None


def test_medians_are_of_absolute_angles_and_count_the_missed() -> None:
    found = median_pose([Pose(-4, 1, 0), None, Pose(2, -3, 0), Pose(10, 2, -1)])
    assert (found.yaw, found.pitch, found.roll) == (4, 2, 0)
    assert (found.n, found.missed) == (3, 1)


def test_frontal_people_read_within_the_floor(meter: PoseMeter) -> None:
    found = median_pose(meter.pose(people.small_person(name)) for name in people.NAMES)
    assert found.n == len(people.NAMES)
    assert found.yaw < 6


def test_no_pose_at_all_is_an_error() -> None:
    with pytest.raises(ValueError, match="2 photos"):
        median_pose([None, None])
