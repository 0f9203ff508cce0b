"""Finding faces with the networks that are served."""

import cv2
import numpy as np
import people
import pytest
from finding import find, finder, found, run

from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Box, Detection, RgbImage
from mien_service.faces.find import FaceFinder, FaceIndexOutOfRange, NoFaceFound, Selection
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.faces.networks import RunNetwork


def scaled(photo: RgbImage, factor: float) -> RgbImage:
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(photo, None, fx=factor, fy=factor, interpolation=interpolation), np.uint8)


def test_all_faces_come_from_left_to_right() -> None:
    faces = find(people.group(), "all")
    assert len(faces) == 6
    lefts = [face.box.left for face in faces]
    assert lefts == sorted(lefts)


def test_an_index_picks_one_of_all() -> None:
    everybody = find(people.group(), "all")
    for index, face in enumerate(everybody):
        (picked,) = find(people.group(), index)
        assert picked.box == face.box


def test_who_else_was_seen_is_told_with_who_was_selected() -> None:
    for selection, count in ((2, 1), ("all", 6)):
        selected, seen = finder().find_among(people.group(), selection, run())
        assert (len(selected), len(seen)) == (count, 6)
        assert all(any(face is other for other in seen) for face in selected)


@pytest.mark.parametrize("index", [6, 100])
def test_an_index_too_far(index: int) -> None:
    with pytest.raises(FaceIndexOutOfRange) as caught:
        find(people.group(), index)
    assert (caught.value.index, caught.value.count) == (index, 6)


@pytest.mark.parametrize("selection", ["largest", "all", 0])
def test_nobody(selection: str) -> None:
    with pytest.raises(NoFaceFound):
        find(people.nobody(), selection)  # type: ignore[arg-type]


def test_a_small_face_in_a_large_photo() -> None:
    photo = np.full((1500, 1500, 3), 160, np.uint8)
    photo[1200:1400, 100:300] = people.small_person("carla", 200)
    (face,) = find(photo, "largest")
    centre = face.landmarks.mean(axis=0)
    assert 100 < centre[0] < 300
    assert 1200 < centre[1] < 1400


@pytest.mark.parametrize("factor", [0.4, 2, 4])
def test_landmarks_follow_the_photos_size(factor: float) -> None:
    original = found("carla").landmarks
    (face,) = find(scaled(people.small_person("carla"), factor), "largest")
    back = (face.landmarks + 0.5) / factor - 0.5
    assert np.abs(back - original).mean() < 4
    assert np.abs((back - original).mean(axis=0)).max() < 2.5


@pytest.mark.parametrize("selection", ["largest", "all"])
@pytest.mark.parametrize("size", [(20_000, 64), (64, 20_000), (64, 64)])
def test_a_photo_of_any_shape(size: tuple[int, int], selection: str) -> None:
    with pytest.raises(NoFaceFound):
        find(np.full((*size, 3), 128, np.uint8), selection)  # type: ignore[arg-type]


def test_a_face_cut_by_the_photos_edge() -> None:
    portrait = people.small_person("carla")
    part = np.ascontiguousarray(portrait[:, 150:])
    try:
        faces = find(part, "largest")
    except NoFaceFound:
        return
    assert np.isfinite(faces[0].landmarks).all()


class TwiceSeen:
    """A detector that gives every box of the real one twice, a little apart."""

    def detect(self, photo: RgbImage, longest_side: int, run: RunNetwork) -> list[Detection]:
        hits = NetworkDetector().detect(photo, longest_side, run)
        moved = [hit.box for hit in hits]
        return [*hits, *(Detection(Box(b.left + 3, b.top - 2, b.right + 3, b.bottom + 2), 0.9) for b in moved)]


def test_a_face_with_two_boxes_is_one_face() -> None:
    faces = FaceFinder(TwiceSeen(), MeshLandmarks()).find(people.group(), "all", run())
    assert len(faces) == 6


class Looks:
    """A detector that sees nobody below a size, and notes the sizes at which it was asked to look."""

    def __init__(self, sees_from: int) -> None:
        self.sizes: list[int] = []
        self._sees_from = sees_from

    def detect(self, photo: RgbImage, longest_side: int, run: RunNetwork) -> list[Detection]:
        self.sizes.append(longest_side)
        return NetworkDetector().detect(photo, longest_side, run) if longest_side >= self._sees_from else []


@pytest.mark.parametrize(
    ("selection", "sees_from", "sizes"),
    [
        ("largest", 0, [320]),
        ("largest", 960, [320, 960]),
        ("largest", 1600, [320, 960, 1600]),
        ("all", 0, [960]),
        (0, 1600, [960, 1600]),
    ],
)
def test_it_looks_closer_until_it_sees_somebody(selection: Selection, sees_from: int, sizes: list[int]) -> None:
    looks = Looks(sees_from)
    assert FaceFinder(looks, MeshLandmarks()).find(people.group(), selection, run())
    assert looks.sizes == sizes


def test_a_small_photo_is_not_looked_at_twice() -> None:
    looks = Looks(10_000)
    with pytest.raises(NoFaceFound):
        FaceFinder(looks, MeshLandmarks()).find(people.small_person("carla", 300), "largest", run())
    assert looks.sizes == [320]
