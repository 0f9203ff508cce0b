"""Mining the shipped detector's mistakes."""

import numpy as np
import people
from finding import found, run

from mien_export.data.face_tiles import Tile
from mien_export.data.mesh_faces import SIDE
from mien_export.data.mined import mined_squares
from mien_service.faces.detect import NetworkDetector


def tile(name: str, points: np.ndarray) -> Tile:
    return Tile(people.small_person(name, 320), points)


def mesh_of(name: str) -> np.ndarray:
    mesh = found(name).mesh
    assert mesh is not None
    return (mesh[:, :2] * (320 / 512)).astype(np.float32)


ELSEWHERE = np.array([[0, 0], [12, 12]], np.float32)
"""Points of a face that is not where the photo's is: a small one in a corner."""


def test_a_right_box_is_not_a_mistake_and_a_wrong_one_is() -> None:
    hits = NetworkDetector().detect(people.small_person("carla", 320), 480, run())
    right = mined_squares([tile("carla", mesh_of("carla"))], run())
    wrong = mined_squares([tile("carla", ELSEWHERE)], run())
    assert len(hits) >= 1
    assert len(wrong) > len(right)
    assert wrong.shape[1:] == (SIDE, SIDE, 3)
    assert wrong.dtype == np.uint8


def test_a_mined_square_shows_what_the_detector_saw() -> None:
    (square,) = mined_squares([tile("carla", ELSEWHERE)], run())[:1]
    middle = square[40:120, 40:120].reshape(-1, 3).mean(axis=0)
    mesh = mesh_of("carla")
    low, high = mesh.min(axis=0).astype(int), mesh.max(axis=0).astype(int)
    face = people.small_person("carla", 320)[low[1] : high[1], low[0] : high[0]].reshape(-1, 3).mean(axis=0)
    assert np.abs(middle - face).max() < 25
