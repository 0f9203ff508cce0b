import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien_service.faces.skin.curves import GROUPS, sampled, wrinkles
from mien_service.faces.skin.surface import BOTTOM, LEFT, RIGHT, TOP

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=25)
@given(SEEDS)
def test_lines_of_every_group_lie_on_the_face(seed: int) -> None:
    lines = wrinkles(seed)
    assert {line.group for line in lines} == set(GROUPS)
    for line in lines:
        assert (line.curve > [LEFT, TOP]).all()
        assert (line.curve < [RIGHT, BOTTOM]).all()
        assert 0 <= line.onset < 0.5
        assert line.depth > 0


@pytest.mark.parametrize("group", ["crows_feet", "nasolabial", "under_eye", "marionette"])
def test_both_sides_have_lines(group: str) -> None:
    sides = [np.sign(line.curve[:, 0].mean()) for line in wrinkles(0) if line.group == group]
    assert sides.count(1.0) == sides.count(-1.0) > 0


def test_a_seed_is_a_face_of_its_own() -> None:
    first, again, other = wrinkles(1), wrinkles(1), wrinkles(2)
    assert all(np.array_equal(a.curve, b.curve) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a.curve, b.curve) for a, b in zip(first, other, strict=False))


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=2, max_size=6))
def test_a_curve_runs_through_its_points(points: list[tuple[float, float]]) -> None:
    through = np.array(points, np.float32)
    curve = sampled(through)
    gaps = np.linalg.norm(curve[None] - through[:, None], axis=2).min(axis=1)
    assert gaps.max() < 1e-5
