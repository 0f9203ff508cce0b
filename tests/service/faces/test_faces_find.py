"""Finding faces with dlib's own detectors."""

import cv2
import numpy as np
import people
import pytest
from face_points import finder, found

from mien_service.faces.face import RgbImage
from mien_service.faces.find import FaceIndexOutOfRange, NoFaceFound


def scaled(photo: RgbImage, factor: float) -> RgbImage:
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(photo, None, fx=factor, fy=factor, interpolation=interpolation), np.uint8)


def test_all_faces_come_from_left_to_right() -> None:
    faces = finder().find(people.group(), "all")
    assert len(faces) == 6
    lefts = [face.box.left for face in faces]
    assert lefts == sorted(lefts)


def test_an_index_picks_one_of_all() -> None:
    everybody = finder().find(people.group(), "all")
    for index, face in enumerate(everybody):
        (picked,) = finder().find(people.group(), index)
        assert picked.box == face.box


@pytest.mark.parametrize("index", [6, 100])
def test_an_index_too_far(index: int) -> None:
    with pytest.raises(FaceIndexOutOfRange) as caught:
        finder().find(people.group(), index)
    assert (caught.value.index, caught.value.count) == (index, 6)


@pytest.mark.parametrize("selection", ["largest", "all", 0])
def test_nobody(selection: str) -> None:
    with pytest.raises(NoFaceFound):
        finder().find(people.nobody(), selection)  # type: ignore[arg-type]


def test_a_small_face_in_a_large_photo() -> None:
    photo = np.full((1500, 1500, 3), 160, np.uint8)
    photo[1200:1400, 100:300] = people.small_person("carla", 200)
    (face,) = finder().find(photo, "largest")
    centre = face.landmarks.mean(axis=0)
    assert 100 < centre[0] < 300
    assert 1200 < centre[1] < 1400


@pytest.mark.parametrize("factor", [0.4, 2, 4])
def test_landmarks_follow_the_photos_size(factor: float) -> None:
    original = found("carla").landmarks
    (face,) = finder().find(scaled(people.small_person("carla"), factor), "largest")
    back = (face.landmarks + 0.5) / factor - 0.5
    assert np.abs(back - original).mean() < 4
    assert np.abs((back - original).mean(axis=0)).max() < 2.5


@pytest.mark.parametrize("selection", ["largest", "all"])
@pytest.mark.parametrize("size", [(20_000, 64), (64, 20_000), (64, 64)])
def test_a_photo_of_any_shape(size: tuple[int, int], selection: str) -> None:
    with pytest.raises(NoFaceFound):
        finder().find(np.full((*size, 3), 128, np.uint8), selection)  # type: ignore[arg-type]


def test_a_face_cut_by_the_photos_edge() -> None:
    portrait = people.small_person("carla")
    part = np.ascontiguousarray(portrait[:, 150:])
    try:
        faces = finder().find(part, "largest")
    except NoFaceFound:
        return
    assert np.isfinite(faces[0].landmarks).all()
