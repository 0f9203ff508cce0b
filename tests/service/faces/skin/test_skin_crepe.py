import numpy as np
import pytest

from mien_service.faces.skin.crepe import crepe, directions
from mien_service.faces.skin.curves import wrinkles
from mien_service.faces.skin.surface import CHART_SCALE, CHART_SHAPE, LEFT, TOP


def chart_place(u: float, v: float) -> tuple[int, int]:
    return round((v - TOP) * CHART_SCALE), round((u - LEFT) * CHART_SCALE)


def test_directions_are_those_of_the_lines() -> None:
    field = directions(wrinkles(0))
    np.testing.assert_allclose(np.linalg.norm(field, axis=2), 1, atol=1e-5)
    across, down = np.abs(field[chart_place(0.0, -0.5)]), np.abs(field[chart_place(0.55, 0.5)])
    assert across[0] > 0.95, "the forehead's lines run across"
    assert down[1] > 0.9, "those of the cheeks run down"


@pytest.mark.parametrize("seed", [0, 7])
def test_creases_are_depths_between_which_skin_is_even(seed: int) -> None:
    chart = crepe(seed)
    assert chart.shape == CHART_SHAPE
    assert chart.min() == 0
    assert 0.3 < (chart == 0).mean() < 0.8
    assert 0.1 < chart.mean() < 0.6


def test_creases_are_long() -> None:
    """Along the forehead the chart is alike over many pixels, down it over few."""
    top, left = chart_place(-0.35, -0.65)
    bottom, right = chart_place(0.35, -0.4)
    forehead = crepe(0)[top:bottom, left:right] if bottom > top else crepe(0)[bottom:top, left:right]
    along, down = (np.corrcoef(forehead.ravel(), np.roll(forehead, 5, axis).ravel())[0, 1] for axis in (1, 0))
    assert along > 0.5
    assert along > down + 0.4


def test_a_seed_has_creases_of_its_own() -> None:
    assert np.array_equal(crepe(3), crepe(3))
    assert not np.array_equal(crepe(3), crepe(4))
