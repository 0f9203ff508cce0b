import math

import numpy as np
import pytest
from scipy.special import softmax

from mien_export.quality.classification import (
    accuracy,
    at_temperature,
    calibration_error,
    fit_temperature,
    macro_f1,
)

CLASSES = 7


def drawn(n: int, sharpness: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Return logits (n, 7), and labels drawn by exactly the shares that the logits claim."""
    random = np.random.default_rng(0)
    logits = random.normal(0, sharpness, (n, CLASSES))
    steps = softmax(logits, axis=1).cumsum(axis=1)
    return logits, np.asarray((random.random((n, 1)) > steps[:, :-1]).sum(axis=1), np.int64)


def test_accuracy_counts() -> None:
    assert accuracy(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2])) == 0.75
    assert math.isnan(accuracy(np.zeros(0, np.int64), np.zeros(0, np.int64)))


def test_macro_f1_by_hand() -> None:
    predicted, labels = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 2])
    assert macro_f1(predicted, labels, 3) == pytest.approx((2 / 3 + 4 / 5 + 1) / 3)


def test_a_rare_class_missed_costs_its_full_part() -> None:
    labels = np.array([0] * 99 + [1])
    assert accuracy(np.zeros(100, np.int64), labels) == 0.99
    assert macro_f1(np.zeros(100, np.int64), labels, 2) == pytest.approx(0.5, abs=0.01)
    assert macro_f1(np.array([0, 1]), np.array([0, 1]), 4) == 0.5


def test_a_calibrated_sample_has_hardly_any_error() -> None:
    logits, labels = drawn(20000)
    assert calibration_error(at_temperature(logits, 1), labels) < 0.015


def test_a_boaster_has_the_gap_of_his_boasting() -> None:
    shares = np.zeros((100, CLASSES))
    shares[:, 0], shares[:, 1] = 0.9, 0.1
    labels = np.array([0] * 60 + [1] * 40)
    assert calibration_error(shares, labels) == pytest.approx(0.3)


def test_gaps_of_two_bins_do_not_cancel() -> None:
    shares = np.array([[0.95, 0.05]] * 50 + [[0.55, 0.45]] * 50)
    labels = np.array([0] * 40 + [1] * 10 + [0] * 35 + [1] * 15)
    assert calibration_error(shares, labels) == pytest.approx((0.15 + 0.15) / 2)


def test_full_confidence_has_a_bin() -> None:
    assert calibration_error(np.eye(3), np.arange(3)) == 0


@pytest.mark.parametrize("heat", [0.4, 1.0, 3.0])
def test_the_temperature_undoes_what_the_logits_were_stretched_by(heat: float) -> None:
    logits, labels = drawn(20000)
    found = fit_temperature(logits * heat, labels)
    assert found == pytest.approx(heat, rel=0.05)
    assert calibration_error(at_temperature(logits * heat, found), labels) < 0.02


def test_temperature_moves_confidence_and_no_prediction() -> None:
    logits, _ = drawn(500)
    cool, warm = at_temperature(logits, 0.5), at_temperature(logits, 4)
    np.testing.assert_allclose(cool.sum(axis=1), 1)
    np.testing.assert_array_equal(cool.argmax(axis=1), warm.argmax(axis=1))
    assert (cool.max(axis=1) > warm.max(axis=1)).all()


def test_the_mean_of_several_views_has_a_temperature_of_its_own() -> None:
    logits, labels = drawn(4000)
    noise = np.random.default_rng(1).normal(0, 2, (2, *logits.shape))
    views = logits + noise
    temperature = fit_temperature(views, labels)
    together = np.mean([at_temperature(view, temperature) for view in views], axis=0)
    assert fit_temperature(views[:1], labels) == pytest.approx(fit_temperature(views[0], labels))
    # The mean of two is less sure than either, so each may be surer.
    assert temperature < fit_temperature(views[0], labels)
    assert calibration_error(together, labels) < 0.03
