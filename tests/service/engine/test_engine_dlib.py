"""dlib's detectors on real faces."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import people
import pytest

from mien_service.engine.dlib_models import HogDetector, LandmarkPredictor
from mien_service.engine.mmod import LastResortUnavailable, MmodProcess
from mien_service.faces.face import Box


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


@pytest.fixture(scope="module")
def mmod() -> Iterator[MmodProcess]:
    made = MmodProcess()
    made.warm_up()
    yield made
    made.stop()


@pytest.mark.slow
def test_mmod_sees_a_face_and_no_face(mmod: MmodProcess) -> None:
    (hit,) = mmod.detect(people.small_person("carla", 256))
    assert 0 < hit.box.left < 128 < hit.box.right < 256
    assert mmod.detect(people.nobody()) == []


@pytest.mark.slow
def test_mmod_that_is_killed_is_replaced_for_everybody(mmod: MmodProcess) -> None:
    (process,) = mmod.process_ids()
    with ThreadPoolExecutor(4) as crowd:
        looks = [crowd.submit(mmod.detect, people.nobody(400, 400)) for _ in range(4)]
        os.kill(process, signal.SIGKILL)
        assert [one.result(120) for one in looks] == [[]] * 4
    assert mmod.process_ids() != [process]


@pytest.mark.slow
def test_mmod_that_takes_too_long_is_replaced() -> None:
    hasty = MmodProcess(timeout=0.01)
    try:
        with pytest.raises(LastResortUnavailable):
            hasty.detect(people.nobody(640, 640))
    finally:
        hasty.stop()
