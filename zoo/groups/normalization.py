"""Batch normalization over all devices, where each sees a part of the batch.

TensorFlow and PyTorch need it; to a JAX program the batch is one array anyway.
"""

from collections.abc import Callable

import keras
from keras import ops


def normalize_together(model: keras.Model, total: Callable) -> None:
    """Let batch normalization take mean and variance of the global batch.

    The layers of Keras do so on TensorFlow if asked, but not where values are masked;
    `torch.nn.SyncBatchNorm` does so on GPUs only.

    Args:
        model: its layers are changed, in training only; not what is saved of them.
        total: the sum of a tensor over all devices, with a gradient.
    """
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer._moments = lambda x, mask, layer=layer: _moments(
                x, mask, layer._reduction_axes, total
            )


def _moments(x, mask, axes, total):
    weight = ops.ones_like(x[..., :1])
    if mask is not None:
        weight *= ops.cast(ops.expand_dims(mask, -1), x.dtype)
    weight = ops.broadcast_to(weight, ops.shape(x))
    count = total(ops.sum(weight, axes, keepdims=True))
    mean = total(ops.sum(x * weight, axes, keepdims=True)) / count
    square = ops.square(x - mean) * weight
    variance = total(ops.sum(square, axes, keepdims=True)) / count
    return ops.squeeze(mean, axes), ops.squeeze(variance, axes)
