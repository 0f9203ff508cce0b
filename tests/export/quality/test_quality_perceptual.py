import pytest
import torch

from mien_export.networks.lite0 import Lite0, perceptual_distance
from mien_export.quality.perceptual import PerceptualMeter, masked_distance


def noise(seed: int) -> torch.Tensor:
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(seed))


def test_alike_is_zero_and_unlike_is_not() -> None:
    meter, masks = PerceptualMeter(), torch.ones(2, 64, 64)
    assert meter.distances(noise(0), noise(0), masks).abs().max() < 1e-6
    assert meter.distances(noise(0), noise(1), masks).min() > 0.05


def test_a_full_mask_gives_the_plain_distance() -> None:
    lite0 = Lite0()
    features, others = lite0.features(noise(0)), lite0.features(noise(1))
    found = masked_distance(features, others, torch.ones(2, 128, 128))
    torch.testing.assert_close(found, perceptual_distance(features, others))


def test_only_the_masked_part_counts() -> None:
    a, b = torch.ones(1, 2, 4, 4), torch.ones(1, 2, 4, 4)
    b[..., 2:] = torch.tensor([1.0, -1.0]).view(1, 2, 1, 1)
    left = torch.zeros(1, 8, 8)
    left[..., :4] = 1
    assert masked_distance([a], [b], left).item() == pytest.approx(0)
    assert masked_distance([a], [b], 1 - left).item() == pytest.approx(2)
