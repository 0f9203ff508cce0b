import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mien_export.data.edit_pairs import changed_region, pairs_batch, within

SIDE = 128
BETWEEN = st.integers(30, 80)


def pair(left: int, top: int, size: int, amount: float = 0.2) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a picture, and a copy that differs in a square."""
    source = 0.3 + 0.4 * torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(left))
    target = source.clone()
    target[:, 1, top : top + size, left : left + size] += amount
    return source, target


@given(BETWEEN, BETWEEN, st.integers(6, 20))
def test_the_region_covers_the_change_and_little_else(left: int, top: int, size: int) -> None:
    region = changed_region(*pair(left, top, size))
    assert region.shape == (1, 1, SIDE, SIDE)
    assert 0 <= region.min() <= region.max() <= 1
    assert region[0, 0, top : top + size, left : left + size].min() == 1
    rows, columns = torch.nonzero(region[0, 0]).unbind(1)
    reach = 8
    assert rows.min() >= top - reach
    assert columns.max() < left + size + reach


def test_compression_and_noise_are_no_change() -> None:
    source, target = pair(50, 50, 10, 0)
    noisy = target + 0.02 * torch.rand_like(target)
    assert not changed_region(source, noisy).any()


def test_the_rim_is_soft() -> None:
    region = changed_region(*pair(50, 50, 12))
    assert (region[..., 1:] - region[..., :-1]).abs().max() <= 0.5
    assert ((region > 0) & (region < 1)).any()


@pytest.mark.parametrize("side", [64, 128, 256])
def test_the_region_is_the_same_at_every_side(side: int) -> None:
    source, target = torch.zeros(1, 3, side, side), torch.zeros(1, 3, side, side)
    middle = slice(side * 3 // 8, side * 5 // 8)
    target[:, :, middle, middle] = 0.5
    assert changed_region(source, target).mean() == pytest.approx(0.11, abs=0.02)


def test_within_takes_one_inside_and_the_other_outside() -> None:
    one, other = torch.ones(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    region = torch.tensor([[0.0, 0.25], [0.75, 1]]).view(1, 1, 2, 2)
    torch.testing.assert_close(within(one, other, region), region.expand(1, 3, 2, 2))


def test_what_a_pair_does_not_say_follows_from_it() -> None:
    source, target = pair(50, 50, 12)
    batch = pairs_batch(source, target)
    assert batch.condition.shape == (1, 0)
    assert batch.extra.shape == (1, 0, SIDE, SIDE)
    torch.testing.assert_close(batch.region, changed_region(source, target))
    torch.testing.assert_close(batch.real, batch.wanted())
    torch.testing.assert_close(batch.wanted(), target)


def test_outside_a_given_region_the_source_is_wanted() -> None:
    source, target = torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8)
    region = torch.zeros(1, 1, 8, 8)
    region[..., :4] = 1
    batch = pairs_batch(source, target, region=region)
    assert batch.wanted()[..., :4].min() == 1
    assert batch.wanted()[..., 4:].max() == 0
