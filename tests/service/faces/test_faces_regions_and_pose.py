import numpy as np
import people
import pytest
from face_points import MIRRORED, face_at, similarity
from finding import found
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mien_service.faces.align import apply, crop_transform
from mien_service.faces.face import Box, Pose
from mien_service.faces.pose import estimate_pose, pose_of_rotation, rotation_of
from mien_service.faces.regions import REGIONS
from mien_service.tasks.attributes import REGION_OF, Attribute


@pytest.mark.parametrize("name", list(REGIONS))
@given(landmarks=arrays.arrays(np.float32, (68, 2), elements=st.floats(-300, 600, width=32)))
def test_a_region_is_within_zero_and_one_whatever_the_landmarks(name: str, landmarks: np.ndarray) -> None:
    region = REGIONS[name](landmarks)
    assert region.shape == (256, 256)
    assert region.dtype == np.float32
    assert region.min() >= 0
    assert region.max() <= 1


@pytest.mark.parametrize("name", people.NAMES)
def test_regions_lie_where_they_say(name: str) -> None:
    face = found(name)
    landmarks = apply(crop_transform(face.landmarks), face.landmarks)
    middle = {part: landmarks[points].mean(axis=0).astype(int) for part, points in PARTS.items()}
    for region, inside, outside in EXPECTED:
        field = REGIONS[region](landmarks)
        assert all(field[middle[part][1], middle[part][0]] > 0.8 for part in inside), region
        assert all(field[middle[part][1], middle[part][0]] < 0.2 for part in outside), region


PARTS = {"mouth": slice(48, 68), "left eye": slice(36, 42), "right eye": slice(42, 48), "chin": slice(7, 10),
         "lip": [33, 50, 51, 52], "left brow": slice(17, 22)}  # fmt: skip
EXPECTED = [
    ("face", ["mouth", "left eye", "right eye", "lip"], []),
    ("smile", ["mouth", "left eye", "right eye"], []),
    ("upper_lip", ["lip"], ["left eye", "right eye", "left brow"]),
    ("beard", ["mouth", "lip", "chin"], ["left eye", "right eye", "left brow"]),
    ("eyes", ["left eye", "right eye", "left brow"], ["mouth", "chin"]),
]


def test_every_attribute_has_a_region() -> None:
    assert set(REGION_OF) == set(Attribute)
    assert set(REGION_OF.values()) <= set(REGIONS)


def mirrored(landmarks: np.ndarray) -> np.ndarray:
    return ((landmarks * [-1, 1] + [512, 0])[MIRRORED]).astype(np.float32)


@pytest.mark.parametrize("name", people.NAMES)
def test_a_mirror_turns_yaw_and_roll_round(name: str) -> None:
    landmarks = found(name).landmarks
    pose, other = estimate_pose(landmarks), estimate_pose(mirrored(landmarks))
    assert other.yaw == pytest.approx(-pose.yaw, abs=1)
    assert other.roll == pytest.approx(-pose.roll, abs=1)
    assert other.pitch == pytest.approx(pose.pitch, abs=1)


@pytest.mark.parametrize("name", people.NAMES)
def test_yaw_grows_to_the_images_right(name: str) -> None:
    face = found(name)
    across = face.landmarks[30, 0] - face.landmarks[[36, 45], 0].mean()
    if abs(across) > 8:
        assert np.sign(face.pose.yaw) == np.sign(across)


@pytest.mark.parametrize("turn", [-40, -15, 20, 45])
@pytest.mark.parametrize("name", ["anna", "carla", "farid"])
def test_roll_follows_the_head(name: str, turn: float) -> None:
    landmarks = found(name).landmarks
    turned = estimate_pose(apply(similarity(1, turn, 0, 0), landmarks))
    assert turned.roll - estimate_pose(landmarks).roll == pytest.approx(turn, abs=3)


@given(st.floats(10, 3000), st.floats(-4000, 4000), st.floats(-4000, 4000))
def test_pose_does_not_depend_on_place_or_size(width: float, x: float, y: float) -> None:
    pose, other = estimate_pose(face_at(200, 0, 256, 256)), estimate_pose(face_at(width, 0, x, y))
    assert other == pytest.approx(pose, abs=2)


@given(arrays.arrays(np.float32, (68, 2), elements=st.floats(-300, 600, width=32)))
def test_any_points_have_a_finite_pose(landmarks: np.ndarray) -> None:
    assert np.isfinite(estimate_pose(landmarks)).all()


BOXES = st.builds(Box, *[st.floats(-100, 100)] * 4)


@given(BOXES, BOXES)
def test_overlap_is_a_share_and_symmetric(one: Box, other: Box) -> None:
    assert 0 <= one.overlap(other) <= 1
    assert one.overlap(other) == pytest.approx(other.overlap(one))


def test_overlap_of_known_boxes() -> None:
    assert Box(0, 0, 2, 2).overlap(Box(1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert Box(0, 0, 2, 2).overlap(Box(0, 0, 2, 2)) == 1
    assert Box(0, 0, 2, 2).overlap(Box(5, 5, 6, 6)) == 0


@given(st.floats(-80, 80), st.floats(-60, 60), st.floats(-170, 170))
def test_a_poses_rotation_has_that_pose(yaw: float, pitch: float, roll: float) -> None:
    np.testing.assert_allclose(pose_of_rotation(rotation_of(Pose(yaw, pitch, roll))), (yaw, pitch, roll), atol=1e-6)
