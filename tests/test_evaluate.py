"""Metrics: against Keras, scikit-learn and by hand."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

import zoo
from zoo.engine import steps
from zoo.errors import Mistake
from zoo.metrics import area_under_curve, measure, probabilities


def logits(seed, count, classes):
    return np.random.default_rng(seed).normal(0, 3, (count, classes)).astype("float32")


@given(st.integers(0, 99), st.integers(1, 40), st.integers(2, 12))
def test_many_classes(seed, count, classes):
    outputs = logits(seed, count, classes)
    targets = np.random.default_rng(seed + 1).integers(0, classes, count)
    found = measure(outputs, targets)
    share = probabilities(outputs)
    np.testing.assert_allclose(share.sum(axis=1), 1)
    loss = log_loss(targets, share, labels=range(classes))
    assert found["loss"] == pytest.approx(loss, rel=1e-6)
    assert found["accuracy"] == (outputs.argmax(axis=1) == targets).mean()
    if classes == 2 and 0 < targets.sum() < count:
        score = outputs[:, 1] - outputs[:, 0]
        assert found["auc"] == pytest.approx(roc_auc_score(targets, score))
    else:
        assert "auc" not in found


@given(st.integers(0, 99), st.integers(2, 40), st.booleans())
def test_two_classes_with_one_logit(seed, count, coarse):
    outputs = logits(seed, count, 1)
    outputs = np.round(outputs) if coarse else outputs  # coarse: many ties
    targets = np.random.default_rng(seed + 1).integers(0, 2, count)
    targets[:2] = 0, 1
    found = measure(outputs, targets)
    share = probabilities(outputs)
    assert found["loss"] == pytest.approx(log_loss(targets, share), rel=1e-6)
    assert found["accuracy"] == ((outputs[:, 0] >= 0) == targets).mean()
    assert found["auc"] == pytest.approx(roc_auc_score(targets, outputs[:, 0]))
    np.testing.assert_allclose(share[:, 1], 1 / (1 + np.exp(-outputs[:, 0])), rtol=1e-6)


def test_area_under_curve_by_hand():
    score = np.array([0.1, 0.4, 0.4, 0.8])
    assert area_under_curve(score, np.array([0, 0, 1, 1])) == (0.5 + 3) / 4


def test_area_needs_both_classes():
    assert "auc" not in measure(np.ones((3, 1)), np.ones(3, int))


def test_huge_logits_do_not_overflow():
    found = measure(np.array([[1e4, 0], [0, 1e4]]), np.array([0, 0]))
    assert found == {"loss": 5e3, "accuracy": 0.5, "balanced_accuracy": 0.5}
    found = measure(np.array([[1e4], [-1e4]]), np.array([1, 1]))
    assert (found["loss"], found["accuracy"]) == (5e3, 0.5)
    assert probabilities(np.array([[1e4, 0.0]])).tolist() == [[1, 0]]


def test_measure_agrees_with_keras():
    import keras

    outputs = logits(0, 64, 10)
    targets = np.arange(64) % 10
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    expected = float(loss(targets, outputs))
    assert measure(outputs, targets)["loss"] == pytest.approx(expected, rel=1e-5)


def test_nan_is_not_a_prediction():
    outputs = logits(0, 5, 3)
    outputs[2:4, 1] = np.nan
    with pytest.raises(Mistake, match="NaN for 2 of 5 examples"):
        measure(outputs, np.zeros(5, int))


@pytest.mark.parametrize(
    "targets",
    [np.full((3, 1), 0.5), np.ones((3, 1), int), np.eye(3), np.array([0, 0.5, 1])],
)
def test_targets_of_another_task_are_no_classes(targets):
    for outputs in (np.zeros((3, 1)), np.zeros((3, 3))):
        with pytest.raises(
            Mistake, match=r"are no numbers of classes, \(n,\); set task"
        ):
            measure(outputs, targets)
    assert measure(np.ones((3, 1)), np.ones(3))["accuracy"] == 1


def test_a_task_that_is_none_is_not_classes():
    with pytest.raises(Mistake, match=r"unknown task 'label'; did you mean 'labels'\?"):
        measure(np.zeros((3, 2)), np.zeros(3, int), "label")


@pytest.mark.once
def test_what_is_asked_by_its_path_is_compiled_once(tmp_path, monkeypatch):
    recipe = zoo.Recipe("deep_mlp", "moons", batch=100, epochs=1)
    run = zoo.train(recipe, run=tmp_path / "run", floor=False, quiet=True).folder
    compiled, compile_ = [], steps.compile_forward
    monkeypatch.setattr(
        steps, "compile_forward", lambda model: compiled.append(1) or compile_(model)
    )
    found = [zoo.evaluate(run)["loss"] for _ in range(3)]
    assert found[0] == found[1] == found[2]
    zoo.explain(str(run), "0.5,1")
    assert zoo.explain(run, "0.5,1")[0].method == "shapley"
    assert len(compiled) == 1
    with pytest.raises(Mistake, match="is not a run: it is a file"):
        zoo.evaluate(run / "recipe.json")


@pytest.mark.once
def test_a_model_is_compiled_once_for_as_long_as_it_is_as_it_was(monkeypatch):
    compiled, compile_ = [], steps.compile_forward
    monkeypatch.setattr(
        steps, "compile_forward", lambda model: compiled.append(1) or compile_(model)
    )
    split = zoo.data.load("moons").test
    model = zoo.build("deep_mlp", hidden=(4,), input_shape=(2,), classes=1)

    def right() -> bool:
        """Whether it is measured as Keras's own answers are."""
        answers = keras.ops.convert_to_numpy(model(split.inputs[:]))[:, 0] > 0
        return zoo.evaluate(model, split)["accuracy"] == np.mean(
            answers == split.targets
        )

    draws = np.random.default_rng(0)
    for _ in range(3):  # new weights are no new model
        assert right()
        model.set_weights([draws.normal(size=w.shape) for w in model.get_weights()])
    assert len(compiled) == 1
    model.layers[-1].activation = keras.ops.negative
    assert right()
    assert len(compiled) == 2


def test_a_model_has_no_split_of_its_own():
    model = zoo.build("perceptron")
    with pytest.raises(Mistake) as mistake:
        zoo.evaluate(model, "test")
    assert str(mistake.value) == (
        "split=test: a model has no data set of its own; give the examples, "
        'such as zoo.data.load("mnist_sample").split("test")'
    )


def test_the_largest_logits_have_probabilities_at_any_temperature():
    outputs = np.array([[3e38], [-3e38], [0]], "float32")
    assert probabilities(outputs, 0.1)[:, 1].tolist() == [1, 0, 0.5]
