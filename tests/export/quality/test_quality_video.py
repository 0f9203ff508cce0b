import cv2
import numpy as np
import people
import pytest

from mien_export.quality.video import optical_flow, visible, warping_error
from mien_service.faces.face import RgbImage

STEP = 3


@pytest.fixture(scope="module")
def source() -> list[RgbImage]:
    """Five frames of a camera that pans over a person, STEP pixels a frame."""
    photo = people.small_person("dora", 320)
    return [np.ascontiguousarray(photo[40:240, 20 + STEP * i : 240 + STEP * i]) for i in range(5)]


def with_offsets(frames: list[RgbImage], offsets: list[int]) -> list[RgbImage]:
    pairs = zip(frames, offsets, strict=True)
    return [np.clip(frame.astype(np.int64) // 2 + 60 + offset, 0, 255).astype(np.uint8) for frame, offset in pairs]


def test_the_flow_is_the_pan(source: list[RgbImage]) -> None:
    flow = optical_flow(source[0], source[1])[20:-20, 20:-20]
    np.testing.assert_allclose(np.median(flow, axis=(0, 1)), (-STEP, 0), atol=0.2)


def test_a_pan_has_hardly_any_error(source: list[RgbImage]) -> None:
    assert warping_error(source, source) < 5e-4


def test_a_still_video_has_none(source: list[RgbImage]) -> None:
    assert warping_error([source[0]] * 3, [source[1]] * 3) == 0


def test_flicker_costs_the_square_of_its_height(source: list[RgbImage]) -> None:
    still = [source[0]] * 4
    edited = with_offsets(still, [0, 10, 0, 10])
    assert warping_error(still, edited) == pytest.approx((10 / 255) ** 2, rel=1e-3)


def test_flicker_is_seen_under_motion(source: list[RgbImage]) -> None:
    steady, flickering = with_offsets(source, [0] * 5), with_offsets(source, [0, 12, 0, 12, 0])
    assert warping_error(source, flickering) > 5 * warping_error(source, steady)


def test_an_edit_that_sticks_to_the_screen_is_seen(source: list[RgbImage]) -> None:
    stuck = [source[0]] * len(source)
    assert warping_error(source, stuck) > 3 * warping_error(source, source)


def test_what_is_covered_is_left_out(source: list[RgbImage]) -> None:
    following = source[0].copy()
    cv2.rectangle(following, (80, 60), (140, 120), (20, 220, 40), -1)
    seen = visible(optical_flow(source[0], following), optical_flow(following, source[0]))
    assert seen[:30].mean() > 0.95
    assert seen[65:115, 85:135].mean() < seen[:30].mean()


def test_a_flow_out_of_the_picture_is_not_seen() -> None:
    there = np.zeros((10, 20, 2), np.float32)
    there[..., 0] = 5
    seen = visible(there, -there)
    assert seen[:, :15].all()
    assert not seen[:, 15:].any()


@pytest.mark.parametrize(("frames", "edited"), [(1, 1), (3, 2), (0, 0)])
def test_frames_that_do_not_pair_are_refused(source: list[RgbImage], frames: int, edited: int) -> None:
    with pytest.raises(ValueError, match="frames"):
        warping_error(source[:frames], source[:edited])
