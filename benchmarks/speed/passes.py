"""The least that a training step reads and writes besides its products.

What stands between two products is one pass forward and one backward: however many
operations these are, the numbers between them need not leave the processor.
"""

import math

import numpy as np

from benchmarks.speed import operations
from benchmarks.speed.cases import Case

PRODUCTS = "dense", "conv", "unit"
UNITS = {"adam": 7, "sgd": 3}
"""Reads and writes of a weight: itself and what the optimizer keeps, its gradient."""


def elements(case: Case) -> list[int]:
    """How many numbers of float32 a step reads and writes, in each pass both ways.

    Forward, a pass reads what comes in and writes what goes out. Backward, it reads the
    slopes of what went out, and a number each that was kept, and writes the slopes of
    what came in. Before the first product nothing goes back. A sum with a shortcut
    reads the other summand, and its slopes. The last is the optimizer, on all weights.
    """
    found, weights, begun = [], 0, None
    for kind, numbers, before, after in operations.walk(case):
        if kind in PRODUCTS:
            pixels = 2 * math.prod(before)
            found.append(_pass(begun, before) if begun else pixels)
            weights += _weights(kind, numbers, before)
            begun = after
        elif kind == "sum":
            found.append(2 * math.prod(after))
    found = [case.batch * count for count in found]
    return [*found, UNITS[case.optimizer] * weights]


def _pass(begun, ended):
    return 2 * math.prod(begun) + 3 * math.prod(ended)


def _weights(kind, numbers, before):
    match kind, *numbers:
        case "dense", width:
            return (math.prod(before) + 1) * width
        case "conv", filters, size, _:
            return (size**2 * before[-1] + 1) * filters
        case "unit", filters, size, _, depthwise, _:
            return (size**2 * (1 if depthwise else before[-1]) + 2) * filters


def measure(case, inputs, classes):
    """A function that reads and writes as many: of each three, it adds two."""
    import keras

    make = {"jax": _jax, "tensorflow": _tensorflow, "torch": _torch}
    add = make[keras.backend.backend()]
    zeros = [np.zeros(count // 3, "float32") for count in elements(case)]
    passes = [add(each, each.copy()) for each in zeros]

    def epoch():
        for _ in range(case.steps):
            for one in passes:
                total = one()
        keras.ops.convert_to_numpy(total[:1])

    return epoch


def _jax(total, array):
    import jax

    add = jax.jit(lambda total, array: total + array, donate_argnums=0)
    total, array = jax.device_put((total, array))

    def one():
        nonlocal total
        total = add(total, array).block_until_ready()
        return total

    return one


def _tensorflow(total, array):
    import tensorflow as tf

    total, array = tf.Variable(total), tf.constant(array)
    return lambda: total.assign_add(array)


def _torch(total, array):
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    total, array = (torch.from_numpy(each).to(device) for each in (total, array))
    return lambda: total.add_(array)
