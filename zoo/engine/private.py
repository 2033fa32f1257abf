"""Keras's private names that all backends need, each with its reason.

A release of Keras may rename any of them; tests/test_private.py says which one.
"""

import collections
import contextlib
import multiprocessing
from collections.abc import Callable, Iterator

import keras
from keras.src.backend.common import global_state
from keras.src.optimizers.base_optimizer import BaseOptimizer
from keras.src.utils.module_utils import tensorflow
from keras.src.utils.naming import to_snake_case

# Not public: what all optimizers take beside their own arguments (`BaseOptimizer`), the
# list of variables that a stateless scope made (`global_state`), and the names that
# Keras gives to layers (`to_snake_case`), from which zoo numbers them by model.
__all__ = ["BaseOptimizer", "global_state", "to_snake_case"]


_SEED_GENERATOR = "seed_generator"


@contextlib.contextmanager
def seeds_from_the_first() -> Iterator[None]:
    """Inside, seed generators are numbered from the first on.

    Keras numbers those of a process, and PyTorch's `state_dict` has their names: the
    one of a network did not fit another build of the same.
    """
    empty: dict[str, int] = collections.defaultdict(int)
    counts = global_state.get_global_attribute("object_name_uids", empty, True)
    before = counts.pop(_SEED_GENERATOR, 0)
    try:
        yield
    finally:
        if most := max(before, counts.get(_SEED_GENERATOR, 0)):
            counts[_SEED_GENERATOR] = most


def layers(model: keras.Model) -> list[keras.layers.Layer]:
    """All layers, those inside of other layers too, which `model.layers` leaves out."""
    return list(model._flatten_layers())


def inner_layers(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """The layers right inside of a layer; `layers` of a model is its public name."""
    return layer.layers if isinstance(layer, keras.Model) else layer._layers


def own_variables(
    layer: keras.layers.Layer, trainable: bool | None = None
) -> list[keras.Variable]:
    """The variables of a layer without those of the layers inside of it.

    Args:
        layer: built.
        trainable: only those that are, or are not, made to be trained; None for both.
    """
    chosen = [] if trainable is False else [*layer._trainable_variables]
    return chosen if trainable else [*chosen, *layer._non_trainable_variables]


def outputs(layer: keras.layers.Layer) -> list[keras.KerasTensor]:
    """What a layer gives at each place of a graph; Keras refuses it for several."""
    return [output for node in layer._inbound_nodes for output in node.outputs]


def input_shapes(operation: keras.Operation) -> list[tuple]:
    """The shape of the first input of an operation or layer at each place of a graph.

    `layer.input` is refused for several, and for none.
    """
    return [node.input_tensors[0].shape for node in operation._inbound_nodes]


def operation(tensor: keras.KerasTensor):
    """The layer or operation of a graph that gives this tensor."""
    return tensor._keras_history.operation


def written(scope, known) -> dict:
    """What a model has written to its variables, by their places among them.

    Args:
        scope: a `keras.StatelessScope` that has ended.
        known: the variables, each with the value that it had.
    """
    new = [scope.get_current_value(variable) for variable, _ in known]
    return {
        place: new[place]
        for place, (_, old) in enumerate(known)
        if new[place] is not old
    }


def make_parameters(model: keras.Model) -> None:
    """On PyTorch, make all variables the parameters of the modules they are in.

    Keras does so when a layer is built, but not while its variables have no values.
    """
    for layer in layers(model):
        layer._track_variables()


def initializer_of(variable: keras.Variable):
    """What draws the first values of a variable that has none; None if they are set."""
    return variable._initializer


def give_value(variable: keras.Variable, value) -> None:
    """Give a variable its first value, and forget its initializer."""
    variable._initialize(value)
    variable._initializer = None


def gradients_taken(optimizer: keras.Optimizer) -> keras.Variable:
    """How many gradients an optimizer has taken; `iterations` counts its updates."""
    return optimizer._iterations


def accumulated(optimizer: keras.Optimizer) -> list[keras.Variable]:
    """The sums of the gradients that no update has taken yet, by variable."""
    return optimizer._accumulated_gradients


def averages(optimizer: keras.Optimizer) -> list[keras.Variable]:
    """The moving averages of an optimizer with `use_ema`, by variable."""
    return optimizer._model_variables_moving_average


def replace_average(optimizer: keras.Optimizer, move: Callable) -> None:
    """Have an optimizer move its averages by `move(variables)`."""
    optimizer._update_model_variables_moving_average = move


def unpickle(layer: type[keras.layers.Layer]) -> Callable:
    """What pickle makes a layer of this Keras class by."""
    return layer._unpickle_model


def rate_of(optimizer: keras.Optimizer) -> keras.Variable:
    """The variable among `optimizer.variables` that holds the learning rate."""
    return optimizer._learning_rate


def value(variable: keras.Variable):
    """The array of a variable outside of every scope.

    `variable.value` looks for scopes first: 0.3 us a variable, of the 40 us in which a
    small network answers.
    """
    return variable._value


def take_moments(layer: keras.layers.BatchNormalization, moments: Callable) -> None:
    """Have a layer take mean and variance from `moments(x, mask, axes)`.

    Keras's `synchronized=True` works on TensorFlow only, and not where values are
    masked; a layer of another class would not be the one that the user has made.
    """
    axes = layer._reduction_axes
    layer._moments = lambda x, mask: moments(x, mask, axes)


@contextlib.contextmanager
def without_tensorflow() -> Iterator[None]:
    """Inside, Keras believes that TensorFlow is not installed.

    Keras imports TensorFlow, if it finds it, to recognize its types: 6 s on JAX and
    PyTorch, where nothing of it is needed.
    """
    if keras.backend.backend() == "tensorflow" or tensorflow.module is not None:
        yield
        return
    before = tensorflow._available
    tensorflow._available = False
    try:
        yield
    finally:
        tensorflow._available = before


def inside_a_call() -> bool:
    """Whether a layer or a model is being called, which may call others."""
    return global_state.get_global_attribute("current_call_ctx") is not None


def in_worker() -> bool:
    """Whether this process was started by Keras to read a `PyDataset`."""
    return multiprocessing.current_process().name.startswith("Keras_worker_")


def nodes(function: keras.Function) -> Iterator:
    """The calls in a graph, in an order in which each follows those that it needs.

    A node has `operation`, `arguments`, `outputs`. Keras runs a graph, but shows its
    layers only, not what each was called with.
    """
    by_depth = function._nodes_by_depth
    for depth in sorted(by_depth, reverse=True):
        yield from (node for node in by_depth[depth] if not node.is_input)


def halves(
    model: keras.Model, inside: keras.KerasTensor, beside: bool = False
) -> tuple[keras.Model, keras.Model]:
    """A model cut at a tensor of its graph: what gives the tensor, and what follows.

    Keras notes each use of a layer in the layer, which would not have a single output
    any more. Here the notes are afterwards as before.

    Args:
        model: of one input.
        inside: a tensor of its graph.
        beside: whether what follows takes the model's input too, as its second.

    Raises:
        ValueError: what follows needs the model's input, and does not take it.
    """
    noted = [
        (uses, len(uses))
        for layer in model.operations
        for uses in (layer._inbound_nodes, layer._outbound_nodes)
    ]
    history = model.input._keras_history
    try:
        first = keras.Model(model.input, inside)
        starts = [inside, model.input] if beside else inside
        return first, keras.Model(starts, model.output, name=model.name)
    finally:
        model.input._keras_history = history
        for uses, count in noted:
            del uses[count:]
