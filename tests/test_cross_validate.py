"""Cross-validation: parts without leakage, and what a screening test is judged by."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import brier_score_loss, recall_score, roc_auc_score

import zoo
from zoo import data
from zoo.data.dataset import Dataset, Split
from zoo.data.splits import split
from zoo.errors import Mistake
from zoo.evaluation.cross_validation import cross_validate
from zoo.evaluation.reproduction import once
from zoo.metrics import intervals, measure, rates, summarize

RECIPE = zoo.Recipe(model="deep_mlp", data="moons", epochs=3, validation=0.0, seed=3)


@given(st.integers(4, 60), st.integers(2, 4), st.integers(0, 9))
def test_each_example_is_tested_once_and_never_trained_on(count, parts, seed):
    rows = np.arange(count, dtype=np.float32).reshape(-1, 1)
    targets = (np.arange(count) % 3 == 0).astype(np.int32)
    half = count // 2
    whole = Dataset(
        "rows",
        "tabular",
        train=Split(rows[half:], targets[half:]),
        test=Split(rows[:half], targets[:half]),
    )
    tested = []
    for part in range(parts):
        cut = split(whole, (part, parts), seed)
        both = np.concatenate([cut.train.inputs, cut.test.inputs]).ravel()
        assert sorted(both) == list(range(count))
        assert abs(len(cut.test) - count / parts) < 1
        assert abs(cut.test.targets.sum() - targets.sum() / parts) < 1
        tested += cut.test.inputs.ravel().tolist()
    assert sorted(tested) == list(range(count))


def test_the_seed_decides_the_parts():
    first, again, other = (
        data.load("moons", seed=seed, fold=(0, 5)).test.inputs for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    pinned = data.load("moons", seed=2, fold=(0, 5, 1)).test.inputs
    assert np.array_equal(first, pinned)


@pytest.mark.parametrize(
    "fold", [(5, 5), (-1, 5), (0, 1), (0.5, 5), 3, (0, 1001), (5, 5, 1)]
)
def test_a_fold_out_of_range(fold):
    with pytest.raises(
        Mistake, match=r"accepted: \(i, k\), or \(i, k, seed\), with 2 <= k <= 1000"
    ):
        data.load("moons", fold=fold)


def test_folds_of_pictures():
    with pytest.raises(Mistake, match="fold is for rows; mnist_sample holds image"):
        data.load("mnist_sample", fold=(0, 5))


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


def test_a_cross_validation_resumes_and_predicts_every_example(tmp_path):
    run = cross_validate(RECIPE, 3, tmp_path)
    assert run.metrics["seconds"]["total"] > 0
    low, high = run.metrics["interval"]["accuracy"]
    assert 0.5 < low < run.metrics["test"]["accuracy"] < high < 1
    wrong = sum(
        (1 - zoo.Run(tmp_path / f"part-{part}").metrics["test"]["accuracy"]) * count
        for part, count in enumerate((334, 333, 333))
    )
    assert 1 - wrong / 1000 == pytest.approx(run.metrics["test"]["accuracy"])
    trained = (tmp_path / "part-0" / "model.keras").stat().st_mtime_ns
    again = cross_validate(RECIPE, 3, tmp_path)
    assert again.metrics == run.metrics
    assert (tmp_path / "part-0" / "model.keras").stat().st_mtime_ns == trained


def test_more_than_two_classes(tmp_path):
    with pytest.raises(Mistake, match="is for two classes; blobs has 4"):
        cross_validate(dataclasses.replace(RECIPE, data="blobs"), 2, tmp_path)


def test_a_claim_by_cross_validation(tmp_path):
    claim = zoo.Expected("auc", 0.5, folds=2)
    run = once(dataclasses.replace(RECIPE, expects=claim), tmp_path)
    assert run.metrics["test"]["auc"] > 0.5
    with pytest.raises(Mistake, match="folds=1; accepted: 0"):
        zoo.Expected("auc", 0.5, folds=1)


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
