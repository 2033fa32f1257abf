"""What is kept of a network's outputs for a split: of tokens their scores alone."""

import math

import numpy as np

from zoo.engine import steps
from zoo.metrics import medians, scores

LOGITS = 2**24  # of tokens in memory at a time


def of(model, call, split, task: str, batch: int = 500) -> np.ndarray:
    """What `zoo.metrics.measure` takes: outputs for a split, or the scores of tokens.

    Of quantiles the medians.

    Args:
        model: that answers, compiled as `call`.
        split: its inputs, and its targets, by which tokens are scored.
        task: of its data, see `zoo.data.Dataset`.
        batch: examples that are computed at a time; of tokens fewer, if they are many.
    """
    if task != "tokens":
        found = steps.predict(call, split.inputs, batch)
        return medians(found) if task == "numbers" else found
    batch = max(1, min(batch, LOGITS // math.prod(model.output_shape[1:])))
    return steps.predict(
        call,
        split.inputs,
        batch,
        lambda outputs, part: scores(outputs, split.targets[part]),
    )
