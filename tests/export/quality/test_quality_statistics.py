import numpy as np
import pytest

from mien_export.quality.statistics import (
    TooFewSamples,
    auc,
    balanced_threshold,
    bootstrap_interval,
    non_decreasing_share,
    paired_interval,
    share_interval,
    spearman,
)


def test_auc_counts_ordered_pairs_and_ties_half() -> None:
    scores = np.array([0.1, 0.4, 0.35, 0.8])
    positive = np.array([False, False, True, True])
    assert auc(scores, positive) == pytest.approx(0.75)
    assert auc(np.zeros(4), positive) == pytest.approx(0.5)
    assert auc(-scores, positive) == pytest.approx(0.25)


def test_auc_of_one_class_is_unknown() -> None:
    assert np.isnan(auc(np.array([1.0, 2.0]), np.array([True, True])))


@pytest.mark.parametrize(
    ("y", "expected"), [([1, 2, 3, 4], 1.0), ([1, 8, 27, 1000], 1.0), ([4, 3, 2, 1], -1.0), ([1, 3, 2, 4], 0.8)]
)
def test_spearman_depends_on_order_only(y: list[float], expected: float) -> None:
    assert spearman(np.arange(4.0), np.array(y, float)) == pytest.approx(expected)


def test_spearman_of_a_constant_is_zero() -> None:
    assert spearman(np.arange(4.0), np.zeros(4)) == 0


def test_bootstrap_interval_holds_the_mean_and_narrows_with_n() -> None:
    values = np.random.default_rng(1).normal(5, 1, 400)
    low, high = bootstrap_interval(values)
    few_low, few_high = bootstrap_interval(values[:25])
    assert low < values.mean() < high
    assert 0.15 < high - low < 0.25
    assert few_high - few_low > high - low


def test_bootstrap_interval_of_like_values_has_no_width() -> None:
    assert bootstrap_interval(np.ones(9)) == (1.0, 1.0)


def test_balanced_threshold_ignores_how_rare_positives_are() -> None:
    scores = np.concatenate([np.linspace(0, 1, 1000), [0.8, 0.9, 2.0]])
    positive = np.arange(1003) >= 1000
    threshold = balanced_threshold(scores, positive)
    assert 0.79 < threshold < 0.81


def test_balanced_threshold_never_splits_equal_scores() -> None:
    threshold = balanced_threshold(np.array([0.0, 1.0, 1.0, 2.0]), np.array([False, False, True, True]))
    assert threshold in (0.5, 1.5)


def test_balanced_threshold_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="both classes"):
        balanced_threshold(np.array([0.0, 1.0]), np.array([True, True]))


def test_pairs_cancel_what_their_samples_have_in_common() -> None:
    random = np.random.default_rng(0)
    before = random.normal(0, 10, 200)
    after = before + random.normal(0.5, 0.1, 200)
    low, high = paired_interval(before, after)
    assert low < (after - before).mean() < high
    assert 0.45 < low < high < 0.55


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(0, 50, 0, 0.0713), (50, 50, 0.9287, 1), (40, 50, 0.6696, 0.8876), (0, 0, 0, 1)]
)
def test_share_intervals_are_wilsons(hits: int, n: int, low: float, high: float) -> None:
    assert share_interval(hits, n) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_steps_that_do_not_go_down_are_counted() -> None:
    readings = np.array([[0.0, 1, 1, 2], [0.0, 2, 1, 3]])
    assert non_decreasing_share(readings) == pytest.approx(5 / 6)
    assert non_decreasing_share(-readings) == pytest.approx(2 / 6)
    assert np.isnan(non_decreasing_share(readings[:, :1]))


def test_too_few_samples_say_how_many() -> None:
    error = TooFewSamples("made pictures", 12, 300)
    assert str(error) == "12 made pictures: at least 300 are needed"
    assert (error.n, error.fewest) == (12, 300)
