import numpy as np
import pytest

from mien_export.data.drawn_scenes import DRAWERS, Drawer, drawn_scene

SIZES = [(1, 1), (7, 201), (133, 5), (97, 131)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("drawer", DRAWERS, ids=lambda drawer: drawer.__name__)
def test_every_drawer_fills_any_canvas(drawer: Drawer, size: tuple[int, int]) -> None:
    for seed in range(3):
        canvas = drawer(*size, np.random.default_rng(seed))
        assert canvas.shape == (*size, 3)
        assert canvas.dtype == np.float32
        assert np.isfinite(canvas).all()
        np.testing.assert_array_equal(canvas, drawer(*size, np.random.default_rng(seed)))


@pytest.mark.parametrize("drawer", DRAWERS, ids=lambda drawer: drawer.__name__)
def test_no_two_drawings_of_a_drawer_are_alike(drawer: Drawer) -> None:
    made = [drawer(64, 48, np.random.default_rng(seed)) for seed in range(4)]
    assert len({canvas.tobytes() for canvas in made}) == 4
    assert max(float(canvas.std()) for canvas in made) > 5, "not blank"


@pytest.mark.parametrize("size", SIZES)
def test_a_scene_is_a_picture_of_its_seed(size: tuple[int, int]) -> None:
    one, again, other = (drawn_scene(*size, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert (one.shape, one.dtype) == ((*size, 3), np.uint8)
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_scenes_differ_in_kind() -> None:
    scenes = [drawn_scene(60, 60, np.random.default_rng(seed)).astype(float) for seed in range(40)]
    detail = [np.abs(np.diff(scene, axis=1)).mean() for scene in scenes]
    light = [scene.mean() for scene in scenes]
    assert max(detail) > 5 * min(detail)
    assert max(light) - min(light) > 80
