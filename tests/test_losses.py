"""Losses by name, against Keras's own on probabilities and NumPy by hand."""

import inspect

import keras
import numpy as np
import pytest

from zoo.errors import Mistake
from zoo.training import losses

LOGITS = np.array([[5.0, 0.0, 0.0], [0.3, -1.0, 2.0], [0.0, 0.5, -0.5]], "float32")
TARGETS = np.array([0, 2, 0])
NAMES = sorted(
    name
    for name, found in vars(keras.losses).items()
    if callable(found)
    and not name.startswith("_")
    and name not in ("Loss", "get", "serialize", "deserialize", "CTC", "Circle")
    and name not in ("ctc", "circle", "categorical_generalized_cross_entropy")
)


def value(name, logits, targets, **options):
    encode, loss = losses.make(name, logits.shape[1], **options)
    found = loss(keras.ops.convert_to_tensor(encode(targets)), logits)
    return float(keras.ops.convert_to_numpy(found))


def expected(name, logits, targets):
    """The loss of Keras, given probabilities where it does not compare scores."""
    loss, outputs = getattr(keras.losses, name), logits.shape[1]
    one_hot = np.eye(max(2, outputs), dtype="float32")[targets]
    given = one_hot if outputs > 1 else one_hot[:, 1:]
    exact = logits.astype("float64")
    if outputs > 1 and not name.lower().startswith("binary"):
        p = np.exp(exact) / np.exp(exact).sum(1, keepdims=True)
    else:
        p = 1 / (1 + np.exp(-exact))
    if "hinge" in name.lower():
        p = logits
    if name.lower().startswith("sparse"):
        given = targets
    if inspect.isclass(loss):
        loss = loss()
    return float(np.mean(keras.ops.convert_to_numpy(loss(given, p.astype("float32")))))


@pytest.mark.parametrize("name", NAMES)
def test_every_loss_of_keras_gets_logits_as_logits(name):
    found = value(f"keras.losses.{name}", LOGITS, TARGETS)
    assert found == pytest.approx(expected(name, LOGITS, TARGETS), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "categorical" not in name.lower()]
)
def test_every_loss_of_keras_for_one_logit(name):
    logits, targets = LOGITS[:, 1:2] - 1, np.array([1, 0, 1])
    found = value(f"keras.losses.{name}", logits, targets)
    assert found == pytest.approx(expected(name, logits, targets), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "categorical_crossentropy",
        "CategoricalCrossentropy",
        "sparse_categorical_crossentropy",
        "SparseCategoricalCrossentropy",
    ],
)
def test_the_crossentropy_of_keras_is_that_of_logits(name):
    found = value(f"keras.losses.{name}", LOGITS[:1], TARGETS[:1])
    assert found == pytest.approx(np.log(1 + 2 * np.exp(-5)), rel=1e-5)


def test_label_smoothing_goes_to_a_loss_that_has_it():
    name = "keras.losses.CategoricalCrossentropy"
    given = value(name, LOGITS, TARGETS, smoothing=0.1)
    assert given == pytest.approx(value("crossentropy", LOGITS, TARGETS, smoothing=0.1))
    with pytest.raises(Mistake, match=r"label_smoothing=0.1 goes with loss=crossentr"):
        losses.make("keras.losses.Poisson", 3, smoothing=0.1)


@pytest.mark.parametrize(
    ("name", "outputs", "text"),
    [
        ("keras.losses.categorical_crossentropy", 1, "compares classes and the model"),
        ("keras.losses.SparseCategoricalCrossentropy", 1, "set model.classes=2"),
        ("keras.losses.CTC", 3, "is for sequences or embeddings"),
        ("keras.losses.Circle", 3, "is for sequences or embeddings"),
        (
            "keras.losses.categorical_generalized_cross_entropy",
            3,
            "needs a value for q; write a function",
        ),
        ("keras.losses.get", 3, "is no loss"),
        ("keras.losses.Loss", 3, "is no loss"),
        ("keras.losses.Poison", 3, "unknown loss of keras.losses 'Poison'; did you me"),
        ("no.such.module", 3, "'no.such.module' cannot be imported"),
        (
            "huber",
            3,
            "loss=huber compares numbers, and the data have classes or labels",
        ),
        ("crossentropi", 3, "unknown loss 'crossentropi'; did you mean 'crossentropy'"),
    ],
)
def test_what_is_no_loss_for_a_model(name, outputs, text):
    with pytest.raises(Mistake, match=text):
        losses.make(name, outputs)


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_loss_of_ones_own_is_computed_before_training(outputs, monkeypatch):
    def crooked(targets, logits):
        return targets @ logits

    def fine(targets, logits):
        return keras.ops.square(targets - logits)

    def nothing(targets, logits):
        return keras.ops.log(0.0 * logits) + targets

    given = {
        "crooked": "cannot be computed of targets",
        "nothing": "is -inf for logits",
    }
    for loss in (crooked, fine, nothing):
        name = f"mine.{loss.__name__}"
        monkeypatch.setattr(losses, "imported", lambda name, loss=loss: loss)
        made = losses.make(name, outputs)
        if text := given.get(loss.__name__):
            with pytest.raises(Mistake, match=f"loss {name} {text}"):
                losses.try_out(name, *made, np.array([0, 1]), outputs)
        else:
            losses.try_out(name, *made, np.array([0, 1]), outputs)


def test_class_numbers_cannot_be_mixed():
    with pytest.raises(
        Mistake, match="class numbers, which mixup and cutmix cannot mi"
    ):
        losses.make("keras.losses.sparse_categorical_crossentropy", 3, soft=True)
