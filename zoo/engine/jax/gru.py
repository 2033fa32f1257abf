"""JAX on CPUs: a GRU whose gradients are few products of matrices.

The gradient of `lax.scan` adds up those of all weights in every step, and computes
there what each step forward left. Here, as on TensorFlow (`zoo.engine.tensorflow`), a
step backward has one product, with the gradient of the state: the gradients of weights
are one product each for all steps, and what depends on the steps forward alone is
computed for all of them at once. On an AMD EPYC the layers of `lstm_speech` take 0.87
of the time, and its training step 0.91. The same form of an LSTM gains nothing: steps
of the networks in `benchmarks.speed` take 0.97 to 1.09.
"""

import jax
import jax.numpy as jnp


def gru(layer, sequences, states):
    """What a `keras.layers.GRU` computes: last output, all outputs, last states."""
    cell = layer.cell
    inputs = sequences.swapaxes(0, 1)
    if layer.go_backwards:
        inputs = inputs[::-1]
    weights = cell.kernel.value, cell.recurrent_kernel.value, cell.bias.value
    outputs = _gru(inputs, states[0], *weights)
    return outputs[-1], outputs.swapaxes(0, 1), [outputs[-1]]


@jax.custom_vjp
def _gru(inputs, state, kernel, recurrent, bias):
    """States of all steps, of a GRU with `reset_after`.

    Args:
        inputs: (steps, batch, channels).
        state: (batch, units), before the first step.
        kernel: (channels, 3 * units), in Keras's order.
        recurrent: (units, 3 * units).
        bias: (2, 3 * units).
    """
    return _forward(inputs, state, kernel, recurrent, bias)[0]


def _forward(inputs, first, kernel, recurrent, bias):
    units = len(recurrent)

    def step(state, new):
        old = state @ recurrent + bias[1]
        gates = jax.nn.sigmoid(new[:, : 2 * units] + old[:, : 2 * units])
        keep, reset = jnp.split(gates, 2, -1)
        old = old[:, 2 * units :]
        candidate = jnp.tanh(new[:, 2 * units :] + reset * old)
        state = candidate + keep * (state - candidate)
        return state, (state, gates, candidate, old)

    _, (states, *kept) = jax.lax.scan(step, first, inputs @ kernel + bias[0])
    return states, (inputs, first, kernel, recurrent, states, *kept)


def _backward(known, slopes):
    inputs, first, kernel, recurrent, states, gates, candidates, olds = known
    keep, reset = jnp.split(gates, 2, -1)
    before = jnp.concatenate([first[None], states[:-1]])
    of_candidate = (1 - keep) * (1 - candidates * candidates)
    of_keep = (before - candidates) * keep * (1 - keep)
    of_reset = of_candidate * olds * reset * (1 - reset)
    of_old = jnp.concatenate([of_keep, of_reset, of_candidate * reset], -1)
    of_new = jnp.concatenate([of_keep, of_reset, of_candidate], -1)

    def step(of_state, given):
        slope, of_old, keep = given
        of_state = of_state + slope
        parts = jnp.tile(of_state, 3) * of_old
        return parts @ recurrent.T + of_state * keep, of_state

    given = slopes, of_old, keep
    of_first, of_states = jax.lax.scan(step, jnp.zeros_like(first), given, reverse=True)
    of_states = jnp.tile(of_states, 3)
    of_new, of_old = of_states * of_new, of_states * of_old
    return (
        of_new @ kernel.T,
        of_first,
        _of_weights(inputs, of_new),
        _of_weights(before, of_old),
        jnp.stack([each.sum((0, 1)) for each in (of_new, of_old)]),
    )


_gru.defvjp(_forward, _backward)


def _of_weights(inputs, slopes):
    """The gradients of a kernel, from its inputs and those of its products."""
    return jnp.tensordot(inputs, slopes, ((0, 1), (0, 1)))
