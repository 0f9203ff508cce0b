"""Mining the shipped detector's mistakes."""

import numpy as np
import people
import pytest
from finding import found, run

from mien_export.data import mined
from mien_export.data.face_tiles import Tile
from mien_export.data.mesh_faces import SIDE
from mien_export.data.mined import NO_BOXES, drawings, mined_squares, portraits
from mien_export.data.scenes import Scene
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Box, Detection
from mien_service.faces.landmarks import look
from mien_service.faces.mesh import box_square, mesh_box


def portrait(name: str, points: np.ndarray) -> Scene:
    (scene,) = portraits([Tile(people.small_person(name, 320), points)])
    return scene


def mesh_of(name: str) -> np.ndarray:
    mesh = found(name).mesh
    assert mesh is not None
    return (mesh[:, :2] * (320 / 512)).astype(np.float32)


ELSEWHERE = np.array([[0, 0], [12, 12]], np.float32)
"""Points of a face that is not where the photo's is: a small one in a corner."""


def test_a_right_box_is_not_a_mistake_and_a_wrong_one_is() -> None:
    hits = NetworkDetector().detect(people.small_person("carla", 320), 480, run())
    right = mined_squares([portrait("carla", mesh_of("carla"))], run())
    wrong = mined_squares([portrait("carla", ELSEWHERE)], run())
    assert len(hits) >= 1
    assert len(wrong) > len(right)
    assert wrong.shape[1:] == (SIDE, SIDE, 3)
    assert wrong.dtype == np.uint8


def test_a_mined_square_shows_what_the_detector_saw() -> None:
    squares = mined_squares([portrait("carla", ELSEWHERE)], run())
    square = squares[0]
    middle = square[40:120, 40:120].reshape(-1, 3).mean(axis=0)
    mesh = mesh_of("carla")
    low, high = mesh.min(axis=0).astype(int), mesh.max(axis=0).astype(int)
    face = people.small_person("carla", 320)[low[1] : high[1], low[0] : high[0]].reshape(-1, 3).mean(axis=0)
    assert np.abs(middle - face).max() < 25


def test_what_is_seen_of_a_hidden_face_is_not_a_mistake() -> None:
    scene = portrait("carla", mesh_of("carla"))
    hidden = Scene(scene.pixels, NO_BOXES, scene.boxes)
    np.testing.assert_array_equal(mined_squares([hidden], run()), mined_squares([scene], run()))


def test_drawings_are_always_the_same_and_have_no_face() -> None:
    one, again = list(drawings(3)), list(drawings(3))
    assert len({scene.pixels.tobytes() for scene in one}) == 3
    for first, second in zip(one, again, strict=True):
        np.testing.assert_array_equal(first.pixels, second.pixels)
        assert len(first.boxes) == len(first.hidden) == 0


def test_where_a_second_look_finds_the_face_it_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A box beside the face is wrong, but the mesh that is read into it may lie on the face."""
    face = Box(*portrait("carla", mesh_of("carla")).boxes[0].tolist())
    width = face.right - face.left
    beside = Box(face.left + 0.72 * width, face.top, face.right + 0.72 * width, face.bottom)
    assert beside.overlap(face) < mined.OVERLAP

    def detect(*_: object) -> list[Detection]:
        return [Detection(beside, 0.9)]

    monkeypatch.setattr(NetworkDetector, "detect", detect)
    scene = portrait("carla", mesh_of("carla"))
    (reading,) = look(scene.pixels, [box_square(beside)], run())
    on_the_face = mesh_box(reading.mesh).overlap(face) > mined.OVERLAP
    assert len(mined_squares([scene], run())) == (1 if on_the_face else 2)
    elsewhere = Scene(scene.pixels, np.array([[0, 0, 9, 9]], np.float32), NO_BOXES)
    assert len(mined_squares([elsewhere], run())) == 2


def test_a_part_of_a_face_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = portrait("carla", mesh_of("carla"))
    left, top, right, bottom = scene.boxes[0].tolist()
    part = Box(left, top, left + 0.4 * (right - left), top + 0.4 * (bottom - top))
    monkeypatch.setattr(NetworkDetector, "detect", lambda *_: [Detection(part, 0.9)])
    assert len(mined_squares([scene], run())) == 0
