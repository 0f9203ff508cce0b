import math

import cv2
import numpy as np
import pytest

from mien_export.quality.regions import Mask
from mien_export.quality.sharpness import sharpness_match
from mien_service.faces.face import RgbImage

SIDE = 600
FACE = 500


@pytest.fixture(scope="module")
def texture() -> RgbImage:
    grain = np.random.default_rng(0).normal(128, 12, (SIDE, SIDE, 1))
    return np.clip(np.repeat(grain, 3, axis=2), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def skin() -> Mask:
    return np.ones((SIDE, SIDE), np.bool_)


@pytest.fixture(scope="module")
def hole() -> Mask:
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[200:400, 200:400] = True
    return mask


def filled(photo: RgbImage, hole: Mask, other: np.ndarray) -> RgbImage:
    return np.where(hole[..., None], other, photo).astype(np.uint8)


def test_even_grain_matches_itself(texture: RgbImage, hole: Mask, skin: Mask) -> None:
    assert sharpness_match(texture, hole, skin, FACE) == pytest.approx(1, abs=0.05)


def test_grain_of_half_the_height_has_a_quarter_of_the_variance(texture: RgbImage, hole: Mask, skin: Mask) -> None:
    weak = filled(texture, hole, 128 + (texture - 128.0) / 2)
    assert sharpness_match(weak, hole, skin, FACE) == pytest.approx(0.25, abs=0.05)


def test_a_soft_filling_is_told(texture: RgbImage, hole: Mask, skin: Mask) -> None:
    soft = filled(texture, hole, np.asarray(cv2.GaussianBlur(texture, (0, 0), 1)))
    assert sharpness_match(soft, hole, skin, FACE) < 0.2


def test_the_seam_itself_counts_for_neither_side(texture: RgbImage, hole: Mask, skin: Mask) -> None:
    seamed = texture.copy()
    cv2.rectangle(seamed, (199, 199), (400, 400), (255, 255, 255), 3)
    plain = sharpness_match(texture, hole, skin, FACE)
    assert sharpness_match(seamed, hole, skin, FACE) == pytest.approx(plain)


def test_only_a_ring_of_skin_is_looked_at(texture: RgbImage, hole: Mask, skin: Mask) -> None:
    plain = sharpness_match(texture, hole, skin, FACE)
    far = texture.copy()
    far[:140], far[460:] = 0, 255
    assert sharpness_match(far, hole, skin, FACE) == pytest.approx(plain)
    half = skin.copy()
    half[:, 300:] = False
    hairy = texture.copy()
    hairy[:, 302:] = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE - 302, 3))
    assert sharpness_match(hairy, hole, half, FACE) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("width", [399.9, 100])
def test_small_faces_say_nothing(texture: RgbImage, hole: Mask, skin: Mask, width: float) -> None:
    assert math.isnan(sharpness_match(texture, hole, skin, width))
    assert not math.isnan(sharpness_match(texture, hole, skin, 400))


def test_no_region_no_skin_and_flat_skin_say_nothing(texture: RgbImage, hole: Mask, skin: Mask) -> None:
    assert math.isnan(sharpness_match(texture, np.zeros_like(hole), skin, FACE))
    assert math.isnan(sharpness_match(texture, hole, hole, FACE))
    assert math.isnan(sharpness_match(np.full_like(texture, 90), hole, skin, FACE))
