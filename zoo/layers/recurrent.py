"""Recurrent layers; on PyTorch its fused kernels, where Keras runs step by step."""

import keras
import numpy as np
from keras import ops

from zoo.errors import Mistake


@keras.saving.register_keras_serializable(package="zoo")
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM`; on PyTorch by `torch.lstm`.

    With a mask, without biases, with other activations than tanh and sigmoid or with
    dropout inside it is Keras's own everywhere.
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not _can_fuse(self, mask):
            return super().inner_loop(sequences, initial_state, mask, training)
        from zoo.layers.torch import lstm

        return lstm(self, sequences, initial_state)


@keras.saving.register_keras_serializable(package="zoo")
class GRU(keras.layers.GRU):
    """`keras.layers.GRU`; on PyTorch by `torch.gru`.

    With `reset_after=False`, and where `LSTM` is, it is Keras's own everywhere.
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not (_can_fuse(self, mask) and self.cell.reset_after):
            return super().inner_loop(sequences, initial_state, mask, training)
        from zoo.layers.torch import gru

        return gru(self, sequences, initial_state)


@keras.saving.register_keras_serializable(package="zoo")
class MinGRU(keras.layers.Layer):
    """The minimal gated recurrent unit, all steps at once by an associative scan.

    L. Feng et al. 2024, arXiv:2410.01201, with a candidate that keeps states between
    -1 and 1, and gates that start with memories of 1 to `memory` steps, as C. Tallec
    and Y. Ollivier 2018, arXiv:1804.11188, start those of an LSTM:

        gate = sigmoid(gate kernel @ input + gate bias)
        state = (1 - gate) * last state + gate * tanh(kernel @ input + bias)

    Args:
        units: numbers in a state.
        memory: steps that the slowest unit remembers at first.

    Input: (batch, steps, channels) float32. Output: (batch, steps, units) float32.

    Raises:
        Mistake: `memory` is below 1, or the number of steps is not known.
    """

    def __init__(self, units: int, memory: float, **options):
        super().__init__(**options)
        if memory < 1:
            raise Mistake(f"memory={memory}; accepted: 1 step or more")
        self.units, self.memory = units, memory

    def build(self, shape):
        if shape[1] is None:
            raise Mistake("MinGRU needs to know the number of steps; give a length")
        width = 2 * self.units
        self.kernel = self.add_weight((shape[-1], width), name="kernel")
        first = Memories(self.memory)
        self.bias = self.add_weight((width,), name="bias", initializer=first)

    def call(self, sequence):
        gate, candidate = ops.split(sequence @ self.kernel + self.bias, 2, axis=-1)
        gate, candidate = ops.sigmoid(gate), ops.tanh(candidate)
        pair = 1 - gate, gate * candidate
        return ops.associative_scan(_chained, pair, axis=1)[1]

    def compute_output_spec(self, sequence):
        return keras.KerasTensor((*sequence.shape[:2], self.units), sequence.dtype)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "memory": self.memory}


@keras.saving.register_keras_serializable(package="zoo")
class Memories(keras.initializers.Initializer):
    """Biases of gates that remember 1 to `memory` steps; zero for the candidates."""

    def __init__(self, memory: float):
        self.memory = memory

    def __call__(self, shape, dtype=None):
        units = shape[0] // 2
        gates = -np.log(np.linspace(1, self.memory, units))
        return ops.convert_to_tensor(np.append(gates, np.zeros(units)), dtype)

    def get_config(self):
        return {"memory": self.memory}


def _chained(first, second):
    """Two steps, state -> decay * state + input each, as one."""
    (decay, given), (next_decay, next_given) = first, second
    return decay * next_decay, next_decay * given + next_given


def _can_fuse(layer, mask) -> bool:
    return (
        keras.backend.backend() == "torch"
        and mask is None
        and layer.use_bias
        and layer.activation is keras.activations.tanh
        and layer.recurrent_activation is keras.activations.sigmoid
        and not (layer.dropout or layer.recurrent_dropout or layer.unroll)
    )
