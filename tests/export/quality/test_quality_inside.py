import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from mien_export.quality.inside import full_psnr, psnr_inside, ssim_inside
from mien_export.quality.regions import Mask
from mien_service.faces.face import RgbImage


@pytest.fixture(scope="module")
def region(photo: RgbImage) -> Mask:
    mask = np.zeros(photo.shape[:2], np.bool_)
    mask[100:200, 60:180] = True
    return mask


@pytest.fixture(scope="module")
def soft(photo: RgbImage) -> RgbImage:
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), 2), np.uint8)


def test_psnr_inside_is_that_of_the_step_inside(region: Mask) -> None:
    truth = np.full((*region.shape, 3), 100, np.uint8)
    made = truth.copy()
    made[region] += 10
    assert psnr_inside(made, truth, region) == pytest.approx(28.13, abs=0.01)
    assert psnr_inside(made, truth, ~region) == math.inf


def test_full_psnr_is_what_the_whole_frame_measures(photo: RgbImage, soft: RgbImage, region: Mask) -> None:
    made = np.where(region[..., None], soft, photo).astype(np.uint8)
    inside, everywhere = psnr_inside(made, photo, region), psnr_inside(made, photo, np.ones_like(region))
    assert full_psnr(inside, float(region.mean())) == pytest.approx(everywhere)


@given(st.floats(0, 60), st.floats(1e-3, 1))
def test_dilution_only_flatters(inside: float, share: float) -> None:
    assert full_psnr(inside, share) >= inside


def test_a_quarter_of_the_frame_is_six_decibels() -> None:
    assert full_psnr(20, 0.25) == pytest.approx(26.02, abs=0.01)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_no_region_has_no_full_psnr(share: float) -> None:
    with pytest.raises(ValueError, match="frame"):
        full_psnr(20, share)


def test_alike_is_one(photo: RgbImage, region: Mask) -> None:
    assert ssim_inside(photo, photo, region) == pytest.approx(1)


def test_ssim_falls_where_the_picture_changes_only(photo: RgbImage, soft: RgbImage, region: Mask) -> None:
    made = np.where(region[..., None], soft, photo).astype(np.uint8)
    far = ~np.asarray(cv2.dilate(region.astype(np.uint8), np.ones((21, 21))), np.bool_)
    assert ssim_inside(made, photo, region) < 0.9
    assert ssim_inside(made, photo, far) == pytest.approx(1)


def test_ssim_of_flat_pictures_has_a_closed_form(region: Mask) -> None:
    a, b, c1 = 100.0, 120.0, (0.01 * 255) ** 2
    one, other = (np.full((*region.shape, 3), value, np.uint8) for value in (a, b))
    assert ssim_inside(one, other, region) == pytest.approx((2 * a * b + c1) / (a * a + b * b + c1), abs=1e-4)


def test_over_the_inner_frame_it_is_the_published_mean(photo: RgbImage, soft: RgbImage) -> None:
    inner = np.zeros(photo.shape[:2], np.bool_)
    inner[5:-5, 5:-5] = True
    whole = structural_similarity(
        photo, soft, channel_axis=2, gaussian_weights=True, use_sample_covariance=False, data_range=255
    )
    assert ssim_inside(soft, photo, inner) == pytest.approx(float(np.asarray(whole)), abs=1e-6)


def test_an_empty_region_says_nothing(photo: RgbImage, region: Mask) -> None:
    assert math.isnan(ssim_inside(photo, photo, np.zeros_like(region)))
    assert math.isnan(psnr_inside(photo, photo, np.zeros_like(region)))


def test_pictures_of_two_sizes_are_refused(photo: RgbImage, region: Mask) -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        ssim_inside(photo[:-1], photo, region)
