import cv2
import numpy as np
import pytest

from mien_export.quality.eye_regions import eye_openings, irises, mouth_opening
from mien_export.quality.regions import eye_distance
from mien_export.quality.skin_regions import skin
from mien_service.faces.align import AlignedFace
from mien_service.faces.face import Points


def opened(landmarks: Points) -> Points:
    """Return the landmarks with the lips far apart."""
    changed = landmarks.copy()
    changed[65:68, 1] += 0.3 * eye_distance(landmarks)
    return changed


def test_eyes_are_between_the_lids_and_no_skin(aligned: AlignedFace) -> None:
    points, shape = aligned.landmarks, aligned.crop.shape
    found = eye_openings(points, shape)
    for eye in (slice(36, 42), slice(42, 48)):
        x, y = points[eye].mean(axis=0)
        assert found[round(float(y)), round(float(x))]
    assert not (found & skin(points, shape)).any()
    assert not any(found[round(float(y)), round(float(x))] for x, y in points[36:48])


def test_a_mouth_opens_between_the_lips(aligned: AlignedFace) -> None:
    points = opened(aligned.landmarks)
    found = mouth_opening(points, aligned.crop.shape)
    x, y = points[60:68].mean(axis=0)
    assert found[round(float(y)), round(float(x))]
    assert not any(found[round(float(y)), round(float(x))] for x, y in points[48:55])
    closed = points.copy()
    closed[60:68, 1] = closed[60, 1]
    assert not mouth_opening(closed, aligned.crop.shape).any()


@pytest.mark.parametrize("aside", [-5, 0, 5])
def test_irises_are_where_the_eyes_are_dark(aligned: AlignedFace, aside: int) -> None:
    picture = np.full_like(aligned.crop, 190)
    middles = [aligned.landmarks[eye].mean(axis=0) + np.array([aside, 0]) for eye in (slice(36, 42), slice(42, 48))]
    for x, y in middles:
        cv2.circle(picture, (round(float(x)), round(float(y))), 5, (60, 40, 30), cv2.FILLED)
    found = irises(picture, aligned.landmarks)
    assert (picture[found] < 100).mean() > 0.85
    for x, y in middles:
        assert found[round(float(y)), round(float(x))]
    assert not (found & ~eye_openings(aligned.landmarks, picture.shape)).any()


def test_a_real_iris_is_darker_than_the_rest_of_the_eye(aligned: AlignedFace) -> None:
    found, opening = irises(aligned.crop, aligned.landmarks), eye_openings(aligned.landmarks, aligned.crop.shape)
    assert 0.1 < found.sum() / opening.sum() < 0.8
    assert aligned.crop[found].mean() < aligned.crop[opening & ~found].mean() - 10
