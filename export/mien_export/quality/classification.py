"""Figures of a classifier: accuracy, macro F1, and whether its confidence can be believed."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, logsumexp, softmax

from mien_export.quality.statistics import Floats

BINS = 15
"""Of equal width, as Guo et al. 2017 report."""

COLDEST, HOTTEST = 0.05, 20.0

Labels = NDArray[np.int64]
"""(n,) classes from 0."""


def accuracy(predicted: Labels, labels: Labels) -> float:
    """Return the share of right predictions; NaN of none."""
    return float((predicted == labels).mean()) if len(labels) else float("nan")


def macro_f1(predicted: Labels, labels: Labels, classes: int) -> float:
    """Return the mean over all `classes` of each one's F1, rare ones counting as much as common ones.

    A class that is neither there nor predicted counts 0.
    """
    scores = [_f1(predicted == one, labels == one) for one in range(classes)]
    return float(np.mean(scores))


def _f1(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    named = int(found.sum() + true.sum())
    return 2 * int((found & true).sum()) / named if named else 0.0


def calibration_error(shares: Floats, labels: Labels, bins: int = BINS) -> float:
    """Return the expected calibration error, 0 to 1 (Naeini et al. 2015; Guo et al. 2017).

    shares (n, classes) sum to 1. Predictions are sorted by confidence into bins of equal width; the gap of each
    one's mean confidence and accuracy is weighted by its size.
    """
    confidence, right = shares.max(axis=1), shares.argmax(axis=1) == labels
    places = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(places, weights=confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def at_temperature(logits: Floats, temperature: float) -> Floats:
    """Return (n, classes) shares of logits (n, classes) divided by the temperature."""
    return np.asarray(softmax(logits / temperature, axis=1), np.float64)


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """Return the temperature that makes the labels likeliest (Guo et al. 2017), COLDEST to HOTTEST.

    Fit on validation pictures only. It moves no prediction, only its confidence. Of logits (views, n, classes) the
    views' shares are averaged.
    """
    rows = np.arange(len(labels))
    views = logits.reshape(-1, *logits.shape[-2:])

    def surprise(log_temperature: float) -> float:
        log_shares = log_softmax(views / np.exp(log_temperature), axis=2)[:, rows, labels]
        return -float(np.mean(logsumexp(log_shares, axis=0)))

    found = minimize_scalar(surprise, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x))
