import cv2
import numpy as np
import people
import pytest

from mien_export.data.restored import restored
from mien_service.faces.face import RgbImage


@pytest.fixture
def photo() -> RgbImage:
    return people.small_person("farid", 256)


def test_a_photo_restores_itself(photo: RgbImage) -> None:
    assert np.abs(restored(photo, photo).astype(int) - photo).max() <= 1


def test_tone_and_features_come_from_the_photo_and_strokes_from_the_drawing(photo: RgbImage) -> None:
    strokes = np.zeros((256, 256, 3), np.uint8)
    strokes[::2] = 40
    paper = np.full((256, 256, 3), 200, np.uint8) + strokes
    made = restored(photo, paper)
    grey, wanted = (cv2.GaussianBlur(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), (0, 0), 2.0) for one in (made, photo))
    assert np.corrcoef(grey.ravel(), wanted.ravel())[0, 1] > 0.9
    assert abs(grey.mean() - 220) > 15
    rows = made.astype(int).mean(axis=2)
    kept = np.abs(np.diff(rows, axis=0))[20:-20].mean() / np.abs(np.diff(paper.astype(int).mean(axis=2), axis=0)).mean()
    assert kept > 0.6
