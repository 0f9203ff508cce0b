"""The outline of an emoji's head above its eyes."""

import cv2
import numpy as np
import pytest

from mien_service.faces.edit import Field
from mien_service.faces.emoji.crown import rounded_crown
from mien_service.faces.head_maps import SIDE, HeadMaps

EYES = 130.0
TUFTS = (118, 138)
"""Columns of two tufts on top of a round head."""


def disc() -> Field:
    drawn = np.zeros((SIDE, SIDE), np.float32)
    cv2.circle(drawn, (SIDE // 2, SIDE // 2), 60, 1, cv2.FILLED)
    return drawn


def tufted() -> Field:
    drawn = disc()
    for column in TUFTS:
        cv2.ellipse(drawn, (column, 70), (6, 14), 0, 0, 360, 1, cv2.FILLED)
    return drawn


def maps_of(head: Field, hair: Field) -> HeadMaps:
    return HeadMaps(np.eye(2, 3), head, np.zeros_like(head), hair)


def top(field: Field, column: int) -> int:
    """Return the first row in which a column shows something."""
    return int(np.argmax(field[:, column] > 0.5))


def test_a_notch_between_tufts_is_filled() -> None:
    head = tufted()
    _, own = rounded_crown(maps_of(head, head), head, EYES)
    assert top(head, 128) - top(head, TUFTS[0]) > 8
    assert top(own, 128) - top(own, TUFTS[0]) <= 4
    assert abs(top(own, 128) - top(own, TUFTS[0])) <= 4


def test_what_is_filled_is_hair_where_hair_is_around() -> None:
    head = tufted()
    hairy, own = rounded_crown(maps_of(head, head), head, EYES)
    bald, _ = rounded_crown(maps_of(head, np.zeros_like(head)), head, EYES)
    filled = (own > 0.9) & (head == 0)
    assert filled.sum() > 30
    assert hairy.head[filled].min() > 0.5
    assert (hairy.hair[filled] > 0.5).mean() > 0.95
    assert bald.hair.max() == 0


def test_below_the_eyes_and_of_a_round_head_nothing_changes() -> None:
    head = tufted()
    maps, own = rounded_crown(maps_of(head, head), head, EYES)
    below = slice(int(EYES) + 1, None)
    np.testing.assert_array_equal(own[below], head[below])
    np.testing.assert_array_equal(maps.hair[below], head[below])
    _, round_ = rounded_crown(maps_of(disc(), disc()), disc(), EYES)
    assert ((round_ > 0.5) != (disc() > 0.5)).sum() < 0.01 * disc().sum()


@pytest.mark.parametrize("eyes", [-20.0, 0.0, SIDE + 50.0])
def test_eyes_may_lie_beyond_the_square(eyes: float) -> None:
    head = tufted()
    maps, own = rounded_crown(maps_of(head, head), head, eyes)
    assert own.shape == maps.head.shape == (SIDE, SIDE)
    assert own.min() >= 0
    assert own.max() <= 1


def test_maps_that_come_in_are_left_as_they_are() -> None:
    head = tufted()
    given, before = maps_of(head, head.copy()), head.copy()
    rounded_crown(given, head, EYES)
    np.testing.assert_array_equal(head, before)
    np.testing.assert_array_equal(given.hair, before)
