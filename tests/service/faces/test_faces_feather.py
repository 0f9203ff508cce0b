import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from painted import disc, square_at, with_paint

from mien_service.faces.composite import apply_edit
from mien_service.faces.edit import Edit
from mien_service.faces.feather import crisp, feather, softened
from mien_service.faces.sheet import sheet_over


def ramp_of(row: np.ndarray) -> int:
    """Return over how many pixels a row's left half rises from a tenth to nine tenths of its height."""
    half = row[: len(row) // 2].astype(float)
    share = (half - half[0]) / (half[-1] - half[0])
    return int(((share > 0.1) & (share < 0.9)).sum())


@given(st.floats(60, 4000), st.floats(60, 4000))
def test_a_larger_face_has_a_wider_feather_but_not_in_proportion(one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert feather(small) <= feather(large) <= feather(small) * max(large / small, 1)


@given(st.floats(200, 450))
def test_a_usual_face_has_three_to_five_pixels(width: float) -> None:
    assert 3 <= feather(1.9 * width) <= 5


def painted_row(side: int, matte: np.ndarray) -> np.ndarray:
    photo = np.full((side, side, 3), 60, np.uint8)
    out = with_paint(photo, square_at(side, (side - 1) / 2, (side - 1) / 2), np.array((240, 240, 240)), matte)
    assert out.max() == 240
    return out[side // 2, :, 0]


@pytest.mark.parametrize(("side", "n"), [(115, 256), (115, 512), (300, 512)])
def test_a_small_face_gets_no_razors_edge(side: int, n: int) -> None:
    matte = (disc(n) > 0.5).astype(np.float32)
    assert ramp_of(painted_row(side, matte)) >= 1
    residual, alpha = np.full((n, n, 3), 90, np.float32), matte
    photo = np.full((side, side, 3), 60, np.uint8)
    out = apply_edit(photo, square_at(side, (side - 1) / 2, (side - 1) / 2), Edit(residual, alpha))
    assert ramp_of(out[side // 2, :, 0]) >= 1


@pytest.mark.parametrize(("side", "n"), [(1500, 64), (1500, 128), (600, 64)])
def test_a_large_face_gets_no_haze(side: int, n: int) -> None:
    matte = (disc(n) > 0.5).astype(np.float32)
    plain = side / n
    ramp = ramp_of(painted_row(side, matte))
    assert 2 <= ramp <= max(1.5 * feather(side), 0.6 * plain)


def test_a_matte_that_was_meant_to_be_soft_stays_soft() -> None:
    n, side = 64, 960
    rows, columns = np.mgrid[0:n, 0:n]
    matte = np.clip((24 - np.hypot(rows - 31.5, columns - 31.5)) / 12, 0, 1).astype(np.float32)
    ramp = ramp_of(painted_row(side, matte))
    assert ramp == pytest.approx(0.8 * 12 * side / n, rel=0.1)


FIELDS = st.integers(0, 2**32 - 1)


@settings(max_examples=30)
@given(FIELDS, st.sampled_from([32, 64]), st.floats(40, 600), st.floats(0, 1))
def test_edges_are_only_moved_inwards(seed: int, n: int, side: float, level: float) -> None:
    random = np.random.default_rng(seed)
    matte = (level * (random.random((n, n)) > 0.6)).astype(np.float32)
    matte[n // 2, n // 2] = 1
    sheet = sheet_over(matte > 0, square_at(side, 100, 100))
    assert sheet is not None
    enlarged = np.clip(sheet.resampled(matte), 0, 1)
    edged = crisp(matte, sheet)
    assert (edged[enlarged == 0] == 0).all()
    soft = softened(edged, sheet)
    assert (soft <= edged).all()
    assert soft.min() >= 0
    steepest = max(np.abs(np.diff(soft, axis=0)).max(), np.abs(np.diff(soft, axis=1)).max())
    assert steepest <= max(sheet.step / feather(side), 0) * 1.2 + 1e-5 or sheet.step >= feather(side)


def test_a_gentle_alpha_is_left_as_it_is() -> None:
    sheet = sheet_over(np.ones((64, 64), bool), square_at(300, 100, 100))
    assert sheet is not None
    width, height = sheet.size
    alpha = np.linspace(0, 1, width, dtype=np.float32)[None, :].repeat(height, axis=0)
    assert np.array_equal(softened(alpha, sheet), alpha)
