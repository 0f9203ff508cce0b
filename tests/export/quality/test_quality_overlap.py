import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from mien_export.quality.overlap import (
    boundary_f_score,
    found_again_share,
    intersection_over_union,
    mean_iou,
    outline,
)
from mien_service.faces.face import Box

Masks = arrays(np.bool_, (6, 7))


def block(left: int, right: int) -> np.ndarray:
    mask = np.zeros((10, 10), np.bool_)
    mask[:, left:right] = True
    return mask


def test_known_overlaps() -> None:
    assert intersection_over_union(block(0, 6), block(3, 9)) == pytest.approx(3 / 9)
    assert intersection_over_union(block(0, 5), block(5, 10)) == 0
    assert intersection_over_union(block(0, 0), block(0, 0)) == 1
    assert intersection_over_union(block(0, 0), block(0, 1)) == 0


@given(Masks, Masks)
def test_it_is_symmetric_and_one_only_for_equals(one: np.ndarray, other: np.ndarray) -> None:
    found = intersection_over_union(one, other)
    assert found == intersection_over_union(other, one)
    assert 0 <= found <= 1
    assert (found == 1) == bool((one == other).all())


def test_small_masks_count_as_much_as_large_ones() -> None:
    assert mean_iou([block(0, 10), block(0, 1)], [block(0, 10), block(1, 2)]) == 0.5
    assert math.isnan(mean_iou([], []))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        intersection_over_union(block(0, 1), block(0, 1)[:5])
    with pytest.raises(ValueError, match="zip"):
        mean_iou([block(0, 1)], [])


def test_a_face_counts_as_found_where_it_was() -> None:
    source = Box(10, 10, 50, 50)
    nudged, elsewhere = Box(14, 12, 54, 52), Box(60, 10, 100, 50)
    assert found_again_share([[elsewhere, nudged], [nudged], [elsewhere], []], [source] * 4) == 0.5
    assert math.isnan(found_again_share([], []))
    with pytest.raises(ValueError, match="zip"):
        found_again_share([[]], [])


def test_an_outline_is_found_within_the_tolerance() -> None:
    everywhere = np.ones((10, 10), np.bool_)
    assert boundary_f_score(block(0, 5), block(0, 5), everywhere, 0) == 1
    assert boundary_f_score(block(0, 5), block(0, 7), everywhere, 1) == 0
    assert boundary_f_score(block(0, 5), block(0, 7), everywhere, 2) == 1
    # Of two outlines one is right: half the precision at full recall.
    assert boundary_f_score(block(2, 6), block(0, 6), everywhere, 0) == pytest.approx(2 / 3)


def test_outlines_count_within_the_given_part_alone() -> None:
    upper = np.zeros((10, 10), np.bool_)
    upper[:5] = True
    odd = block(0, 5)
    odd[5:] = block(0, 9)[5:]
    assert boundary_f_score(odd, block(0, 5), upper, 1) == 1
    assert boundary_f_score(odd, block(0, 5), np.ones_like(odd), 1) < 1


def test_where_there_is_no_outline_none_is_right() -> None:
    everywhere, nothing, whole = np.ones((10, 10), np.bool_), block(0, 0), block(0, 10)
    assert not outline(whole).any()
    assert boundary_f_score(nothing, whole, everywhere, 1) == 1
    assert boundary_f_score(nothing, block(0, 5), everywhere, 1) == 0
    assert boundary_f_score(block(0, 5), nothing, everywhere, 1) == 0


@given(Masks, Masks)
def test_a_score_of_outlines_is_symmetric(one: np.ndarray, other: np.ndarray) -> None:
    everywhere = np.ones((6, 7), np.bool_)
    score = boundary_f_score(one, other, everywhere, 1)
    assert score == pytest.approx(boundary_f_score(other, one, everywhere, 1))
    assert 0 <= score <= 1
