"""The loss of a recipe, and targets in the form that it needs."""

import importlib
import inspect
from collections.abc import Callable
from functools import partial

import keras
import numpy as np
from keras import ops

from zoo.errors import Mistake, unknown


def make(
    name: str,
    outputs: int,
    smoothing: float = 0.0,
    soft: bool = False,
    weights: np.ndarray | None = None,
    labels: bool = False,
) -> tuple[Callable[[np.ndarray], np.ndarray], Callable]:
    """How to encode targets, and the loss that takes them.

    The outputs of a model are logits. A loss of `keras.losses` gets them with
    `from_logits=True` if it has that argument, as they are if it is a hinge loss, which
    compares scores, and as probabilities otherwise.

    Args:
        name: "crossentropy", "focal" (Lin et al. 2017, arXiv:1708.02002, with gamma 2:
            the cross-entropy of an example times the square of what its probability
            lacks), "mean_squared_error" (on probabilities), the dotted name
            of a loss of Keras, as "keras.losses.BinaryFocalCrossentropy" or
            "keras.losses.binary_focal_crossentropy", or the dotted path of a function
            of (targets, logits), or of a class made from `keras.losses.Loss`.
        outputs: length of the model's output; 1 is the logit of class 1.
        smoothing: label smoothing, of a cross-entropy that has `label_smoothing`.
        soft: targets will be mixtures of classes (MixUp, CutMix).
        weights: float (classes,), what an example of each class counts, for
            "crossentropy" and "focal"; of labels, what one counts where it is to be
            given, and where it is not, 1; None is 1 each.
        labels: the targets are several labels at once, float (n, outputs), each with a
            logit of its own; the loss is also the mean over labels.

    Returns:
        `encode`, from class numbers (n,) to int32 (n,), or float32 (n, outputs) where
        the loss needs one-hot targets; and `loss(targets, logits)`, a scalar: the mean
        over the batch.

    Raises:
        Mistake: no such loss, or it does not fit the outputs or the other arguments.
    """
    losses, binary = keras.losses, outputs == 1 or labels
    if name == "focal" or (name == "crossentropy" and weights is not None):
        return _by_example(name, outputs, smoothing, weights, labels)
    if weights is not None:
        raise Mistake(
            f"class_weight goes with loss=crossentropy or loss=focal, not with {name}"
        )
    if name == "crossentropy" and binary:
        loss = losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)
        return floats if labels else _column, loss
    if name == "crossentropy":
        if smoothing or soft:
            loss = losses.CategoricalCrossentropy(
                from_logits=True, label_smoothing=smoothing
            )
            return _one_hot(outputs), loss
        return _integers, losses.SparseCategoricalCrossentropy(from_logits=True)
    encode = _column if outputs == 1 else _one_hot(outputs)
    encode = floats if labels else encode
    if name == "mean_squared_error":
        _refuse_smoothing(name, smoothing)
        squash = _probabilities(binary)
        return encode, lambda y, z: ops.mean(ops.square(y - squash(z)))
    loss = imported(name)
    if inspect.isclass(loss) and issubclass(loss, losses.Loss):
        short = loss.__name__.lower()
    else:
        short = getattr(loss, "__name__", "").lower().replace("_", "")
    is_kerass = getattr(loss, "__module__", "").startswith("keras.")
    if is_kerass:
        _check_fit(name, short, outputs, soft, labels)
    takes = _parameters(loss)
    loss = _with_options(name, loss, takes, smoothing)
    if is_kerass and short.startswith("sparse"):
        encode = _integers
    if is_kerass and "from_logits" not in takes and "hinge" not in short:
        squash = _probabilities(binary)
        return encode, lambda y, z: ops.mean(loss(y, squash(z)))
    return encode, lambda y, z: ops.mean(loss(y, z))


def _by_example(name, outputs, smoothing, weights, labels):
    """The cross-entropy, focal or not, with a weight for each example by its class."""
    if name == "focal":
        _refuse_smoothing(name, smoothing)
    focus = ops.square if name == "focal" else ops.ones_like
    count = max(2, outputs)
    if outputs == 1 or labels:

        def entropy(y, z):
            y = y * (1 - smoothing) + smoothing / 2
            lacking = ops.sigmoid(-z), ops.sigmoid(z)  # of a positive, of a negative
            positive = y * focus(lacking[0]) * ops.softplus(-z)
            if labels and weights is not None:
                positive = ops.multiply(positive, np.asarray(weights, "float32"))
            return positive + (1 - y) * focus(lacking[1]) * ops.softplus(z)

    else:

        def entropy(y, z):
            y = y * (1 - smoothing) + smoothing / count
            logs = ops.log_softmax(z)
            return -ops.sum(y * focus(1 - ops.exp(logs)) * logs, axis=-1)

    def loss(y, z):
        found = entropy(y, z)
        if weights is None or labels:
            return ops.mean(found)
        if outputs == 1:
            negative, positive = map(float, weights)
            return ops.mean((y * positive + (1 - y) * negative) * found)
        each = ops.multiply(y, np.asarray(weights, "float32"))
        return ops.mean(ops.sum(each, axis=-1) * found)

    if labels:
        return floats, loss
    return _column if outputs == 1 else _one_hot(outputs), loss


def try_out(
    name: str, encode: Callable, loss: Callable, targets: np.ndarray, outputs: int
) -> None:
    """Compute a loss of the user's own once, as what it does is not known otherwise.

    Args:
        name: of the loss.
        encode, loss: what `make` gave.
        targets: of two examples.
        outputs: length of the model's output.

    Raises:
        Mistake: it does not take targets and logits, or gives no number.
    """
    if name.startswith("keras.losses.") or "." not in name:
        return
    targets = ops.convert_to_tensor(encode(targets))
    logits = np.array([[0.5] * outputs, [-0.5] * outputs], "f4")[: len(targets)]
    logits = ops.convert_to_tensor(logits)
    try:
        value = float(ops.convert_to_numpy(loss(targets, logits)))
    except Exception as error:  # whatever the user's function raises
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise Mistake(
            f"loss {name} cannot be computed of targets {tuple(targets.shape)} and "
            f"logits {tuple(logits.shape)}: {reason}; write it as a function of both, "
            "of keras.ops"
        ) from error
    if not np.isfinite(value):
        raise Mistake(f"loss {name} is {value} for logits of 0.5 and -0.5")


def imported(name: str):
    """The function or class of the dotted path `name`."""
    module, dot, function = name.rpartition(".")
    if name in ("mean_squared", "mean_absolute", "huber"):
        raise Mistake(
            f"loss={name} compares numbers, and the data have classes or labels; "
            "accepted: crossentropy, focal, mean_squared_error (of probabilities), or "
            "a dotted path to a function"
        )
    if not dot:
        accepted = ("crossentropy", "focal", "mean_squared_error")
        raise unknown("loss", name, accepted, "or a dotted path to a function")
    try:
        found = getattr(importlib.import_module(module), function)
    except ImportError as error:
        raise Mistake(f"loss '{name}' cannot be imported: {error}") from error
    except AttributeError as error:
        if module == "keras.losses":
            known = [each for each in vars(keras.losses) if not each.startswith("_")]
            raise unknown(f"loss of {module}", function, known) from error
        raise Mistake(f"loss '{name}' cannot be imported: {error}") from error
    unfit = (keras.losses.Loss, keras.losses.get, keras.losses.serialize)
    if not callable(found) or found in (*unfit, keras.losses.deserialize):
        raise Mistake(f"loss '{name}' is no loss: name a function or a class of losses")
    return found


def _check_fit(name: str, short: str, outputs: int, soft: bool, labels: bool) -> None:
    """Refuse a loss of Keras that has no meaning for these outputs and targets."""
    if labels and "categorical" in short:
        raise Mistake(
            f"loss {name} compares classes, of which an example has one; the data have "
            "labels, several at once: take crossentropy, focal or a binary loss"
        )
    if short in ("ctc", "circle"):
        raise Mistake(
            f"loss {name} is for sequences or embeddings, and zoo's models give "
            "logits of classes; try loss=crossentropy"
        )
    if outputs == 1 and ("categorical" in short):
        raise Mistake(
            f"loss {name} compares classes and the model has one output, the logit of "
            "class 1; set model.classes=2 or a binary loss"
        )
    if soft and short.startswith("sparse"):
        raise Mistake(
            f"loss {name} takes class numbers, which mixup and cutmix cannot mix; "
            "take keras.losses.categorical_crossentropy"
        )


def _with_options(name: str, loss: Callable, takes: dict, smoothing: float) -> Callable:
    """`loss`, made or bound with what the recipe asks for; it takes logits then."""
    options: dict = {"from_logits": True} if "from_logits" in takes else {}
    if smoothing and "label_smoothing" in takes:
        options["label_smoothing"] = smoothing
    elif smoothing:
        _refuse_smoothing(name, smoothing)
    first = 0 if inspect.isclass(loss) else 2  # targets and outputs
    for parameter in list(takes.values())[first:]:
        if parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            raise Mistake(
                f"loss {name} needs a value for {parameter.name}; write a function of "
                "(targets, logits) that gives it, and name that"
            )
    if not inspect.isclass(loss):
        return partial(loss, **options) if options else loss
    return loss(**options)


def _parameters(loss) -> dict:
    try:
        return dict(inspect.signature(loss).parameters)
    except ValueError:  # built in, without a signature
        return {}


def _refuse_smoothing(name: str, smoothing: float) -> None:
    if smoothing:
        raise Mistake(
            f"label_smoothing={smoothing} goes with loss=crossentropy, not with {name}"
        )


def _probabilities(binary: bool) -> Callable:
    return ops.sigmoid if binary else ops.softmax


def _integers(targets):
    return np.asarray(targets, "int32")


def floats(targets):
    """Targets that are numbers or labels, as a loss takes them."""
    return np.asarray(targets, "float32")


def _column(targets):
    return np.asarray(targets, "float32").reshape(-1, 1)


def _one_hot(classes):
    return lambda targets: np.eye(classes, dtype="float32")[targets]
