"""What a screening test is judged by, and when a claim holds."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import brier_score_loss, recall_score, roc_auc_score

from zoo.errors import Mistake
from zoo.metrics import intervals, measure, rates, summarize

pytestmark = pytest.mark.once


def test_rates_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    targets = random.integers(0, 2, 300)
    logits = (random.normal(size=300) + targets).reshape(-1, 1)
    probability = 1 / (1 + np.exp(-logits[:, 0]))
    said = probability >= 0.5
    found = rates(logits, targets)
    assert found["sensitivity"] == pytest.approx(recall_score(targets, said))
    assert found["specificity"] == pytest.approx(
        recall_score(targets, said, pos_label=0)
    )
    assert found["brier"] == pytest.approx(brier_score_loss(targets, probability))
    assert found["auc"] == pytest.approx(roc_auc_score(targets, probability))


def test_calibration_error_by_hand():
    logits = np.log([[1 / 9], [1 / 9], [3.0], [3.0]])  # probabilities 0.1 and 0.75
    targets = np.array([0, 1, 1, 1])
    assert rates(logits, targets)["calibration_error"] == pytest.approx(
        0.5 * abs(0.1 - 0.5) + 0.5 * abs(0.75 - 1)
    )


def test_intervals_narrow_with_the_root_of_the_count():
    random = np.random.default_rng(0)

    def width(count):
        targets = np.arange(count) % 2
        logits = random.normal(size=(count, 1)) + targets[:, None]
        low, high = intervals(rates, logits, targets)["auc"]
        assert low < rates(logits, targets)["auc"] < high
        return high - low

    assert width(100) / width(1600) == pytest.approx(4, rel=0.3)


def test_rates_of_two_logits_are_those_of_class_1():
    random = np.random.default_rng(0)
    targets = random.integers(0, 2, 300)
    logits = random.normal(size=(300, 2))
    logits[:, 1] += 2 * targets
    found, one = rates(logits, targets), rates(logits[:, 1:] - logits[:, :1], targets)
    assert found == pytest.approx(one)
    said = logits.argmax(1)
    assert found["sensitivity"] == pytest.approx(recall_score(targets, said))
    assert found["auc"] == pytest.approx(roc_auc_score(targets, np.diff(logits)[:, 0]))


@pytest.mark.parametrize("shape", [(4, 3), (4,), (4, 0), (4, 2, 1)])
def test_outputs_that_no_screening_test_gives(shape):
    with pytest.raises(
        Mistake, match="a screening test has two classes; these outputs"
    ):
        rates(np.zeros(shape), np.array([0, 1, 0, 1]))


def test_measures_refuse_shapes_and_targets_without_meaning():
    with pytest.raises(Mistake, match=r"outputs of shape \(3,\) for 3 targets"):
        measure(np.zeros(3), np.zeros(3, int))
    with pytest.raises(Mistake, match=r"outputs of shape \(3, 2\) for 4 targets"):
        measure(np.zeros((3, 2)), np.zeros(4, int))
    with pytest.raises(Mistake, match="targets from -1 to 1 for outputs of 2 classes"):
        measure(np.zeros((2, 2)), np.array([-1, 1]))
    with pytest.raises(Mistake, match="targets from 0 to 2 for outputs of 2 classes"):
        measure(np.zeros((2, 1)), np.array([0, 2]))


@pytest.mark.parametrize("count", [2, 3, 5, 10, 11, 30, 200])
def test_a_claim_holds_where_students_interval_supports_it(count):
    values = np.random.default_rng(count).normal(0.9, 0.01, count).tolist()
    summary = summarize(values)
    error = np.std(values, ddof=1) / np.sqrt(count)
    lower = np.mean(values) - stats.t.ppf(0.95, count - 1) * error
    assert summary.lower() == pytest.approx(lower, abs=2e-3 * error)
    assert summary.reaches(lower - 0.01 * error)
    assert not summary.reaches(lower + 0.01 * error)


def test_noise_never_helps_a_claim():
    calm, noisy = summarize([0.9, 0.9, 0.9]), summarize([0.8, 0.9, 1.0])
    assert calm.reaches(0.9)
    assert not noisy.reaches(0.9)
    assert not summarize([0.99]).reaches(0.9), "one value has no interval"
