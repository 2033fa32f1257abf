"""Several networks as one: a graph that answers with the mean of their answers.

The mean of probabilities, not of logits (Lakshminarayanan et al. 2017,
arXiv:1612.01474). Its logarithm is given, so that outputs are logits like those of any
network here: a temperature divides them, and softmax gives the probabilities back.
"""

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zoo.building import registry, unit
from zoo.core.arguments import as_annotated, mistyped
from zoo.errors import Mistake

if TYPE_CHECKING:
    import keras

NAME = "ensemble"
MEMBER, MEAN = "member_{}", "mean"


def build(members: Sequence[tuple[str, dict]], task: str = "classes") -> "keras.Model":
    """The graph of these networks, with initial weights.

    Args:
        members: for each the name of a model of zoo, and the arguments of its `build`.
        task: of the data, see `zoo.data.Dataset`.

    Raises:
        Mistake: a model is not one of zoo.
    """
    made = []
    for name, arguments in members:
        check_name(name)
        own = registry.module(name).build
        accepted = inspect.signature(own).parameters
        registry.check_arguments(name, accepted, arguments)
        try:
            model = own(**as_annotated(arguments, accepted))
        except (TypeError, ValueError, AttributeError) as error:
            if isinstance(error, Mistake) or not (
                wrong := mistyped(arguments, accepted)
            ):
                raise
            raise Mistake(f"member '{name}': {wrong}") from error
        made.append(unit.undone(model) if task == "numbers" else model)
    return joined(made, task)


def check_name(name: str) -> None:
    """Refuse a member that is code of somebody's own, which a run never executes."""
    if name not in registry.names():
        raise Mistake(
            f"an ensemble holds networks of zoo; {name!r} is none of "
            f"{', '.join(registry.names())}"
        )


def joined(models: Sequence["keras.Model"], task: str) -> "keras.Model":
    """These models, which take one input, as one that gives the mean answer.

    Args:
        models: with outputs (batch, k), see `zoo.metrics.measure`; of two
            classes some may give one logit, and others two.
        task: "classes" takes the mean of probabilities, "labels" that of each label,
            "numbers" that of the numbers.
    """
    import keras

    first = models[0].inputs[0]
    taken = keras.Input(first.shape[1:], dtype=first.dtype, name=first.name)
    given = []
    for number, model in enumerate(models, 1):
        named = MEMBER.format(number)
        one = keras.Model(model.inputs[0], model.outputs[0], name=named)
        given.append(one(taken))
    return keras.Model(taken, mean(given, task), name=NAME)


def mean(outputs: Sequence["keras.KerasTensor"], task: str) -> "keras.KerasTensor":
    """The mean answer of several networks, from the outputs of each."""
    from zoo.layers.saved_form import stage

    function = _numbers if task == "numbers" else _classes
    single = all(each.shape[-1] == 1 for each in outputs)
    if task == "labels" or (task == "classes" and single):
        function = _each
    return stage(function, *outputs, name=MEAN)


def members(model: "keras.Model") -> list["keras.Model"]:
    """The networks in such a graph; [] of another model."""
    if model.name != NAME:
        return []
    found = {layer.name: layer for layer in model.layers}
    names = (MEMBER.format(number) for number in range(1, len(found) + 1))
    return [found[name] for name in names if name in found]


def _numbers(*outputs):
    from keras import ops

    return ops.mean(ops.stack(outputs, axis=-1), axis=-1)


def _classes(*logits):
    """The logarithm of the mean probability of each class, (batch, classes)."""
    logits = [_of_both(each) for each in logits]
    return _log_of_mean([each - _log_of_sum(each) for each in logits])


def _of_both(logits):
    """Logits of all classes; 0 beside the one logit of the second of two."""
    from keras import ops

    single = logits.shape[-1] == 1
    return ops.pad(logits, [(0, 0), (1, 0)]) if single else logits


def _each(*logits):
    """The logit of the mean probability of each label by itself, (batch, labels)."""
    from keras import ops

    yes = _log_of_mean([-ops.softplus(-each) for each in logits])
    return yes - _log_of_mean([-ops.softplus(each) for each in logits])


def _log_of_sum(logits):
    from keras import ops

    largest = ops.max(logits, axis=-1, keepdims=True)
    total = ops.sum(ops.exp(logits - largest), axis=-1, keepdims=True)
    return largest + ops.log(total)


def _log_of_mean(logarithms):
    """Of numbers whose logarithms are given, elementwise; nothing overflows."""
    from keras import ops

    stacked = ops.stack(logarithms, axis=-1)
    largest = ops.max(stacked, axis=-1, keepdims=True)
    mean = ops.mean(ops.exp(stacked - largest), axis=-1)
    return ops.squeeze(largest, axis=-1) + ops.log(mean)
