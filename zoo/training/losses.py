"""The loss of a recipe, and targets in the form that it needs."""

import importlib
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from zoo.errors import Mistake, unknown


def make(
    name: str, outputs: int, smoothing: float = 0.0, soft: bool = False
) -> tuple[Callable[[np.ndarray], np.ndarray], Callable]:
    """How to encode targets, and the loss that takes them.

    Args:
        name: "crossentropy", "mean_squared_error" or a dotted path.
        outputs: length of the model's output; 1 is the logit of class 1.
        smoothing: label smoothing, of the cross-entropy only.
        soft: targets will be mixtures of classes (MixUp, CutMix).

    Returns:
        `encode`, from class numbers (n,) to int32 (n,), or float32 (n, outputs) where
        the loss needs one-hot targets; and `loss(targets, logits)`, a scalar: the mean
        over the batch.

    Raises:
        Mistake: no such loss.
    """
    losses = keras.losses
    if name == "crossentropy" and outputs == 1:
        loss = losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)
        return _column, loss
    if name == "crossentropy":
        if smoothing or soft:
            loss = losses.CategoricalCrossentropy(
                from_logits=True, label_smoothing=smoothing
            )
            return _one_hot(outputs), loss
        return _integers, losses.SparseCategoricalCrossentropy(from_logits=True)
    if smoothing:
        raise Mistake(
            f"label_smoothing={smoothing} goes with loss=crossentropy, not with {name}"
        )
    if name == "mean_squared_error":
        squash = ops.sigmoid if outputs == 1 else ops.softmax
        encode = _column if outputs == 1 else _one_hot(outputs)
        return encode, lambda y, z: ops.mean(ops.square(y - squash(z)))
    module, dot, function = name.rpartition(".")
    if not dot:
        accepted = ("crossentropy", "mean_squared_error")
        raise unknown("loss", name, accepted, "or a dotted path to a function")
    try:
        loss = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise Mistake(f"loss '{name}' cannot be imported: {error}") from error
    encode = _column if outputs == 1 else _one_hot(outputs)
    return encode, lambda y, z: ops.mean(loss(y, z))


def _integers(targets):
    return np.asarray(targets, "int32")


def _column(targets):
    return np.asarray(targets, "float32").reshape(-1, 1)


def _one_hot(classes):
    return lambda targets: np.eye(classes, dtype="float32")[targets]
