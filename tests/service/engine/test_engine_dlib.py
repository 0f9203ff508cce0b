"""dlib's detector and landmarks on real faces."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import people
from finding import found, run

from mien_service.engine.dlib_models import DlibLandmarks, HogDetector, LandmarkPredictor
from mien_service.faces.face import Box, Detection


def test_hog_sees_a_face_and_no_face() -> None:
    (hit,) = HogDetector().detect(people.small_person("carla"))
    assert hit.score > 0.5
    assert 0 < hit.box.left < 256 < hit.box.right < 512
    assert HogDetector().detect(people.nobody()) == []


def test_hog_is_safe_on_many_threads() -> None:
    detector = HogDetector()
    pictures = [people.small_person(name, 400) for name in people.NAMES[:4]]
    alone = [detector.detect(one) for one in pictures]
    with ThreadPoolExecutor(4) as crowd:
        together = list(crowd.map(detector.detect, pictures * 6))
    assert together == alone * 6


def test_landmarks_are_where_they_belong() -> None:
    photo = people.small_person("carla")
    (hit,) = HogDetector().detect(photo)
    landmarks = LandmarkPredictor().predict(photo, hit.box)
    assert landmarks.shape == (68, 2)
    assert landmarks.dtype == np.float32
    eyes, mouth = landmarks[36:48].mean(axis=0), landmarks[48:68].mean(axis=0)
    assert eyes[1] < mouth[1]
    assert landmarks[36:42, 0].mean() < landmarks[42:48, 0].mean()


def test_a_box_beyond_the_picture_still_gets_landmarks() -> None:
    landmarks = LandmarkPredictor().predict(people.nobody(), Box(-50, -50, 400, 400))
    assert np.isfinite(landmarks).all()


def test_the_landmark_model_reads_every_candidate() -> None:
    photo = people.small_person("carla")
    mine = found("carla")
    (reading,) = DlibLandmarks().read(photo, [Detection(mine.box, 0.9)], run())
    assert reading.mesh is None
    assert reading.score == 0.9
    eyes = np.linalg.norm(mine.landmarks[36] - mine.landmarks[45])
    assert np.linalg.norm(reading.landmarks - mine.landmarks, axis=1).mean() < 0.12 * eyes
    assert abs(reading.pose.yaw - mine.pose.yaw) < 12
