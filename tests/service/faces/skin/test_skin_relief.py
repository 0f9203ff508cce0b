import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien_service.faces.skin.curves import Wrinkle, sampled, wrinkles
from mien_service.faces.skin.relief import BRIGHTEST, DARKEST, relief, risen, shading
from mien_service.faces.skin.surface import CHART_SCALE, CHART_SHAPE, LEFT, TOP

ABOVE = np.array([0.0, -0.6], np.float32)


def groove(depth: float = 1.0, onset: float = 0.0) -> Wrinkle:
    """Return a level line across the forehead."""
    return Wrinkle("forehead", sampled(np.array([[-0.4, -0.4], [0.4, -0.4]], np.float32)), 0.0095, depth, onset)


def row_of(v: float) -> int:
    return round((v - TOP) * CHART_SCALE - 0.5)


MIDDLE = round((0 - LEFT) * CHART_SCALE)


def test_a_groove_is_deepest_where_it_runs_and_has_banks() -> None:
    height = relief([groove()], {"forehead": 1.0}, 1.0)
    across = height[:, MIDDLE]
    assert abs(int(across.argmin()) - row_of(-0.4)) <= 1
    assert across.max() > 0
    assert height[row_of(0.8)].max() == pytest.approx(0, abs=1e-6)


def test_depth_follows_weight_and_severity() -> None:
    full, half = (relief([groove(depth=d)], {"forehead": 1.0}, 1.0).min() for d in (1.0, 0.5))
    assert half == pytest.approx(full / 2, rel=1e-3)
    depths = [-relief([groove(onset=0.2)], {"forehead": 1.0}, severity).min() for severity in (0, 0.2, 0.4, 0.7, 1)]
    assert depths[0] == depths[1] == 0
    assert depths == sorted(depths)
    assert not relief([groove()], {"cheeks": 1.0}, 1.0).any()


def test_the_bank_that_faces_the_light_is_bright() -> None:
    height = relief([groove()], {"forehead": 1.0}, 1.0)
    shade = shading(height, CHART_SCALE, ABOVE)[:, MIDDLE]
    row = row_of(-0.4)
    # Light from above falls on the groove's lower wall.
    assert shade[row - 2] < 0
    assert shade[row + 3] > shade[row - 2]
    turned = shading(height, CHART_SCALE, -ABOVE)[:, MIDDLE]
    assert turned[row - 2] > shade[row - 2]


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_even_skin_has_no_shade_and_no_shade_is_out_of_range(x: float, y: float) -> None:
    light = np.array([x, y], np.float32)
    assert not shading(np.full((40, 40), 0.01, np.float32), 100, light).any()
    height = relief(wrinkles(3), dict.fromkeys(("forehead", "nasolabial", "lips"), 2.0), 1.0)
    shade = shading(height, CHART_SCALE, light)
    assert shade.shape == CHART_SHAPE
    assert DARKEST <= shade.min() <= shade.max() <= BRIGHTEST


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.35))
def test_nothing_goes_back_as_severity_rises(one: float, other: float, onset: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= risen(low, onset) <= risen(high, onset) <= 1
    assert risen(onset, onset) == 0
    assert risen(1.0, 0.35) == pytest.approx(1.0)
