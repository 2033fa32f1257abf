"""The loss of a recipe whose data have numbers to be answered."""

from collections.abc import Callable

import numpy as np
from keras import losses, ops

from zoo.errors import Mistake, unknown
from zoo.training.losses import floats, imported


def huber(errors):
    """Half the square up to 1, and linear beyond (Huber 1964)."""
    size = ops.abs(errors)
    part = ops.minimum(size, 1.0)
    return part * (size - 0.5 * part)


LOSSES = {"mean_squared": ops.square, "mean_absolute": ops.abs, "huber": huber}
# The cross-entropy with a normal distribution around the answer is the squared error.
ALSO = {"crossentropy": "mean_squared", "mean_squared_error": "mean_squared"}
# What a recipe has that names no loss; quantiles are learned by the pinball loss then.
REPLACED = (*ALSO, "mean_squared")
# Those of Keras that compare numbers; the others compare classes.
OF_KERAS = (
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
)


PINBALL = "pinball"


def make(
    name: str,
    spread: np.ndarray,
    smoothing: float = 0.0,
    quantiles: tuple[float, ...] = (),
) -> tuple[Callable[[np.ndarray], np.ndarray], Callable]:
    """How to encode targets, and the loss that takes them.

    Args:
        name: "mean_squared", as which "crossentropy" counts, "mean_absolute" or
            "huber", of errors in deviations of the training targets; the dotted name
            of a loss of `keras.losses` that compares numbers; or the dotted path of a
            function of (targets, outputs). The last two take both in the data's unit.
        spread: float (outputs,), the deviation of each output, see
            `zoo.building.unit`.
        smoothing: label smoothing, which numbers do not have.
        quantiles: what the outputs are of each number, (n, outputs, quantiles); the
            loss is then "pinball", of errors in deviations, too.

    Returns:
        `encode`, from targets to float32 (n, outputs); and `loss(targets, outputs)`, a
        scalar: the mean over batch and outputs.

    Raises:
        Mistake: no such loss, or it is one of classes, or quantiles do not go with it.
    """
    if smoothing:
        raise Mistake(
            f"label_smoothing={smoothing} is for classes; the data have numbers to be "
            "answered: set label_smoothing=0"
        )
    if quantiles:
        if name not in (PINBALL, *REPLACED):
            raise Mistake(
                f"loss={name} compares one number, and quantiles={quantiles} are "
                f"learned by loss={PINBALL}; leave the loss out"
            )
        return floats, _pinball(np.asarray(spread, "float32"), quantiles)
    if name == PINBALL:
        raise Mistake(
            f"loss={name} is for quantiles; set model.quantiles=0.1,0.5,0.9, or take "
            "mean_absolute, which is twice that of the median"
        )
    if chosen := LOSSES.get(ALSO.get(name, name)):
        scale = np.asarray(spread, "float32")
        return floats, lambda y, z: ops.mean(chosen(ops.divide(y - z, scale)))
    if "." not in name:
        raise unknown("loss of numbers", name, tuple(LOSSES), "or a dotted path")
    loss = imported(name)
    if isinstance(loss, type):
        _check(name, loss.__name__)
        loss = loss()
    elif getattr(loss, "__module__", "").startswith("keras."):
        _check(name, loss.__name__.title().replace("_", ""))
    return floats, lambda y, z: ops.mean(loss(y, z))


def _pinball(scale: np.ndarray, quantiles: tuple[float, ...]) -> Callable:
    """The mean of q times an error above, and 1 - q times one below (Koenker 1978)."""
    shares = np.asarray(quantiles, "float32")

    def loss(y, z):
        errors = ops.divide(ops.expand_dims(y, 2) - z, scale[:, None])
        above, below = (ops.multiply(errors, each) for each in (shares, shares - 1))
        return ops.mean(ops.maximum(above, below))

    return loss


def _check(name: str, short: str) -> None:
    known = [each for each in OF_KERAS if each.lower() == short.lower()]
    if name.startswith("keras.losses.") and not known and hasattr(losses, short):
        raise Mistake(
            f"loss {name} compares classes, and the data have numbers to be answered; "
            f"accepted: {', '.join(LOSSES)}, and of keras.losses {', '.join(OF_KERAS)}"
        )
