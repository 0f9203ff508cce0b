import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien_export.data.ink_lines import Pen, averaged_along, directions, ink_lines
from mien_service.faces.edit import Field

PEN = Pen(width=0.85, sharpness=12, level=0.46, hardness=8)


def bar(side: int = 96, level: float = 0.3) -> Field:
    """Return a light picture with a dark upright bar of 4 pixels."""
    grey = np.full((side, side), 0.7, np.float32)
    grey[10:-10, 46:50] = level
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.8), np.float32)


def test_an_even_picture_is_paper() -> None:
    for level in (0.1, 0.5, 0.9):
        assert ink_lines(np.full((40, 50), level, np.float32), PEN).min() > 0.99


def test_what_is_darker_than_its_surround_is_ink() -> None:
    lines = ink_lines(bar(), PEN)
    assert lines[20:-20, 47:49].max() < 0.3
    assert lines[:, :40].min() > 0.9
    assert lines.min() >= 0
    assert lines.max() <= 1


@given(st.floats(-0.25, 0.25))
def test_light_is_all_one(shift: float) -> None:
    np.testing.assert_allclose(ink_lines(bar() + np.float32(shift), PEN), ink_lines(bar(), PEN), atol=0.01)


def test_a_softer_pen_draws_less_dark() -> None:
    soft = Pen(PEN.width, PEN.sharpness, PEN.level, PEN.hardness / 8)
    assert ink_lines(bar(level=0.6), soft).mean() > ink_lines(bar(level=0.6), PEN).mean()


def test_specks_are_left_out() -> None:
    grey = bar()
    grey[30:33, 20:23] = 0.2
    lines = ink_lines(grey, Pen(PEN.width, PEN.sharpness, PEN.level, PEN.hardness, least=1))
    assert lines[30:33, 20:23].min() < 0.5
    clean = ink_lines(grey, Pen(PEN.width, PEN.sharpness, PEN.level, PEN.hardness, least=80))
    assert clean[26:37, 16:27].min() > 0.6
    np.testing.assert_array_equal(clean[50:80, 44:52], lines[50:80, 44:52])


@pytest.mark.parametrize("degrees", [0, 30, 90, 135])
def test_directions_follow_stripes(degrees: int) -> None:
    angle = np.deg2rad(degrees)
    x, y = np.meshgrid(np.arange(64), np.arange(64))
    stripes = np.sin(0.5 * (x * -np.sin(angle) + y * np.cos(angle))).astype(np.float32)
    found = directions(stripes)[16:-16, 16:-16]
    along = np.abs(found @ np.array([np.cos(angle), np.sin(angle)], np.float32))
    assert along.min() > 0.98
    np.testing.assert_allclose(np.linalg.norm(found, axis=2), 1, atol=1e-5)


def test_gaps_along_a_direction_close_and_across_it_nothing_spreads() -> None:
    values = np.zeros((40, 40), np.float32)
    values[:, 20] = 1
    values[18:21, 20] = 0
    upright = np.zeros((40, 40, 2), np.float32)
    upright[..., 1] = 1
    made = averaged_along(values, upright)
    assert made[19, 20] > 0.4
    assert made[10, 20] > 0.99
    assert np.abs(made[:, :19]).max() < 1e-6
