"""Pictures averaged down."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mien_service.faces.reduce import averaged


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 60), st.integers(1, 60), st.sampled_from((1, 2, 4)), st.sampled_from((1, 2, 4)), st.integers(0, 99)
)
def test_averages_are_those_of_areas(width: int, height: int, across: int, down: int, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height * down, width * across, 3), np.uint8)
    small = averaged(picture, width, height)
    exact = picture.reshape(height, down, width, across, 3).mean(axis=(1, 3))
    assert small.shape == (height, width, 3)
    # Each halving rounds once.
    assert np.abs(small - exact).max() <= 1.5


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 160), st.integers(1, 120))
def test_odd_ratios_are_averaged_too(width: int, height: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (120, 160), np.uint8)
    picture = np.asarray(cv2.GaussianBlur(noise, (0, 0), 6.0), np.uint8)
    small = averaged(picture, width, height)
    exact = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - exact).max() <= 3


def test_a_picture_of_that_size_is_itself() -> None:
    picture = np.zeros((7, 9, 3), np.uint8)
    assert averaged(picture, 9, 7) is picture
