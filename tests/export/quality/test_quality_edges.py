import math

import cv2
import numpy as np
import people
import pytest

from mien_export.quality.edges import edges, edges_kept, flat_variance_ratio
from mien_service.faces.face import RgbImage

ALL = np.ones((256, 256), np.bool_)


@pytest.fixture(scope="module")
def square() -> RgbImage:
    return people.small_person("carla", 256)


def boxes(*places: tuple[int, int]) -> RgbImage:
    """Return dark boxes of 40 pixels on a light ground."""
    picture = np.full((256, 256, 3), 200, np.uint8)
    for x, y in places:
        picture[y : y + 40, x : x + 40] = 60
    return picture


def moved(picture: RgbImage, by: int) -> RgbImage:
    return np.roll(picture, by, axis=1)


def test_a_picture_keeps_its_own_edges(square: RgbImage) -> None:
    assert edges_kept(square, square, ALL) == 1


def test_half_of_the_edges_are_half_of_the_recall() -> None:
    both, one = boxes((40, 40), (150, 150)), boxes((40, 40))
    assert edges_kept(both, one, ALL) == pytest.approx(2 / 3, abs=0.01)
    assert edges_kept(one, both, ALL) == pytest.approx(2 / 3, abs=0.01)


def test_an_edge_may_move_a_little() -> None:
    picture = boxes((100, 100))
    assert edges_kept(picture, moved(picture, 2), ALL) == 1
    assert edges_kept(picture, moved(picture, 12), ALL) < 0.6


def test_only_the_region_counts() -> None:
    both, one = boxes((40, 40), (150, 150)), boxes((40, 40))
    upper = ALL.copy()
    upper[128:] = False
    assert edges_kept(both, one, upper) == 1
    assert edges_kept(both, one, ~upper) == 0


def test_nothing_and_nothing_agree() -> None:
    flat = np.full((256, 256, 3), 90, np.uint8)
    assert not edges(flat).any()
    assert edges_kept(flat, flat, ALL) == 1
    assert edges_kept(boxes((9, 9)), flat, ALL) == edges_kept(flat, boxes((9, 9)), ALL) == 0


def test_a_smoothed_drawing_keeps_more_than_a_strangers_face(square: RgbImage) -> None:
    drawn = np.asarray(cv2.bilateralFilter(square, 9, 60, 5), np.uint8)
    assert edges_kept(square, drawn, ALL) > 0.8 > 0.6 > edges_kept(square, people.small_person("ben", 256), ALL)


def test_pores_are_no_edges() -> None:
    noise = np.random.default_rng(0).normal(150, 6, (256, 256, 1))
    assert edges(np.repeat(noise, 3, axis=2).astype(np.uint8)).mean() < 0.005


def test_flat_variance_falls_with_the_square_of_the_grain() -> None:
    grain = np.random.default_rng(0).normal(0, 8, (256, 256, 1))
    loud, quiet = (np.repeat(np.rint(128 + grain / part), 3, axis=2).astype(np.uint8) for part in (1, 2))
    assert flat_variance_ratio(loud, quiet, ALL) == pytest.approx(0.25, abs=0.02)
    assert flat_variance_ratio(loud, loud, ALL) == 1


def test_new_lines_in_flat_areas_do_not_rule_it(square: RgbImage) -> None:
    lined = square.copy()
    cv2.line(lined, (100, 170), (160, 170), (0, 0, 0), 2)
    assert flat_variance_ratio(square, lined, ALL) == pytest.approx(1, abs=0.15)
    assert flat_variance_ratio(square, np.asarray(cv2.bilateralFilter(square, 9, 60, 5), np.uint8), ALL) < 0.75


def test_no_flat_area_says_nothing(square: RgbImage) -> None:
    assert math.isnan(flat_variance_ratio(square, square, ~ALL))
    assert math.isnan(flat_variance_ratio(np.zeros_like(square), square, ALL))
