import math

import numpy as np
import pytest

from mien_export.quality.recognition import accepted_share, nearest_is_right
from mien_export.quality.statistics import TooFewSamples


def descriptors(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 128))


def test_a_near_copy_is_found_among_fifty() -> None:
    photos = descriptors(60)
    assert nearest_is_right(photos + descriptors(60, 1) * 0.3, photos).all()


def test_strangers_are_found_by_chance_only() -> None:
    found = nearest_is_right(descriptors(1000, 1), descriptors(1000), gallery=10)
    assert 0.06 < found.mean() < 0.14


def test_half_that_are_drawn_alike_are_not_found() -> None:
    photos = descriptors(80)
    made = photos.copy()
    made[:40] = photos[50]
    assert nearest_is_right(made, photos)[40:].all()
    assert not nearest_is_right(made, photos, gallery=80)[:40].any()


def test_twins_in_the_gallery_count_as_wrong() -> None:
    photos = np.repeat(descriptors(1), 50, axis=0)
    assert not nearest_is_right(photos, photos).any()


def test_the_gallery_can_be_drawn_again() -> None:
    made, photos = descriptors(200, 1) + 0.4 * descriptors(200), descriptors(200)
    np.testing.assert_array_equal(nearest_is_right(made, photos), nearest_is_right(made, photos))
    assert (nearest_is_right(made, photos) != nearest_is_right(made, photos, seed=1)).any()


def test_fewer_people_than_places_are_refused() -> None:
    with pytest.raises(TooFewSamples, match="49 people: at least 50"):
        nearest_is_right(descriptors(49), descriptors(49))


def test_accepted_are_those_under_the_threshold() -> None:
    assert accepted_share(np.array([0.1, 0.59, 0.6, 0.9])) == 0.5
    assert math.isnan(accepted_share(np.zeros(0)))
