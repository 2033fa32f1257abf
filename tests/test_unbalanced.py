"""Unbalanced classes: weights, focal loss, and how good each class is by itself."""

import dataclasses

import keras
import numpy as np
import pytest
from own_rows import as_line
from sklearn import metrics as sklearn
from sklearn.utils.class_weight import compute_class_weight

import zoo
from zoo.errors import Mistake
from zoo.metrics import measure, of_each
from zoo.reporting.advice import advise
from zoo.training import class_weights, losses

once = pytest.mark.once
NAMES = ("sound", "defect")


@pytest.fixture
def parts(monkeypatch):
    """100 sound parts and 8 with a defect that is hard to see, as `zoo.train` loads."""
    random = np.random.default_rng(0)
    targets = np.tile([0] * 25 + [1] * 2, 8).astype("int32")
    rows = random.normal(size=(len(targets), 2)).astype("float32")
    rows[:, 0] += 0.7 * targets
    about = {"classes": NAMES, "features": ("a", "b")}
    return as_line(monkeypatch, rows, targets, 108, **about)


RECIPE = zoo.Recipe(
    model="deep_mlp",
    data="line",
    model_arguments={"hidden": ()},
    validation=0.0,
    batch=27,
    epochs=40,
    learning_rate=0.05,
)


@once
def test_balanced_weights_are_those_of_scikit_learn(parts):
    expected = compute_class_weight(
        "balanced", classes=np.array([0, 1]), y=parts.train.targets
    )
    np.testing.assert_allclose(class_weights.of("balanced", parts), expected)
    assert class_weights.of("", parts) is None
    assert class_weights.of({"defect": 9}, parts).tolist() == [1, 9]


@once
def test_a_balanced_label_weighs_as_much_where_it_is_given_as_where_it_is_not(parts):
    targets = np.zeros((10, 3), np.float32)
    targets[:2, 0] = targets[:5, 1] = 1
    train = dataclasses.replace(parts.train, targets=targets)
    names = ("a", "b", "never")
    labels = dataclasses.replace(parts, task="labels", classes=names, train=train)
    assert class_weights.of("balanced", labels).tolist() == [4, 1, 10]
    assert class_weights.of({"b": 3}, labels).tolist() == [1, 3, 1]
    with pytest.raises(Mistake, match="unknown class in class_weight 'nevr'; did you"):
        class_weights.of({"nevr": 3}, labels)


@once
def test_weights_that_mean_nothing_are_refused(parts):
    with pytest.raises(Mistake, match="unknown class in class_weight 'defekt'; did yo"):
        class_weights.of({"defekt": 2.0}, parts)
    numbers = dataclasses.replace(parts, task="numbers", classes=(), outputs=("y",))
    with pytest.raises(Mistake, match="own has numbers to be answered: remove"):
        class_weights.of("balanced", numbers)
    with pytest.raises(Mistake, match="unknown class_weight 'balance'; did you mean"):
        dataclasses.replace(RECIPE, class_weight="balance")
    with pytest.raises(Mistake, match="class_weight of defect is -1; accepted: a num"):
        dataclasses.replace(RECIPE, class_weight={"defect": -1})
    with pytest.raises(Mistake, match="class_weight goes with loss=crossentropy or lo"):
        losses.make("mean_squared_error", 3, weights=np.ones(3))
    with pytest.raises(Mistake, match=r"label_smoothing=0.1 goes with loss=crossentr"):
        losses.make("focal", 3, smoothing=0.1)


def value(name, logits, targets, **options):
    encode, loss = losses.make(name, logits.shape[1], **options)
    found = loss(*map(keras.ops.convert_to_tensor, (encode(targets), logits)))
    return float(keras.ops.convert_to_numpy(found))


LOGITS = np.array([[5.0, 0.0, 0.0], [0.3, -1.0, 2.0], [0.0, 0.5, -0.5]], "float32")
TARGETS = np.array([0, 1, 1])
WEIGHTS = np.array([0.5, 3.0, 1.0])


@pytest.mark.parametrize("name", ["crossentropy", "focal"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_weighted_losses_by_hand(name, outputs):
    exact = LOGITS.astype("float64")
    if outputs == 1:
        exact = np.stack([np.zeros(3), exact[:, 1]], axis=1)
    shares = np.exp(exact) / np.exp(exact).sum(axis=1, keepdims=True)
    truth = shares[np.arange(3), TARGETS]
    each = -np.log(truth) * (1 - truth) ** (2 if name == "focal" else 0)
    given = LOGITS if outputs == 3 else LOGITS[:, 1:2]
    weights = WEIGHTS[: max(2, outputs)]
    found = value(name, given, TARGETS, weights=weights)
    assert found == pytest.approx((weights[TARGETS] * each).mean(), rel=1e-5)
    plain = value(name, given, TARGETS)
    assert plain == pytest.approx(each.mean(), rel=1e-5)
    same = value(name, given, TARGETS, weights=np.ones(max(2, outputs)))
    assert same == pytest.approx(plain, rel=1e-5)


def test_the_focal_loss_is_that_of_keras():
    one = LOGITS[:, :1]
    theirs = keras.losses.BinaryFocalCrossentropy(from_logits=True)
    expected = keras.ops.convert_to_numpy(theirs(TARGETS.astype("f4")[:, None], one))
    assert value("focal", one, TARGETS) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("outputs", [1, 2])
def test_far_logits_have_finite_gradients(outputs):
    """Weighted cross-entropy of answers that are as sure as float32 can be."""
    _, loss = losses.make("crossentropy", outputs, weights=np.array([1.0, 2.0]))
    logits = np.full((2, outputs), 200, "float32")
    logits[:, 0] = -200
    target = np.array([[1.0] * outputs, [0.0] * outputs], "float32")
    given = map(keras.ops.convert_to_tensor, (target, logits))
    found = float(keras.ops.convert_to_numpy(loss(*given)))
    assert np.isfinite(found)


@once
@pytest.mark.parametrize("outputs", [1, 4])
def test_metrics_of_each_class_are_those_of_scikit_learn(outputs):
    random = np.random.default_rng(3)
    count = max(2, outputs)
    targets = random.integers(0, count, 200)
    logits = random.normal(size=(200, outputs))
    said = (logits[:, 0] >= 0).astype(int) if outputs == 1 else logits.argmax(axis=1)
    names = tuple(map(str, range(count)))
    found = of_each(logits, targets, names)
    precision, recall, _, examples = sklearn.precision_recall_fscore_support(
        targets, said
    )
    for i, name in enumerate(names):
        assert found[name] == {
            "examples": examples[i],
            "answered": (said == i).sum(),
            "recall": pytest.approx(recall[i]),
            "precision": pytest.approx(precision[i]),
        }
    expected = sklearn.balanced_accuracy_score(targets, said)
    assert measure(logits, targets)["balanced_accuracy"] == pytest.approx(expected)


@once
def test_a_class_without_examples_or_answers_has_no_share():
    found = of_each(np.array([[-1.0], [-1.0]]), np.array([0, 0]), NAMES)
    assert found["defect"] == {"examples": 0, "answered": 0}
    assert found["sound"]["recall"] == found["sound"]["precision"] == 1


@pytest.mark.once
def test_a_class_that_is_never_answered_is_told_and_weights_help(parts, tmp_path):
    run = zoo.train(RECIPE, run=tmp_path / "plain", quiet=True)
    assert run.metrics["test"]["accuracy"] > 0.9
    assert run.metrics["test"]["balanced_accuracy"] == 0.5
    assert run.metrics["classes"]["test"]["defect"] == {
        "examples": 8,
        "answered": 0,
        "recall": 0.0,
    }
    assert (
        "Never answered: defect, although the test split has examples; "
        "class_weight=balanced, loss=focal, or more of them help."
    ) in advise(run.history, run.metrics)
    weighted = dataclasses.replace(RECIPE, class_weight="balanced")
    run = zoo.train(weighted, run=tmp_path / "weighted", quiet=True)
    assert run.metrics["classes"]["test"]["defect"]["recall"] >= 0.5
    assert run.metrics["test"]["balanced_accuracy"] > 0.52
    assert not any("Never" in line for line in advise(run.history, run.metrics))
    focal = dataclasses.replace(weighted, loss="focal", epochs=1)
    run = zoo.train(focal, run=tmp_path / "focal", quiet=True, floor=False)
    assert np.isfinite(run.history[-1]["loss"])
