"""Recurrent layers; on PyTorch its fused kernels, where Keras runs step by step.

Inside zoo's training steps some backends have forms of their own, which are
differentiated once, see `zoo/engine/*/kernels.py`.
"""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
from keras import ops

from zoo.engine import kernels
from zoo.errors import Mistake, unknown
from zoo.layers.saved_form import saved_as_keras, stage

CELLS = ("lstm", "gru", "mingru")
STATES = "_states"  # behind the name of `min_gru`, of its layer without weights


def check(cell: str, units, memory) -> None:
    """Refuse an unknown cell, and widths and memories that are none.

    Args:
        cell: one of `CELLS`.
        units: the width of each layer.
        memory: steps that the units of each layer remember at first; () for none.

    Raises:
        Mistake: what is given, and what is accepted.
    """
    if cell not in CELLS:
        raise unknown("cell", cell, CELLS)
    if not isinstance(units, tuple | list) or not units:
        raise Mistake(
            f"units takes the width of each layer, as in (128, 64); given {units!r}"
        )
    if memory and (not isinstance(memory, tuple | list) or len(memory) != len(units)):
        raise Mistake(
            f"memory takes a number for each of the layers units={units}; "
            f"given {memory!r}"
        )


@saved_as_keras
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM`; on PyTorch by `torch.lstm`.

    Keras's form is used with a mask, without biases, with other activations than tanh
    and sigmoid, and with dropout inside.

    Input: (batch, steps, channels), a float dtype. Output: (batch, units), or (batch,
    steps, units) with `return_sequences`.
    """

    kernel_name = "lstm"  # see `zoo.engine.kernels.has_one`

    def inner_loop(self, sequences, initial_state, mask, training=False):
        lstm = kernels.find(self.kernel_name, self)
        if lstm is None or not _can_fuse(self, sequences, mask):
            return super().inner_loop(sequences, initial_state, mask, training)
        return lstm(self, sequences, initial_state)


@saved_as_keras
class GRU(keras.layers.GRU):
    """`keras.layers.GRU`; on PyTorch by `torch.gru`.

    Keras's form is used with `reset_after=False`, and where `LSTM` uses it.

    Input: (batch, steps, channels), a float dtype. Output: (batch, units), or (batch,
    steps, units) with `return_sequences`.
    """

    kernel_name = "gru"  # as above

    def inner_loop(self, sequences, initial_state, mask, training=False):
        gru = kernels.find(self.kernel_name, self)
        if gru is None or not (
            _can_fuse(self, sequences, mask) and self.cell.reset_after
        ):
            return super().inner_loop(sequences, initial_state, mask, training)
        return gru(self, sequences, initial_state)


def recurrent(cell: str, units: int, memory: float | None, name: str) -> Callable:
    """A recurrent layer of a functional model, which gives the states of all steps.

    Args:
        cell: one of `CELLS`.
        units: numbers in a state.
        memory: steps that the slowest unit remembers at first, see `memories`;
            recurrent weights are then small. None for Keras's own start, but "mingru".
        name: of the layer.
    """
    if cell == "mingru":
        return partial(min_gru, units=units, memory=memory, name=name)
    kind, signs = {"lstm": (LSTM, (-1, 1, 0, 0)), "gru": (GRU, (1, 0, 0))}[cell]
    start = {}
    if memory is not None:
        biases = memories(memory, signs, units, rows=1 if cell == "lstm" else 2)
        start["bias_initializer"] = keras.initializers.Constant(biases)
        start["recurrent_initializer"] = keras.initializers.Orthogonal(0.1)
        if cell == "lstm":
            start["unit_forget_bias"] = False
    return kind(units, return_sequences=True, name=name, **start)


def min_gru(sequence, units: int, memory: float, name: str):
    """The minimal gated recurrent unit, all steps at once by a parallel scan.

    L. Feng et al. 2024, arXiv:2410.01201, with a candidate that keeps states between
    -1 and 1, and gates that start with memories of 1 to `memory` steps, see `memories`:

        gate = sigmoid(gate kernel @ input + gate bias)
        state = (1 - gate) * last state + gate * tanh(kernel @ input + bias)

    It is two layers of a functional model: `name`, a `keras.layers.Dense` with both
    kernels side by side, and `name`_states, the scan in `keras.ops`.

    Args:
        sequence: symbolic, (batch, steps, channels), a float dtype.
        units: numbers in a state.
        memory: steps that the slowest unit remembers at first, 1 or more.
        name: of the layer with the weights.

    Returns:
        The states, symbolic, (batch, steps, units).

    Raises:
        Mistake: `memory` is below 1, or the number of steps is not known.
    """
    bias = keras.initializers.Constant(memories(memory, (-1, 0), units))
    both = keras.layers.Dense(2 * units, bias_initializer=bias, name=name)(sequence)
    return stage(min_gru_states, both, name=f"{name}{STATES}")


def min_gru_states(both, before=None):
    """The states of a MinGRU at all steps.

    They are computed in float32 or wider: in bfloat16 a gate of less than 1/512, which
    lets go of little, would let go of nothing.

    Args:
        both: gates and candidates before their activations, (batch, steps, 2 * units).
        before: the states that the first step goes on from, (batch, units); 0 if None.

    Returns:
        (batch, steps, units), of the dtype of `both`.

    Raises:
        Mistake: the number of steps is not known.
    """
    if both.shape[1] is None:
        raise Mistake("a MinGRU needs to know the number of steps; give a length")
    dtype = keras.backend.standardize_dtype(both.dtype)
    if dtype in ("float16", "bfloat16"):
        both = ops.cast(both, "float32")
        before = None if before is None else ops.cast(before, "float32")
        return ops.cast(min_gru_states(both, before), dtype)
    gate, candidate = ops.split(both, 2, axis=-1)
    gate, candidate = ops.sigmoid(gate), ops.tanh(candidate)
    decay, given = 1 - gate, gate * candidate
    if before is not None:
        first = decay[:, :1] * ops.expand_dims(before, 1) + given[:, :1]
        given = ops.concatenate([first, given[:, 1:]], axis=1)
    return _scan(decay, given)


def memories(
    memory: float, signs: tuple[int, ...], units: int, rows: int = 1
) -> list[float] | list[list[float]]:
    """Biases of gates with which the units of a layer remember 1 to `memory` steps.

    C. Tallec and Y. Ollivier 2018, arXiv:1804.11188, with memories at equal distances
    where they draw them.

    Args:
        memory: steps that the last unit remembers.
        signs: one for each of the layer's gates and candidates, in Keras's order: -1
            lets in one step of `memory`, 1 forgets one of them, 0 is a bias of zero.
        units: of the layer.
        rows: of biases, which the layer adds; a GRU has 2.

    Returns:
        `len(signs) * units` numbers, in as many equal rows, if there are more than 1.

    Raises:
        Mistake: `memory` is below 1.
    """
    if memory < 1:
        raise Mistake(f"memory={memory}; accepted: 1 step or more")
    logs = np.log(np.linspace(1, memory, units))
    biases = np.outer(signs, logs).reshape(-1)
    return (biases if rows == 1 else np.tile(biases / rows, (rows, 1))).tolist()


@keras.saving.register_keras_serializable(package="zoo")
class MinGRU(keras.layers.Layer):
    """`min_gru` as a layer of its own, for models that are not functional.

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
        self.first_bias = keras.initializers.Constant(memories(memory, (-1, 0), units))

    def build(self, shape):
        if shape[1] is None:
            raise Mistake("MinGRU needs to know the number of steps; give a length")
        width = 2 * self.units
        self.kernel = self.add_weight((shape[-1], width), name="kernel")
        self.bias = self.add_weight((width,), name="bias", initializer=self.first_bias)

    def call(self, sequence):
        return min_gru_states(sequence @ self.kernel + self.bias)

    def compute_output_spec(self, sequence):
        return keras.KerasTensor((*sequence.shape[:2], self.units), sequence.dtype)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "memory": self.memory}


@keras.saving.register_keras_serializable(package="zoo")
class Memories(keras.initializers.Initializer):
    """In files of zoo 0.1: `memories` as an initializer."""

    def __init__(self, memory: float, signs: tuple[int, ...]):
        self.memory, self.signs = memory, signs

    def __call__(self, shape, dtype=None):
        rows = 1 if len(shape) == 1 else shape[0]
        units = shape[-1] // len(self.signs)
        biases = memories(self.memory, self.signs, units, rows)
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


def _can_fuse(layer, sequences, mask) -> bool:
    return (
        mask is None
        and keras.backend.is_float_dtype(sequences.dtype)
        and layer.use_bias
        and layer.activation is keras.activations.tanh
        and layer.recurrent_activation is keras.activations.sigmoid
        and not (layer.dropout or layer.recurrent_dropout or layer.unroll)
    )
