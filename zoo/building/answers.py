"""What is kept of a network's outputs for a split: of tokens their scores alone."""

import math
import weakref
from functools import partial

import numpy as np

from zoo.engine import steps
from zoo.layers import carrying
from zoo.metrics import medians, scores

LOGITS = 2**24  # of tokens in memory at a time
ROWS = 16  # stretches of a text that are read side by side, with states carried
_LEAST = 16  # windows in each: few of them begin without a state


def of(
    model, call, split, task: str, batch: int = 500, whole: bool = False
) -> np.ndarray:
    """What `zoo.metrics.measure` takes: outputs for a split, or the scores of tokens.

    Args:
        model: that answers, compiled as `call`.
        split: its inputs, and its targets, by which tokens are scored.
        task: of its data, see `zoo.data.Dataset`.
        batch: examples that are computed at a time; of tokens fewer, if they are many.
        whole: all quantiles, if the outputs are such, and not the medians alone.
    """
    if task != "tokens":
        found = steps.predict(call, split.inputs, batch)
        return medians(found) if task == "numbers" and not whole else found
    if getattr(split.inputs, "carried", False):
        return _carried(model, split)
    batch = max(1, min(batch, LOGITS // math.prod(model.output_shape[1:])))
    return steps.predict(call, split.inputs, batch, partial(_scores, split.targets))


def _scores(targets, outputs, part) -> np.ndarray:
    return scores(outputs, targets[part])


_compiled: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def _carried(model, split) -> np.ndarray:
    """The scores of windows that are each read from the state of the one before.

    The split is cut into stretches, which are read side by side.
    """
    count = len(split)
    rows = max(1, min(ROWS, count // _LEAST))
    if (model_of := _compiled.setdefault(model, {}).get(rows)) is None:
        made = carrying.carried(model, rows)
        model_of = _compiled[model][rows] = made, steps.compile_forward(made)
    reader, call = model_of
    carrying.forget(reader)
    length = -(-count // rows)
    places = (np.arange(rows) * length + np.arange(length)[:, None]).ravel()
    asked = np.minimum(places, count - 1)  # behind the end the last window again
    inputs, targets = split.inputs.chosen(asked), split.targets.chosen(asked)
    found = steps.predict(call, inputs, rows, partial(_scores, targets))
    inside = places < count
    return found[inside][np.argsort(places[inside])]
