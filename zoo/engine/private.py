"""Keras's private names that all backends need, each with its reason.

A release of Keras may rename any of them; tests/test_private.py says which one.
"""

import contextlib
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


def layers(model: keras.Model) -> list[keras.layers.Layer]:
    """All layers, those inside of other layers too, which `model.layers` leaves out."""
    return list(model._flatten_layers())


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


def nodes(function: keras.Function) -> Iterator:
    """The calls in a graph, in an order in which each follows those that it needs.

    A node has `operation`, `arguments`, `outputs`. Keras runs a graph, but shows its
    layers only, not what each was called with.
    """
    by_depth = function._nodes_by_depth
    for depth in sorted(by_depth, reverse=True):
        yield from (node for node in by_depth[depth] if not node.is_input)
