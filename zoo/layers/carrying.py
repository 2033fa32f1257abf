"""Recurrent layers that go on from the state in which the last batch left them.

Keras's `stateful=True` does not: its states are no variables of the model, so that JAX
forgets them after each step.
"""

import keras
from keras import ops

from zoo.engine import groups
from zoo.errors import Mistake
from zoo.layers.recurrent import STATES, min_gru_states


def carried(model: keras.Model, rows: int) -> keras.Model:
    """A network of the same weights, whose recurrent layers keep their states.

    Each row of a batch goes on with the same row of the batch before. The states are
    variables that are not trained; gradients end where a batch begins.

    Args:
        model: a functional one, of recurrent layers that read forward: Keras's, zoo's
            forms of them, and `zoo.layers.recurrent.min_gru`.
        rows: of every batch.

    Raises:
        Mistake: there are several devices, each with rows of its own.
    """
    if (devices := groups.current().devices) > 1:
        raise Mistake(
            f"data.carry=True carries states from batch to batch on one device, and "
            f"there are {devices}; leave out data.carry, or give devices=1"
        )

    def keeping(layer):
        if isinstance(layer, keras.layers.RNN):
            return _Keeping(layer, rows, name=f"{layer.name}_carried")
        if isinstance(layer, keras.Model) and layer.name.endswith(STATES):
            return _KeepingMinGRU(rows, name=layer.name)
        return layer

    given = keras.Input(batch_shape=(rows, *model.input.shape[1:]), dtype="int32")
    return keras.models.clone_model(model, given, clone_function=keeping)


def states(model: keras.Model) -> list[keras.Variable]:
    """The variables in which a network of `carried` keeps its states."""
    kinds = _Keeping, _KeepingMinGRU
    return [
        state
        for layer in model.layers
        if isinstance(layer, kinds)
        for state in layer.states
    ]


def forget(model: keras.Model) -> None:
    """Have the next batch begin without a state."""
    for state in states(model):
        state.assign(ops.zeros_like(state.value))


class _Keeping(keras.layers.Layer):
    """A recurrent layer of Keras, from batch to batch."""

    def __init__(self, layer: keras.layers.RNN, rows: int, **options):
        super().__init__(**options)
        self.layer = layer
        sizes = layer.state_size
        self.states = _states(self, rows, [sizes] if type(sizes) is int else sizes)

    def call(self, sequence, training=None, mask=None):
        self.layer.return_state = True  # in this call alone
        try:
            outputs, *new = self.layer(
                sequence,
                initial_state=[ops.copy(state.value) for state in self.states],
                training=training,
            )
        finally:
            self.layer.return_state = False
        for state, value in zip(self.states, new, strict=True):
            state.assign(value)
        return outputs

    def compute_output_spec(self, sequence, training=None, mask=None):
        return self.layer.compute_output_spec(sequence)


class _KeepingMinGRU(keras.layers.Layer):
    """The states of `zoo.layers.recurrent.min_gru`, from batch to batch."""

    def __init__(self, rows: int, **options):
        super().__init__(**options)
        self.rows = rows

    def build(self, shapes):
        ((*_, width),) = shapes  # a list of one, as of a `stage`
        self.states = _states(self, self.rows, [width // 2])

    def call(self, inputs, training=None, mask=None):
        (both,), (state,) = inputs, self.states
        before = ops.cast(ops.copy(state.value), both.dtype)
        found = min_gru_states(both, before)
        state.assign(found[:, -1])
        return found

    def compute_output_spec(self, inputs, training=None, mask=None):
        (both,) = inputs
        return keras.KerasTensor((*both.shape[:2], both.shape[2] // 2), both.dtype)


def _states(layer, rows, widths):
    return [
        layer.add_weight((rows, width), initializer="zeros", trainable=False)
        for width in widths
    ]
