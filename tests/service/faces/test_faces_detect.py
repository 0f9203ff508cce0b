"""The detector's boxes."""

import cv2
import numpy as np
import people
import pytest
from finding import found, run

from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Detection, RgbImage


def boxes(photo: RgbImage, longest_side: int = 640) -> list[Detection]:
    return NetworkDetector().detect(photo, longest_side, run())


@pytest.mark.parametrize("name", people.NAMES)
@pytest.mark.parametrize("longest_side", [320, 640])
def test_the_box_spans_the_mesh(name: str, longest_side: int) -> None:
    hit = max(boxes(people.small_person(name), longest_side), key=lambda hit: hit.score)
    assert hit.box.overlap(found(name).box) > 0.6
    assert hit.score > 0.5


def test_a_grey_dark_and_a_small_face_are_seen() -> None:
    photo = people.small_person("carla")
    grey = np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    dark = (photo * 0.25).astype(np.uint8)
    small = np.full((640, 640, 3), 150, np.uint8)
    small[300:360, 200:260] = people.small_person("carla", 60)
    for picture in (grey, dark, small):
        assert boxes(picture)


def test_boxes_are_in_the_photos_own_pixels() -> None:
    photo = np.full((1800, 2400, 3), 170, np.uint8)
    photo[600:1112, 1500:2012] = people.small_person("carla")
    hit = max(boxes(photo), key=lambda hit: hit.score)
    mine = found("carla").box
    moved = type(mine)(mine.left + 1500, mine.top + 600, mine.right + 1500, mine.bottom + 600)
    assert hit.box.overlap(moved) > 0.6


@pytest.mark.parametrize("size", [(64, 64), (1, 3000), (3000, 1), (31, 33), (700, 500)])
def test_nobody_in_pictures_of_any_shape(size: tuple[int, int]) -> None:
    assert boxes(np.full((*size, 3), 128, np.uint8)) == []


def test_one_face_gives_one_box() -> None:
    for name in people.NAMES:
        hits = boxes(people.small_person(name))
        for i, hit in enumerate(hits):
            assert all(hit.box.overlap(other.box) <= 0.45 for other in hits[:i])
