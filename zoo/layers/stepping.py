"""A recurrent network token by token, in NumPy: its states are kept, not recomputed.

What a framework takes to start a step is more than a step of one token computes, and
NumPy's float64 gives the same numbers beside every framework: no rounding of theirs
changes a text.
"""

from collections.abc import Callable

import numpy as np

Weights = list[np.ndarray]


class Stepper:
    """The states of recurrent layers, one above the other, as they read tokens.

    Args:
        table: float64 (tokens, embedding), what stands for each token.
        cells: for each layer its kind, one of `zoo.layers.recurrent.CELLS`, and its
            weights in Keras's order.
        projection: kernel and bias between the last layer and the logits, or None.
        logits: kernel and bias of the logits.
    """

    def __init__(
        self,
        table: np.ndarray,
        cells: list[tuple[str, Weights]],
        projection: Weights | None,
        logits: Weights,
    ):
        self.table, self.projection, self.logits = table, projection, logits
        self.cells: list[Callable[[np.ndarray], np.ndarray]] = [
            _CELLS[kind](weights) for kind, weights in cells
        ]

    def step(self, token: int) -> np.ndarray:
        """The logits of what comes after a token, float64 (tokens,)."""
        x = self.table[token]
        for cell in self.cells:
            x = cell(x)
        if self.projection:
            x = x @ self.projection[0] + self.projection[1]
        return x @ self.logits[0] + self.logits[1]


def _lstm(weights: Weights) -> Callable:
    kernel, recurrent, bias = weights
    both, width = np.concatenate([kernel, recurrent]), len(recurrent)
    state, carry = np.zeros(width), np.zeros(width)

    def step(x):
        nonlocal state, carry
        z = np.concatenate([x, state]) @ both + bias
        let_in, forget, candidate, give = z.reshape(4, width)
        carry = _sigmoid(forget) * carry + _sigmoid(let_in) * np.tanh(candidate)
        state = _sigmoid(give) * np.tanh(carry)
        return state

    return step


def _gru(weights: Weights) -> Callable:
    kernel, recurrent, (bias, recurrent_bias) = weights
    width = len(recurrent)
    state = np.zeros(width)

    def step(x):
        nonlocal state
        new = (x @ kernel + bias).reshape(3, width)
        old = (state @ recurrent + recurrent_bias).reshape(3, width)
        keep, reset = _sigmoid(new[:2] + old[:2])
        state = keep * state + (1 - keep) * np.tanh(new[2] + reset * old[2])
        return state

    return step


def _min_gru(weights: Weights) -> Callable:
    kernel, bias = weights
    state = np.zeros(len(bias) // 2)

    def step(x):
        nonlocal state
        gate, candidate = (x @ kernel + bias).reshape(2, -1)
        gate = _sigmoid(gate)
        state = (1 - gate) * state + gate * np.tanh(candidate)
        return state

    return step


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))  # which does not overflow


_CELLS = {"lstm": _lstm, "gru": _gru, "mingru": _min_gru}
