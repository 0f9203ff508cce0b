import math

import cv2
import numpy as np
import pytest

from mien_export.quality.detail import detail_kept
from mien_export.quality.untouched import pooled_psnr, psnr, squared_error
from mien_service.faces.face import RgbImage


@pytest.fixture
def inside(photo: RgbImage) -> np.ndarray:
    mask = np.zeros(photo.shape[:2], np.bool_)
    mask[100:200, 100:200] = True
    return mask


def test_a_change_inside_leaves_the_outside_perfect(photo: RgbImage, inside: np.ndarray) -> None:
    changed = photo.copy()
    changed[inside] = 255 - changed[inside]
    assert psnr(squared_error(photo, changed, ~inside)) == math.inf
    assert psnr(squared_error(photo, changed, inside)) < 15


def test_psnr_of_a_step_of_one_grey_level_is_48_db(inside: np.ndarray) -> None:
    flat = np.full((*inside.shape, 3), 100, np.uint8)
    assert psnr(squared_error(flat, flat + 1, inside)) == pytest.approx(48.13, abs=0.01)


def test_differences_do_not_wrap_round(inside: np.ndarray) -> None:
    black = np.zeros((*inside.shape, 3), np.uint8)
    assert squared_error(black, black + 255, inside) == squared_error(black + 255, black, inside) == 255**2


def test_an_empty_mask_has_no_error(photo: RgbImage) -> None:
    assert math.isnan(squared_error(photo, photo, np.zeros(photo.shape[:2], np.bool_)))


def test_pictures_of_two_sizes_are_refused(photo: RgbImage, inside: np.ndarray) -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        squared_error(photo, photo[:-1], inside)


def test_pooled_psnr_is_ruled_by_the_worst_and_skips_the_unknown() -> None:
    assert pooled_psnr(np.array([0.0, 2.0, math.nan])) == pytest.approx(48.13, abs=0.01)
    assert math.isnan(pooled_psnr(np.array([math.nan])))


def test_detail_falls_with_blur_and_rises_with_sharpening(photo: RgbImage, inside: np.ndarray) -> None:
    soft = np.asarray(cv2.GaussianBlur(photo, (0, 0), 1.5), np.uint8)
    sharp = np.asarray(cv2.addWeighted(photo, 1.5, soft, -0.5, 0), np.uint8)
    assert detail_kept(photo, photo, inside) == 1
    assert detail_kept(photo, soft, inside) < 0.5
    assert detail_kept(photo, sharp, inside) > 1.15


def test_detail_ignores_what_lies_outside(photo: RgbImage, inside: np.ndarray) -> None:
    soft = np.asarray(cv2.GaussianBlur(photo, (0, 0), 3), np.uint8)
    grown = cv2.dilate(inside.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.bool_)
    kept_inside = np.where(grown[..., None], photo, soft).astype(np.uint8)
    assert detail_kept(photo, kept_inside, inside) == pytest.approx(1)


def test_too_few_pixels_say_nothing_of_detail(photo: RgbImage) -> None:
    few = np.zeros(photo.shape[:2], np.bool_)
    few[:10, :10] = True
    assert math.isnan(detail_kept(photo, photo, few))
