"""Recurrent layers; on PyTorch its fused kernels, where Keras runs step by step."""

import keras
import numpy as np
from keras import ops

from zoo.engine import kernels
from zoo.errors import Mistake


@keras.saving.register_keras_serializable(package="zoo")
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM`; on PyTorch by `torch.lstm`.

    With a mask, without biases, with other activations than tanh and sigmoid or with
    dropout inside it is Keras's own everywhere.
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        lstm = kernels.find("lstm", self)
        if lstm is None or not _can_fuse(self, mask):
            return super().inner_loop(sequences, initial_state, mask, training)
        return lstm(self, sequences, initial_state)


@keras.saving.register_keras_serializable(package="zoo")
class GRU(keras.layers.GRU):
    """`keras.layers.GRU`; on PyTorch by `torch.gru`.

    With `reset_after=False`, and where `LSTM` is, it is Keras's own everywhere.
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        gru = kernels.find("gru", self)
        if gru is None or not (_can_fuse(self, mask) and self.cell.reset_after):
            return super().inner_loop(sequences, initial_state, mask, training)
        return gru(self, sequences, initial_state)


@keras.saving.register_keras_serializable(package="zoo")
class MinGRU(keras.layers.Layer):
    """The minimal gated recurrent unit, all steps at once by a parallel scan.

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
        self.units, self.memory = units, memory
        self.first_bias = Memories(memory, (-1, 0))

    def build(self, shape):
        if shape[1] is None:
            raise Mistake("MinGRU needs to know the number of steps; give a length")
        width = 2 * self.units
        self.kernel = self.add_weight((shape[-1], width), name="kernel")
        self.bias = self.add_weight((width,), name="bias", initializer=self.first_bias)

    def call(self, sequence):
        gate, candidate = ops.split(sequence @ self.kernel + self.bias, 2, axis=-1)
        gate, candidate = ops.sigmoid(gate), ops.tanh(candidate)
        return _scan(1 - gate, gate * candidate)

    def compute_output_spec(self, sequence):
        return keras.KerasTensor((*sequence.shape[:2], self.units), sequence.dtype)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "memory": self.memory}


@keras.saving.register_keras_serializable(package="zoo")
class Memories(keras.initializers.Initializer):
    """Biases of gates with which the units of a layer remember 1 to `memory` steps.

    C. Tallec and Y. Ollivier 2018, arXiv:1804.11188, with memories at equal distances
    where they draw them.

    Args:
        memory: steps that the last unit remembers.
        signs: one for each of the layer's gates and candidates, in Keras's order: -1
            lets in one step of `memory`, 1 forgets one of them, 0 is a bias of zero.

    Raises:
        Mistake: `memory` is below 1.
    """

    def __init__(self, memory: float, signs: tuple[int, ...]):
        if memory < 1:
            raise Mistake(f"memory={memory}; accepted: 1 step or more")
        self.memory, self.signs = memory, signs

    def __call__(self, shape, dtype=None):
        logs = np.log(np.linspace(1, self.memory, shape[-1] // len(self.signs)))
        biases = np.outer(self.signs, logs).reshape(-1)
        if len(shape) == 2:  # a GRU adds two
            biases = np.tile(biases / shape[0], (shape[0], 1))
        return ops.convert_to_tensor(biases, dtype)

    def get_config(self):
        return {"memory": self.memory, "signs": self.signs}


def _scan(decay, given):
    """States of `state = decay * last state + given` along axis 1, the first from 0.

    G. E. Blelloch 1990, CMU-CS-90-190: pairs of steps are one step each, whose states
    are found in the same way. `keras.ops.associative_scan` does this too, but not
    inside TensorFlow's loops, where it loses the shapes.
    """
    steps = decay.shape[1]
    if steps == 1:
        return given
    even, odd = slice(0, None, 2), slice(1, None, 2)
    paired = slice(0, steps - steps % 2, 2)
    later = _scan(
        decay[:, odd] * decay[:, paired],
        decay[:, odd] * given[:, paired] + given[:, odd],
    )
    decay, given = decay[:, even], given[:, even]
    before = ops.pad(later, [(0, 0), (1, 0), (0, 0)])[:, : given.shape[1]]
    earlier = decay * before + given
    later = ops.pad(later, [(0, 0), (0, steps % 2), (0, 0)])
    both = ops.stack([earlier, later], axis=2)
    return ops.reshape(both, (-1, 2 * earlier.shape[1], both.shape[3]))[:, :steps]


def _can_fuse(layer, mask) -> bool:
    return (
        mask is None
        and layer.use_bias
        and layer.activation is keras.activations.tanh
        and layer.recurrent_activation is keras.activations.sigmoid
        and not (layer.dropout or layer.recurrent_dropout or layer.unroll)
    )
