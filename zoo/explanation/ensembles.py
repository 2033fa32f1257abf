"""An ensemble cut in two: what its members see first lies side by side."""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from zoo.building import ensemble
from zoo.errors import Mistake

Halves = tuple[keras.Model, keras.Model]


def halves(
    model: keras.Model, cut: Callable[[keras.Model], Halves], beside: bool = False
) -> Halves:
    """A model as `cut` cuts it; of an ensemble every member.

    What is inside of the members is joined along the last axis. So one way from a
    baseline leads through all of them, and the shares of members add up.

    Args:
        model: of one input.
        cut: see `zoo.engine.private.halves`.
        beside: whether what follows takes the model's input too, as its second.

    Raises:
        Mistake: see `cut`; or the members differ in more than the last axis.
    """
    members = ensemble.members(model)
    if not members:
        return cut(model)
    parts = [cut(each) for each in members]
    taken = keras.Input(model.input.shape[1:], dtype=model.input.dtype)
    inside = [first(taken) for first, _ in parts]
    shapes = [each.shape[1:-1] for each in inside]
    if any(shape != shapes[0] for shape in shapes):
        raise Mistake(
            f"the members of this ensemble have maps of {len({*shapes})} sizes, which "
            "have no mean; explain one of them, or take another method"
        )
    first = keras.Model(taken, ops.concatenate(inside, axis=-1))
    seen = keras.Input(first.output.shape[1:], dtype=first.output.dtype)
    also = keras.Input(taken.shape[1:], dtype=taken.dtype)
    ends = np.cumsum([each.shape[-1] for each in inside]).tolist()
    given = []
    for start, end, (_, rest) in zip([0, *ends], ends, parts, strict=False):
        part = seen[..., start:end]
        given.append(rest([part, also] if beside else part))
    last = model.get_layer(ensemble.MEAN)
    mean = keras.Model(last.inputs, last.outputs[0])  # which keeps the layer's notes
    starts = [seen, also] if beside else seen
    return first, keras.Model(starts, mean(given), name=model.name)
