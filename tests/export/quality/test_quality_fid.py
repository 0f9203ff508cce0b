import numpy as np
import pytest
import torch

from mien_export.networks.lite0 import Lite0
from mien_export.quality.fid import FEWEST, FidMeter, frechet_distance, pooled_features
from mien_export.quality.statistics import Floats, TooFewSamples

CHANNELS = 40


def normal(seed: int, n: int, shift: float = 0.0, spread: float = 1.0) -> Floats:
    """Return samples whose channels share a few causes, as features do."""
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(8, CHANNELS))
    return spread * random.normal(size=(n, 8)) @ mixing + random.normal(size=(n, CHANNELS)) * 0.3 + shift


@pytest.fixture(scope="module")
def meter() -> FidMeter:
    return FidMeter(normal(0, 2 * FEWEST))


def test_a_sample_is_at_no_distance_from_itself() -> None:
    assert frechet_distance(normal(0, 300), normal(0, 300)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("shift", "spread"), [(0.0, 1.0), (2.0, 1.0), (0.0, 3.0), (1.0, 0.5)])
def test_in_one_dimension_it_is_the_closed_form(shift: float, spread: float) -> None:
    sample = np.random.default_rng(0).normal(size=(200, 1))
    expected = (shift + sample.mean() * (spread - 1)) ** 2 + (sample.std(ddof=1) * (spread - 1)) ** 2
    assert frechet_distance(sample, sample * spread + shift) == pytest.approx(expected)


def test_commuting_covariances_have_a_closed_form() -> None:
    sample = np.random.default_rng(0).normal(size=(500, 4))
    centred = sample - sample.mean(axis=0)
    whitened = centred @ np.linalg.inv(np.linalg.cholesky(np.cov(centred, rowvar=False))).T
    scales = np.array([1.0, 2.0, 0.5, 3.0])
    assert frechet_distance(whitened, whitened * scales) == pytest.approx(np.square(scales - 1).sum())


def test_the_same_pictures_are_below_the_floor(meter: FidMeter) -> None:
    found = meter.measure(normal(0, 2 * FEWEST))
    assert 0 < found.value < 1.2 * found.floor


def test_other_reals_are_at_the_floor_and_strangers_far_above(meter: FidMeter) -> None:
    other, shifted, narrow = (meter.measure(normal(1, 400, *change)) for change in ((), (1.0,), (0.0, 0.5)))
    assert abs(other.excess) < 0.5 * other.floor
    assert shifted.excess > 5 * other.floor
    assert narrow.excess > 3 * other.floor
    assert other.floor == shifted.floor
    assert (other.n, other.dimensions) == (FEWEST, 32)


def test_the_floor_falls_with_more_pictures(meter: FidMeter) -> None:
    many = FidMeter(normal(0, 2400)).measure(normal(1, 1200))
    assert many.n == 1200
    assert many.floor < 0.6 * meter.measure(normal(1, 1200)).floor


def test_it_can_be_measured_again(meter: FidMeter) -> None:
    assert meter.measure(normal(1, 350)) == meter.measure(normal(1, 350))


def test_too_few_are_refused(meter: FidMeter) -> None:
    with pytest.raises(TooFewSamples, match="299 made pictures: at least 300"):
        meter.measure(normal(1, FEWEST - 1))
    with pytest.raises(TooFewSamples, match="599 real pictures: at least 600"):
        FidMeter(normal(0, 2 * FEWEST - 1))


def test_features_do_not_depend_on_their_neighbours_in_the_batch() -> None:
    lite0 = Lite0()
    squares = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    found = pooled_features(squares, lite0)
    assert found.shape == (3, 472)
    np.testing.assert_allclose(pooled_features(squares[1:2], lite0)[0], found[1], rtol=1e-3, atol=1e-4)
    assert np.abs(found[0] - found[1]).max() > 0.01
