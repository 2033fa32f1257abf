"""Curves over thresholds, and what two networks differ by."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sklearn

from zoo.metrics import (
    binomial_interval,
    calibration_error,
    losses_of_classes,
    mcnemar,
    mean_interval,
    precision_recall,
    receiver,
    reliability,
    sensitivity_at,
)

pytestmark = pytest.mark.once


def scores(count=200, seed=0):
    random = np.random.default_rng(seed)
    positive = random.random(count) < 0.4
    return np.round(random.normal(size=count) + positive, 1), positive  # with ties


def test_the_curves_are_those_of_scikit_learn():
    score, positive = scores()
    alarms, hits, _ = sklearn.roc_curve(positive, score, drop_intermediate=False)
    np.testing.assert_allclose(receiver(score, positive), (alarms, hits))
    precision, recall, _ = sklearn.precision_recall_curve(positive, score)
    ours = precision_recall(score, positive)
    np.testing.assert_allclose(ours[0], recall[:-1][::-1])
    np.testing.assert_allclose(ours[1], precision[:-1][::-1])


@pytest.mark.parametrize("specificity", [0.0, 0.8, 0.9, 1.0])
def test_sensitivity_at_a_specificity_by_trying_every_threshold(specificity):
    score, positive = scores()
    tried = [np.inf, *score]
    best = max(
        (score[positive] >= cut).mean()
        for cut in tried
        if (score[~positive] < cut).mean() >= specificity
    )
    curve = receiver(score, positive)
    assert sensitivity_at(curve, specificity) == pytest.approx(best)


@pytest.mark.parametrize(("only", "other"), [(0, 0), (1, 0), (5, 5), (3, 12), (0, 40)])
def test_mcnemar_is_the_binomial_test_of_scipy(only, other):
    first = np.repeat([True, True, False, False], [7, only, other, 3])
    second = np.repeat([True, False, True, False], [7, only, other, 3])
    expected = stats.binomtest(only, only + other).pvalue if only + other else 1.0
    assert mcnemar(first, second) == pytest.approx(expected)
    assert mcnemar(second, first) == mcnemar(first, second)


def test_mcnemar_of_many_examples():
    first = np.arange(30_000) < 15_100
    assert mcnemar(first, ~first) == pytest.approx(
        stats.binomtest(15_100, 30_000).pvalue
    )


def test_the_interval_of_a_mean_is_that_of_scipys_bootstrap():
    values = np.random.default_rng(0).exponential(size=80)
    drawn = stats.bootstrap((values,), np.mean, method="percentile", rng=0)
    assert mean_interval(values) == pytest.approx(
        tuple(drawn.confidence_interval), abs=0.03
    )
    assert mean_interval(np.full(5, 0.25)) == (0.25, 0.25)


def test_examples_of_a_group_are_drawn_together():
    values = np.repeat(np.random.default_rng(0).normal(size=20), 50)
    groups = np.repeat(np.arange(20), 50)
    alone, together = mean_interval(values), mean_interval(values, groups=groups)
    factor = stats.t.ppf(0.975, 19) / stats.norm.ppf(0.975) * np.sqrt(20 / 19)
    ends = np.array(mean_interval(values[::50]))
    expected = values.mean() + factor * (ends - values.mean())
    assert together == pytest.approx(tuple(expected), rel=1e-3)
    assert together[1] - together[0] > 3 * (alone[1] - alone[0])


@pytest.mark.parametrize(("right", "count"), [(0, 10), (10, 10), (81, 100)])
def test_the_interval_of_a_share_is_wilsons(right, count):
    ends = stats.binomtest(right, count).proportion_ci(method="wilson")
    assert binomial_interval(right, count) == pytest.approx(tuple(ends), abs=1e-6)


def test_reliability_counts_every_example_in_its_bin():
    logits = np.log([[0.65, 0.35], [0.31, 0.69], [0.98, 0.02], [1e-12, 1.0]])
    counts, sure, right = reliability(logits, np.array([0, 0, 0, 1]))
    assert counts.tolist() == [0, 0, 0, 0, 0, 0, 2, 0, 0, 2]
    assert sure[6] == pytest.approx(1.34)
    assert right[[6, 9]].tolist() == [1, 2]
    expected = (abs(1.34 - 1) + abs(1.98 - 2)) / 4
    assert calibration_error(logits, np.array([0, 0, 0, 1])) == pytest.approx(expected)


def test_losses_are_those_of_scikit_learn():
    logits = np.random.default_rng(0).normal(size=(5, 1))
    targets = np.array([0, 1, 1, 0, 1])
    shares = 1 / (1 + np.exp(-logits[:, 0]))
    expected = sklearn.log_loss(targets, shares)
    assert losses_of_classes(logits, targets).mean() == pytest.approx(expected)
