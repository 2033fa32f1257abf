"""Cross-validation: parts without leakage, and what a screening test is judged by."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, recall_score, roc_auc_score

import zoo
from zoo import data
from zoo.data.dataset import Dataset, Split
from zoo.data.splits import split
from zoo.errors import Mistake
from zoo.evaluation.cross_validation import cross_validate
from zoo.evaluation.reproduction import once
from zoo.metrics import intervals, rates

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
