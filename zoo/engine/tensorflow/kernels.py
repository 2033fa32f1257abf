"""TensorFlow: recurrent layers whose gradients are few products of matrices.

Keras multiplies by both kernels in every step, and TensorFlow's own gradient of a loop
multiplies and adds up those of all weights in every step. Here a step has one product,
with the state: that with the inputs, and the gradients of weights, are one product each
for all steps. What a step backward needs of the steps forward is computed for all of
them at once, too. On an AMD EPYC with two cores a training step of `lstm_language` with
256 units takes 0.67 of the time, one of `lstm_speech` 0.84. XLA makes 0.69 and 0.55 of
these, and of `lstm_forecast` 0.35; it compiles for 1 to 5 s at the start.
"""

import tensorflow as tf

from zoo.engine.kernels import are_in_use


def find(name: str, layer):
    """The kernel of that name, see `zoo.engine.kernels.find`, inside zoo's own steps.

    On GPUs Keras takes cuDNN's. What is exported is Keras's form, which other programs
    know.
    """
    if not are_in_use() or tf.config.list_physical_devices("GPU"):
        return None
    return _KERNELS.get(name)


def lstm(layer, sequences, states):
    """What a `keras.layers.LSTM` computes: last output, all outputs, last states."""
    return _recurrent(_lstm, layer, sequences, states)


def gru(layer, sequences, states):
    """What a `keras.layers.GRU` computes: last output, all outputs, last states."""
    return _recurrent(_gru, layer, sequences, states[:1])


def _recurrent(function, layer, sequences, states):
    cell = layer.cell
    weights = cell.kernel, cell.recurrent_kernel, cell.bias
    inputs = tf.transpose(sequences, (1, 0, 2))
    if layer.go_backwards:
        inputs = inputs[::-1]
    outputs, *others = function(
        inputs, *states, *(tf.convert_to_tensor(each) for each in weights)
    )
    last = outputs[-1]
    return last, tf.transpose(outputs, (1, 0, 2)), [last, *others]


@tf.custom_gradient
def _lstm(inputs, state, carry, kernel, recurrent, bias):
    """States of all steps, and the last carry.

    Args:
        inputs: (steps, batch, channels).
        state, carry: (batch, units), before the first step.
        kernel: (channels, 4 * units), in Keras's order.
        recurrent: (units, 4 * units).
        bias: (4 * units,).
    """

    def step(new, state, carry):
        let_in, forget, candidate, give = tf.split(new + state @ recurrent, 4, -1)
        let_in, forget, give = map(tf.sigmoid, (let_in, forget, give))
        candidate = tf.tanh(candidate)
        carry = forget * carry + let_in * candidate
        state = give * tf.tanh(carry)
        gates = tf.concat([let_in, forget, candidate, give], -1)
        return (state, carry), (state, carry, gates)

    steps = tf.matmul(inputs, kernel) + bias
    units = recurrent.shape[0]
    widths = units, units, 4 * units
    (_, last), (outputs, carries, gates) = _loop(step, [steps], (state, carry), widths)

    def gradients(slopes, slopes_of_last):
        let_in, forget, candidate, give = tf.split(gates, 4, -1)
        seen = tf.tanh(carries)
        of_carry = tf.stack(
            [
                candidate * let_in * (1 - let_in),
                _before(carries, carry) * forget * (1 - forget),
                let_in * (1 - candidate * candidate),
            ],
            2,
        )
        of_give = seen * give * (1 - give)
        through = give * (1 - seen * seen)
        back = tf.transpose(recurrent)

        def step(slope, of_carry, of_give, through, forget, of_state, of_last):
            of_state += slope
            of_last += of_state * through
            parts = tf.reshape(of_last[:, None] * of_carry, (-1, 3 * units))
            of_gates = tf.concat([parts, of_state * of_give], -1)
            return (of_gates @ back, of_last * forget), (of_gates,)

        known = [slopes, of_carry, of_give, through, forget]
        start = tf.zeros_like(state), slopes_of_last
        ends, (of_gates,) = _loop(step, known, start, [4 * units], backward=True)
        before = _before(outputs, state)
        return (
            tf.matmul(of_gates, kernel, transpose_b=True),
            *ends,
            _of_weights(inputs, of_gates),
            _of_weights(before, of_gates),
            _total(of_gates),
        )

    return (outputs, last), gradients


@tf.custom_gradient
def _gru(inputs, state, kernel, recurrent, bias):
    """States of all steps, of a GRU with `reset_after`.

    Args:
        inputs: (steps, batch, channels).
        state: (batch, units), before the first step.
        kernel: (channels, 3 * units), in Keras's order.
        recurrent: (units, 3 * units).
        bias: (2, 3 * units).
    """
    units = recurrent.shape[0]

    def step(new, state):
        old = state @ recurrent + bias[1]
        gates = tf.sigmoid(new[:, : 2 * units] + old[:, : 2 * units])
        keep, reset = tf.split(gates, 2, -1)
        old = old[:, 2 * units :]
        candidate = tf.tanh(new[:, 2 * units :] + reset * old)
        state = candidate + keep * (state - candidate)
        return (state,), (state, gates, candidate, old)

    steps = tf.matmul(inputs, kernel) + bias[0]
    widths = units, 2 * units, units, units
    _, (outputs, gates, candidates, olds) = _loop(step, [steps], (state,), widths)

    def gradients(slopes):
        keep, reset = tf.split(gates, 2, -1)
        before = _before(outputs, state)
        of_candidate = (1 - keep) * (1 - candidates * candidates)
        of_keep = (before - candidates) * keep * (1 - keep)
        of_reset = of_candidate * olds * reset * (1 - reset)
        of_old = tf.stack([of_keep, of_reset, of_candidate * reset], 2)
        of_new = tf.stack([of_keep, of_reset, of_candidate], 2)
        back = tf.transpose(recurrent)

        def step(slope, of_old, keep, of_state):
            of_state += slope
            parts = tf.reshape(of_state[:, None] * of_old, (-1, 3 * units))
            return (parts @ back + of_state * keep,), (of_state,)

        known = [slopes, of_old, keep]
        start = (tf.zeros_like(state),)
        ends, (of_states,) = _loop(step, known, start, [units], backward=True)
        shape = tf.shape(steps)
        of_states = of_states[:, :, None]
        of_new = tf.reshape(of_states * of_new, shape)
        of_old = tf.reshape(of_states * of_old, shape)
        return (
            tf.matmul(of_new, kernel, transpose_b=True),
            *ends,
            _of_weights(inputs, of_new),
            _of_weights(before, of_old),
            tf.stack([_total(each) for each in (of_new, of_old)]),
        )

    return (outputs,), gradients


def _loop(step, known, states, widths, backward=False):
    """The last states, and what `step` gives besides them at each step.

    Args:
        step: from a row of each of `known`, and the states, to the next states and a
            tuple of tensors to keep.
        known: tensors, steps first.
        states: before the first step.
        widths: of what is kept.
        backward: whether the last row comes first.
    """
    count = tf.shape(known[0])[0]
    rows = [
        tf.TensorArray(each.dtype, count, element_shape=each.shape[1:]).unstack(each)
        for each in known
    ]
    shapes = [(*states[0].shape[:-1], width) for width in widths]
    arrays = tuple(
        tf.TensorArray(states[0].dtype, count, element_shape=shape) for shape in shapes
    )

    def body(number, states, arrays):
        place = count - 1 - number if backward else number
        states, kept = step(*(each.read(place) for each in rows), *states)
        pairs = zip(arrays, kept, strict=True)
        return number + 1, states, tuple(a.write(place, each) for a, each in pairs)

    start = tf.constant(0), states, arrays
    _, states, arrays = tf.while_loop(lambda number, *_: number < count, body, start)
    return states, [each.stack() for each in arrays]


def _before(states, first):
    """The states before each step, (steps, batch, units)."""
    return tf.concat([first[None], states[:-1]], 0)


def _of_weights(inputs, slopes):
    """The gradients of a kernel, from its inputs and those of its products."""
    rows, columns = (tf.reshape(a, (-1, a.shape[-1])) for a in (inputs, slopes))
    return tf.matmul(rows, columns, transpose_a=True)


def _total(slopes):
    """The gradient of a bias, from those of all rows.

    Added up in float32: TensorFlow 2.21 adds one by one in float16, which ends at 2,048
    ones.
    """
    return tf.cast(tf.reduce_sum(tf.cast(slopes, "float32"), (0, 1)), slopes.dtype)


def spectrum(windows):
    """The power of all frequencies of windows, float32.

    Args:
        windows: (..., width), float32.

    Returns:
        (..., width // 2 + 1).
    """
    found = tf.signal.rfft(windows)
    return tf.square(tf.math.real(found)) + tf.square(tf.math.imag(found))


_KERNELS = {"lstm": lstm, "gru": gru, "spectrum": spectrum}
