from dataclasses import replace

import heads
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien_export.recipes.head_model import bare_model
from mien_export.recipes.head_skirt import DEEPEST, FLANKS, FREE, RINGS, descended, start_model, stepped
from mien_service.faces.head_model import HeadModel

START = start_model(bare_model(heads.frontal()))


def is_a_skirt(model: HeadModel) -> bool:
    """Return whether rings get deeper outwards and turn less, and do not turn at the edge."""
    depth, turning = model.ring_depth, model.ring_turning
    return bool(
        (np.diff(depth, axis=1) >= 0).all()
        and (np.diff(turning, axis=1) <= 0).all()
        and depth.min() >= 0
        and depth.max() <= DEEPEST
        and turning.min() >= 0
        and turning.max() <= 1
        and not turning[:, np.array(RINGS) >= 1].any()
    )


def test_fitting_starts_from_a_skirt() -> None:
    assert START.ring_depth.shape == START.ring_turning.shape == (FLANKS, len(RINGS))
    assert is_a_skirt(START)


STEPS = st.tuples(
    st.sampled_from(["ring_depth", "ring_turning"]),
    st.integers(0, FLANKS - 1),
    st.integers(0, FREE - 1),
    st.floats(-0.6, 0.6).filter(lambda step: abs(step) > 1e-3),
)


@given(st.lists(STEPS, max_size=12))
@settings(max_examples=60)
def test_every_step_leaves_a_skirt(steps: list[tuple[str, int, int, float]]) -> None:
    model = START
    for name, flank, ring, step in steps:
        after = stepped(model, name, flank, ring, step)
        if after is None:
            continue
        moved = getattr(after, name)[flank, ring] - getattr(model, name)[flank, ring]
        assert np.sign(moved) == np.sign(step)
        model = after
    assert is_a_skirt(model)


def test_the_skirt_that_differs_least_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    rings = np.array(RINGS, np.float32)
    deep = np.clip(np.outer([0.4, 0.8, 1.1, 0.2], np.minimum(3 * rings, 1)), 0, DEEPEST)
    wanted = replace(START, ring_depth=deep.astype(np.float32))

    def difference(model: HeadModel) -> float:
        away = [np.abs(getattr(model, name) - getattr(wanted, name)) for name in ("ring_depth", "ring_turning")]
        return float(10 * sum(one[:, :FREE].sum() for one in away))

    found = descended(START, difference)
    assert difference(found) < 0.35 * difference(START)
    assert is_a_skirt(found)
    assert "after sweep 3" in capsys.readouterr().out
