import pytest
import torch

from mien_export.data.expression_batches import VIEW, plain_views, quantized, varied_views
from mien_service.faces.expression import INPUT_SIDE


def ramps(count: int = 64) -> torch.Tensor:
    """Return pictures (n, 48, 48) that grow brighter to the right."""
    return (torch.arange(48) * 5).to(torch.uint8).expand(count, 48, 48)


def test_a_plain_view_is_the_pictures_middle() -> None:
    views = plain_views(ramps(2), INPUT_SIDE)
    assert views.shape == (2, 1, INPUT_SIDE, INPUT_SIDE)
    row = views[0, 0, 20] * 255 / 5 + 0.5
    edges = torch.tensor([24 - 24 * VIEW, 24 + 24 * VIEW])
    step = 48 * VIEW / INPUT_SIDE
    torch.testing.assert_close(row[[0, -1]], edges + torch.tensor([step / 2, -step / 2]), atol=0.01, rtol=0)
    torch.testing.assert_close(row.diff(), torch.full((INPUT_SIDE - 1,), step), atol=0.01, rtol=0)


def test_varied_views_differ_and_half_are_mirrored() -> None:
    views = varied_views(ramps(400), INPUT_SIDE)
    assert 0 <= views.min() <= views.max() <= 1
    assert torch.isfinite(views).all()
    grows = views[..., -12:].mean(dim=(1, 2, 3)) > views[..., :12].mean(dim=(1, 2, 3))
    assert 0.4 < grows.float().mean() < 0.6
    assert len({round(float(view.std()), 5) for view in views}) > 390


def test_varied_views_are_about_the_plain_one() -> None:
    shown = varied_views(ramps(600), INPUT_SIDE).mean(dim=0)
    both = (plain_views(ramps(1), INPUT_SIDE) + plain_views(ramps(1), INPUT_SIDE).flip(3)).mean(dim=0) / 2
    torch.testing.assert_close(shown, both, atol=0.05, rtol=0)


def test_coarse_waves_stay_and_fine_ones_go() -> None:
    across = torch.arange(INPUT_SIDE, dtype=torch.float32)
    coarse = (0.5 + 0.3 * torch.cos(across / 8)).expand(8, 1, INPUT_SIDE, INPUT_SIDE)
    fine = (0.5 + 0.005 * (-1) ** across).expand(8, 1, INPUT_SIDE, INPUT_SIDE)
    kept = quantized(coarse.clone())
    assert kept.shape == coarse.shape
    torch.testing.assert_close(kept, coarse, atol=0.05, rtol=0)
    assert (kept - coarse).abs().mean() > 0.001
    assert quantized(fine.clone()).std() < 0.1 * fine.std()


@pytest.mark.parametrize("size", [40, 44])
def test_blocks_at_the_rim_are_whole(size: int) -> None:
    flat = torch.full((2, 1, size, size), 0.5)
    torch.testing.assert_close(quantized(flat), flat, atol=1e-5, rtol=0)
