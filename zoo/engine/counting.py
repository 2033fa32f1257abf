"""What is counted in training, beside the loss: how far off the answers are.

A sum over the batch, a scalar float32, for each task of a data set. Whole numbers are
exact up to 16 million.
"""

from collections.abc import Callable


def of(task: str) -> Callable:
    """The function `(targets, outputs)` that counts for a task, see `zoo.data`."""
    return {
        "classes": wrong,
        "numbers": error,
        "labels": wrong_labels,
        "tokens": wrong_tokens,
        "strings": wrong_strings,
    }[task]


def wrong(targets, outputs):
    """How many predictions in a batch are wrong; see `is_wrong`."""
    from keras import ops

    return ops.sum(ops.cast(is_wrong(targets, outputs), "float32"))


def is_wrong(targets, outputs):
    """Which predictions are wrong, bool (n,); a tie counts for the upper class.

    Args:
        targets: class numbers (n,), or (n, 1) for one logit, or shares (n, classes).
        outputs: logits (n, classes), or (n, 1): the logit of class 1.
    """
    from keras import ops

    if outputs.shape[-1] == 1:
        # TensorFlow compares no integers with 0.5.
        truth = ops.cast(ops.reshape(targets, (-1,)), "float32") > 0.5
        predicted = ops.reshape(outputs, (-1,)) >= 0
    else:
        truth = targets if len(targets.shape) == 1 else ops.argmax(targets, axis=-1)
        predicted = ops.argmax(outputs, axis=-1)
        truth = ops.cast(truth, predicted.dtype)
    return truth != predicted


def error(targets, outputs):
    """The sum of absolute errors, each example's the mean over its numbers.

    Args:
        targets: float (n, outputs).
        outputs: float (n, outputs), or (n, outputs, quantiles), of which the median.
    """
    from keras import ops

    if len(outputs.shape) == 3:
        outputs = outputs[:, :, outputs.shape[2] // 2]
    return ops.sum(ops.mean(ops.abs(targets - outputs), axis=-1))


def wrong_labels(targets, outputs):
    """The sum of the shares of an example's labels that are answered wrongly.

    Args:
        targets: float (n, classes), above 0.5 for a label that an example has.
        outputs: logits (n, classes).
    """
    from keras import ops

    missed = (targets > 0.5) != (outputs >= 0)
    return ops.sum(ops.mean(ops.cast(missed, "float32"), axis=-1))


def wrong_tokens(targets, outputs):
    """The sum of the shares of an example's tokens that are answered wrongly.

    Args:
        targets: tokens (n, window), or shares (n, window, tokens).
        outputs: logits (n, window, tokens).
    """
    from keras import ops

    if len(targets.shape) == 3:  # as a loss with label smoothing takes them
        targets = ops.argmax(targets, axis=-1)
    predicted = ops.argmax(outputs, axis=-1)
    missed = ops.cast(targets, predicted.dtype) != predicted
    return ops.sum(ops.mean(ops.cast(missed, "float32"), axis=-1))


def wrong_strings(targets, outputs):
    """How many strings are not read as they are, from the most probable paths.

    Args:
        targets: symbols from 1, (n, longest), 0 behind the end of each.
        outputs: logits (n, steps, 1 + symbols), see `zoo.metrics.strings`.
    """
    from keras import ops

    best = ops.cast(ops.argmax(outputs, axis=-1), "int32")
    targets = ops.cast(targets, "int32")
    before = ops.pad(best[:, :-1], [(0, 0), (1, 0)])
    new = ops.logical_and(best != 0, best != before)
    place = ops.cumsum(ops.cast(new, "int32"), axis=1)
    # With a 0 behind, which no symbol is, for what is read beyond the end.
    told = ops.pad(targets, [(0, 0), (0, 1)])
    there = ops.clip(place - 1, 0, targets.shape[1])
    other = ops.logical_and(new, ops.take_along_axis(told, there, axis=1) != best)
    count = ops.sum(ops.cast(targets != 0, "int32"), axis=1)
    missed = ops.logical_or(ops.any(other, axis=1), place[:, -1] != count)
    return ops.sum(ops.cast(missed, "float32"))
