"""The loss of a recipe whose data have strings to be read."""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from zoo.errors import Mistake, unknown

NAMES = ("ctc", "crossentropy")  # the latter is that of a string, summed over its paths


def make(
    name: str, smoothing: float = 0.0
) -> tuple[Callable[[np.ndarray], np.ndarray], Callable]:
    """How to encode targets, and the loss that takes them.

    Connectionist temporal classification, A. Graves et al. 2006,
    doi:10.1145/1143844.1143891: the negative logarithm of the probability that steps
    give a string, over all the ways in which they can.

    Args:
        name: "ctc", as which "crossentropy" counts.
        smoothing: label smoothing, which strings do not have.

    Returns:
        `encode`, from symbols from 0, -1 behind the end, int (n, longest), to those
        from 1, 0 behind the end, int32; and `loss(targets, logits)`, a scalar: the mean
        over the batch. All steps count: behind the end of a sound the network's own
        logits say that nothing new comes.

    Raises:
        Mistake: another loss, or smoothing.
    """
    if name not in NAMES:
        raise unknown("loss of strings", name, NAMES)
    if smoothing:
        raise Mistake(
            f"label_smoothing={smoothing} is for classes; the data have strings to be "
            "read: set label_smoothing=0"
        )
    return encode, loss


def encode(targets) -> np.ndarray:
    return np.asarray(targets, "int32") + 1


def loss(targets, logits):
    count = logits.shape[1]
    if keras.backend.backend() == "tensorflow":
        from zoo.engine.tensorflow.steps import of_any_size

        targets, logits = map(of_any_size, (targets, logits))
    lengths = ops.sum(ops.cast(targets > 0, "int32"), axis=1)
    steps = ops.zeros_like(lengths) + count
    return ops.mean(ops.ctc_loss(targets, logits, lengths, steps, mask_index=0))
