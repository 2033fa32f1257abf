"""Batch normalization over all devices, where each sees a part of the batch.

TensorFlow and PyTorch need it; to a JAX program the batch is one array anyway.
"""

import math
from collections.abc import Callable
from functools import partial

import keras
from keras import ops

from zoo.engine import private


def normalize_together(model: keras.Model, total: Callable, devices: int) -> None:
    """Let batch normalization take mean and variance of the global batch.

    The layers of Keras do so on TensorFlow if asked, but not where values are masked;
    `torch.nn.SyncBatchNorm` does so on GPUs only.

    Args:
        model: its layers are changed, in training only; not what is saved of them.
        total: the sum of a tensor over all devices, with a gradient.
        devices: how many; each has equally many examples.
    """
    for layer in private.layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            private.take_moments(layer, partial(_moments, total, devices))


def _moments(total, devices, x, mask, axes):
    def add(values):
        return total(ops.sum(values, axes, keepdims=True))

    if mask is None:
        shape = ops.shape(x)
        count = devices * math.prod(shape[axis] for axis in axes)
        weight, count = 1.0, ops.cast(count, x.dtype)
    else:
        weight = ops.cast(ops.expand_dims(mask, -1), x.dtype)
        count = add(weight)
    mean = add(x * weight) / count
    variance = add(ops.square(x - mean) * weight) / count
    return ops.squeeze(mean, axes), ops.squeeze(variance, axes)
