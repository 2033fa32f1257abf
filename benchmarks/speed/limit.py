"""What the device can do at best: a product of two large square matrices, float32.

Every function takes what a contestant takes, and returns a function that multiplies.
"""

import numpy as np

SIDE = 2048


def _matrices():
    return np.random.default_rng(0).standard_normal((2, SIDE, SIDE), dtype="float32")


def jax(case, inputs, classes):
    import jax

    a, b = jax.device_put(_matrices())
    product = jax.jit(lambda a, b: jax.numpy.matmul(a, b, precision="float32"))
    return lambda: product(a, b).block_until_ready()


def tensorflow(case, inputs, classes):
    import tensorflow as tf

    from zoo.engine.tensorflow.device import full_float32

    a, b = map(tf.constant, _matrices())

    def multiply():
        with full_float32():
            return tf.linalg.matmul(a, b)[0, 0].numpy()

    return multiply


def torch(case, inputs, classes):
    import torch

    a, b = torch.from_numpy(_matrices()).to(
        "cuda" if torch.cuda.is_available() else "cpu"
    )
    return lambda: (a @ b)[0, 0].item()
