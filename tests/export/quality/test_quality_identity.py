import cv2
import numpy as np
import pytest

from mien_export.quality.identity import IdentityMeter, distances, face_chip, identity_chip, without_lower_half
from mien_service.faces.face import Face, RgbImage


@pytest.fixture(scope="module")
def meter() -> IdentityMeter:
    return IdentityMeter()


@pytest.fixture(scope="module")
def chip(photo: RgbImage, face: Face) -> RgbImage:
    return identity_chip(photo, face.landmarks)


def distance(meter: IdentityMeter, chip: RgbImage, other: RgbImage) -> float:
    found = meter.descriptors([chip, other])
    return float(distances(found[:1], found[1:])[0])


def test_the_same_chip_is_at_no_distance(meter: IdentityMeter, chip: RgbImage) -> None:
    assert distance(meter, chip, chip) == 0


def test_a_flip_is_near_the_documented_floor(meter: IdentityMeter, chip: RgbImage) -> None:
    assert 0.08 < distance(meter, chip, chip[:, ::-1]) < 0.3


def test_a_coarse_picture_is_farther_than_a_jpeg(meter: IdentityMeter, chip: RgbImage) -> None:
    packed = cv2.imencode(".jpg", chip, [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
    jpeg = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    coarse = np.asarray(cv2.resize(cv2.resize(chip, (24, 24)), chip.shape[:2]), np.uint8)
    assert 0 < distance(meter, chip, jpeg) < 0.12 < 0.25 < distance(meter, chip, coarse)


def test_a_changed_mouth_is_not_seen_in_the_upper_half(meter: IdentityMeter, chip: RgbImage) -> None:
    changed = chip.copy()
    changed[90:130, 40:110] = (200, 30, 30)
    assert distance(meter, chip, changed) > 0.1
    assert distance(meter, without_lower_half(chip), without_lower_half(changed)) == 0


def test_chips_have_the_size_asked_for(photo: RgbImage, face: Face) -> None:
    assert face_chip(photo, face.landmarks, 64, 0.2).shape == (64, 64, 3)


def test_no_chips_have_no_descriptors(meter: IdentityMeter) -> None:
    assert meter.descriptors([]).shape == (0, 128)
