"""Figures over faces: intervals, areas under curves, rank correlations, thresholds."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES = 2000

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class TooFewSamples(ValueError):
    """A figure was asked of fewer samples than its bar names: it would be noise."""

    def __init__(self, samples: str, n: int, fewest: int) -> None:
        super().__init__(f"{n} {samples}: at least {fewest} are needed")
        self.n = n
        self.fewest = fewest


def bootstrap_interval(
    values: Floats, statistic: Callable[..., Floats] = np.mean, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of `statistic` over values (n,).

    `statistic` takes an `axis`. Fewer than two values, or values all alike, have an interval of no width.
    """
    if len(values) < 2 or np.ptp(values) == 0:
        return float(statistic(values, axis=0)), float(statistic(values, axis=0))
    found = stats.bootstrap(
        (values,),
        statistic,
        n_resamples=RESAMPLES,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def paired_interval(before: Floats, after: Floats, confidence: float = 0.95) -> tuple[float, float]:
    """Return the bootstrap interval of the mean of after - before, (n,) readings of the same n samples.

    Samples are drawn with both their readings, so what they have in common does not widen the interval.
    """
    return bootstrap_interval(after - before, confidence=confidence)


def share_interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share of `hits` in `n` (Wilson 1927): sound near 0 and 1 too; 0 to 1 for n of 0."""
    if n == 0:
        return 0.0, 1.0
    found = stats.binomtest(hits, n).proportion_ci(confidence, method="wilson")
    return float(found.low), float(found.high)


def non_decreasing_share(readings: Floats) -> float:
    """Return the share of steps that do not go down, over readings (faces, k) at k rising strengths.

    For a meter that should fall give the negative readings. NaN without a step.
    """
    steps = np.diff(readings, axis=-1)
    return float((steps >= 0).mean()) if steps.size else float("nan")


def auc(scores: Floats, positive: Bools) -> float:
    """Return the area under the ROC curve: the chance that a positive scores above a negative, ties half.

    scores and positive are (n,). NaN where one of the classes is missing.
    """
    n = int(positive.sum())
    others = len(positive) - n
    if n == 0 or others == 0:
        return float("nan")
    ranks = stats.rankdata(scores)
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * others))


def spearman(x: Floats, y: Floats) -> float:
    """Return Spearman's rank correlation of (n,) with (n,); 0 where either is constant."""
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.asarray(stats.spearmanr(x, y))[0])


def balanced_threshold(scores: Floats, positive: Bools) -> float:
    """Return the threshold with the best mean of true positive and true negative rate.

    scores and positive are (n,); a score above the threshold reads as positive. The threshold lies halfway
    between two neighbouring scores. Raises ValueError where one of the classes is missing.
    """
    if positive.all() or not positive.any():
        raise ValueError("a threshold needs both classes")
    order = np.argsort(scores)
    ordered, is_positive = scores[order], positive[order]
    true_negatives = np.cumsum(~is_positive) / (~positive).sum()
    missed = np.cumsum(is_positive) / positive.sum()
    balanced = true_negatives[:-1] - missed[:-1]
    balanced[ordered[:-1] == ordered[1:]] = -np.inf
    best = int(np.argmax(balanced))
    return float((ordered[best] + ordered[best + 1]) / 2)
