import numpy as np
import pytest
import torch

from mien_export.teachers.directions import LAYERS_OF, Move, deviation, direction, layer_weights, moved
from mien_export.teachers.generator import LAYERS, Synthesis
from mien_export.teachers.people import styles_of


@pytest.mark.parametrize("name", sorted(LAYERS_OF))
def test_a_direction_is_a_unit_vector_with_a_spread(name: str) -> None:
    assert np.linalg.norm(direction(name)) == pytest.approx(1, abs=1e-4)
    assert 0.3 < deviation(name) < 4


def test_a_move_shifts_its_own_layers_only() -> None:
    styles = styles_of([1])
    shift = (moved(styles, [Move("smile", 4.0)]) - styles)[0]
    touched = shift.norm(dim=1)
    assert (touched > 0).tolist() == (layer_weights("smile") > 0).tolist()
    torch.testing.assert_close(touched[4], torch.tensor(4.0), atol=1e-3, rtol=0)
    torch.testing.assert_close(touched[7], torch.tensor(2.0), atol=1e-3, rtol=0)


def test_moves_add_up_and_come_back() -> None:
    styles = styles_of([1])
    there = moved(styles, [Move("smile", 4.0), Move("age", 2.0)])
    one_by_one = moved(moved(styles, [Move("age", 2.0)]), [Move("smile", 4.0)])
    torch.testing.assert_close(there, one_by_one, atol=1e-4, rtol=0)
    torch.testing.assert_close(moved(there, [Move("smile", -4.0), Move("age", -2.0)]), styles, atol=1e-4, rtol=0)


def test_no_move_and_an_unknown_one() -> None:
    styles = styles_of([1])
    torch.testing.assert_close(moved(styles, []), styles)
    with pytest.raises(KeyError):
        moved(styles, [Move("wings", 1.0)])


def test_all_directions_have_layers() -> None:
    for name in LAYERS_OF:
        weights = layer_weights(name)
        assert weights.shape == (LAYERS,)
        assert weights.max() == 1


def test_a_smile_changes_the_mouth_more_than_the_hair(generator: Synthesis) -> None:
    styles = styles_of([3])
    change = (generator(moved(styles, [Move("smile", 5.0)]), 256) - generator(styles, 256)).abs().mean(dim=(0, 1))
    assert change[160:200, 90:166].mean() > 1.5 * change[:60].mean()
