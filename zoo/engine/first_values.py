"""First values of variables, set without running Keras's initializers.

On JAX each initializer is a program of its own for every shape, which takes longer to
compile than the values to make.
"""

import contextlib
from collections.abc import Callable, Iterator

import keras
import numpy as np

from zoo.engine.private import give_value, global_state, initializer_of


@contextlib.contextmanager
def without_draws() -> Iterator[None]:
    """Inside, Keras runs no initializer of a layer's weights.

    At the end each new variable gets the value that was assigned to it inside, or else
    its initializer's. Values that would be overwritten are never drawn.

    All variables are created trainable, even if they are frozen, because TensorFlow
    decides at creation whether a tape may watch a variable.
    """
    with without_values() as (scope, made):
        yield
    for variable in made:
        trainable, variable.trainable = variable.trainable, "float" in variable.dtype
        give_value(variable, _first(variable, scope))
        variable.trainable = trainable


def build(optimizer: keras.Optimizer, variables: list[keras.Variable]) -> None:
    """As `optimizer.build(variables)`, whose zeros then come from NumPy."""
    own = optimizer.add_variable_from_reference

    def add(reference_variable, name=None, initializer="zeros"):
        first = _zeros if initializer == "zeros" else initializer
        return own(reference_variable, name, first)

    optimizer.add_variable_from_reference = add
    try:
        optimizer.build(variables)
    finally:
        del optimizer.add_variable_from_reference


@contextlib.contextmanager
def without_values() -> Iterator[tuple[keras.StatelessScope, list]]:
    """Inside, new variables have a shape and no memory.

    Returns:
        The scope, which knows what they are assigned inside, and after its end the
        list of the variables.
    """
    scope, made = keras.StatelessScope(initialize_variables=False), []
    try:
        with scope:
            yield scope, made
    finally:
        made += global_state.get_global_attribute("uninitialized_variables", [])
        global_state.set_global_attribute("uninitialized_variables", [])


def _first(variable: keras.Variable, scope: keras.StatelessScope):
    """What a variable was assigned inside `scope`, or what its initializer gives."""
    value, chosen = scope.get_current_value(variable), initializer_of(variable)
    if value is not None:
        return value
    return _BY_NUMPY.get(type(chosen), chosen)(variable.shape, dtype=variable.dtype)


def _zeros(shape: tuple[int, ...], dtype: str):
    return keras.ops.convert_to_tensor(np.zeros(shape, "float32"), dtype=dtype)


def _ones(shape: tuple[int, ...], dtype: str):
    return keras.ops.convert_to_tensor(np.ones(shape, "float32"), dtype=dtype)


_BY_NUMPY: dict[type, Callable] = {
    keras.initializers.Zeros: _zeros,
    keras.initializers.Ones: _ones,
}
