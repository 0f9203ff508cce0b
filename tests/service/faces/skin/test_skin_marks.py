from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien_service.faces.skin.marks import BLOTCHES, blotches, vessels
from mien_service.faces.skin.surface import CHART_SHAPE

SEEDS = st.integers(0, 2**32 - 1)
SEVERITIES = st.floats(0, 1)


@settings(max_examples=20)
@given(SEEDS, SEVERITIES, SEVERITIES)
def test_more_severity_adds_blotches_and_moves_none(seed: int, one: float, other: float) -> None:
    low, high = (blotches(seed, severity) for severity in sorted((one, other)))
    assert low.shape == CHART_SHAPE
    assert 0 <= low.min() <= high.max() < 2
    assert (high - low).min() >= -1e-6


@pytest.mark.parametrize("seed", range(4))
def test_blotches_keep_apart(seed: int) -> None:
    even = cv2.GaussianBlur(blotches(seed, 1.0), (0, 0), 2.5)
    count, _ = cv2.connectedComponents((even > 0.35).astype(np.uint8))
    assert BLOTCHES - 9 <= count - 1 <= BLOTCHES


@pytest.mark.parametrize("drawn", [blotches, vessels])
def test_marks_are_those_of_the_seed(drawn: Callable[[int, float], np.ndarray]) -> None:
    assert np.array_equal(drawn(5, 0.8), drawn(5, 0.8))
    assert not np.array_equal(drawn(5, 0.8), drawn(6, 0.8))
    assert not drawn(5, 0.0).any()


@settings(max_examples=10)
@given(SEEDS, SEVERITIES, SEVERITIES)
def test_vessels_only_grow(seed: int, one: float, other: float) -> None:
    low, high = (vessels(seed, severity).sum() for severity in sorted((one, other)))
    assert low <= high * 1.001
