import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from mien_export.teachers.cloths import DARK, cloth

SHAPES = st.tuples(st.integers(8, 90), st.integers(8, 90))


@settings(max_examples=40)
@given(SHAPES, st.integers(0, 2**31 - 1))
def test_cloth_fills_its_picture_with_grey_levels(shape: tuple[int, int], seed: int) -> None:
    drawn = cloth(shape, np.random.default_rng(seed))
    assert drawn.shape == (*shape, 3)
    assert 0 <= drawn.min() <= drawn.max() <= 255


def test_cloth_is_of_many_kinds() -> None:
    drawn = [cloth((64, 64), np.random.default_rng(seed)) for seed in range(80)]
    dark = [one.mean() < DARK for one in drawn]
    plain = [(np.abs(one - one.mean(axis=(0, 1))) < 0.3 * one.mean() + 1).all() for one in drawn]
    assert 3 < sum(dark) < 40
    assert 10 < sum(plain) < 70


def test_a_seed_gives_one_cloth() -> None:
    one, again, other = (cloth((30, 40), np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
