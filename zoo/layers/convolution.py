"""Convolution and pooling, in another form where Keras's own is slow.

PyTorch: without copies, see `zoo.engine.torch.kernels`. JAX on CPUs: see
`zoo.engine.jax.kernels`.
"""

import math

import keras
from keras import ops

from zoo.engine import kernels
from zoo.layers.saved_form import saved_as_keras


@saved_as_keras
class Conv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D`.

    A kernel as large as the images becomes one matrix product. Keras's form is used
    for channels in front and whole numbers, on TensorFlow, and on JAX for strides,
    dilation and groups, and outside of zoo's own steps, see
    `zoo.engine.kernels.in_use`.

    Input: (batch, height, width, channels), a float dtype. Output: (batch, rows,
    columns, filters).
    """

    def is_fast(self) -> bool:
        """Whether it is computed in another form than Keras's."""
        if self.data_format != "channels_last":
            return False
        return kernels.find("convolution", self) is not None

    def call(self, inputs):
        if not _is_float(inputs):
            return super().call(inputs)
        if self._covers(inputs):
            return self.activation(_product(inputs, *_kernel_and_bias(self)))
        if not self.is_fast():
            return super().call(inputs)
        convolution = kernels.find("convolution", self)
        outputs = convolution(inputs, *_kernel_and_bias(self), self)
        return self.activation(outputs)

    def _covers(self, inputs) -> bool:
        return (
            tuple(inputs.shape[1:3]) == self.kernel_size
            and self.padding == "valid"
            and self.data_format == "channels_last"
            and self.dilation_rate == (1, 1)
            and self.groups == 1
        )


@saved_as_keras
class DepthwiseConv2D(keras.layers.DepthwiseConv2D):
    """`keras.layers.DepthwiseConv2D`.

    Keras's form is used for channels in front, whole numbers, dilation and several
    filters a channel, on TensorFlow, and on JAX for uneven strides and outside of
    compiled programs. In those of others EfficientNet-Lite0 answers a picture in a
    quarter of the time, and learns in a fifth.

    Input: (batch, height, width, channels), a float dtype. Output: (batch, rows,
    columns, channels * depth_multiplier).
    """

    def is_fast(self) -> bool:
        """Whether it is computed in another form than Keras's."""
        plain = self.dilation_rate == (1, 1) and self.depth_multiplier == 1
        if not plain or self.data_format != "channels_last":
            return False
        return kernels.find("depthwise", self) is not None

    def call(self, inputs):
        if not (_is_float(inputs) and self.is_fast()):
            return super().call(inputs)
        depthwise = kernels.find("depthwise", self)
        outputs = depthwise(inputs, *_kernel_and_bias(self), self)
        return self.activation(outputs)


@saved_as_keras
class MaxPooling2D(keras.layers.MaxPooling2D):
    """`keras.layers.MaxPooling2D`.

    Keras's form is used for channels in front, whole numbers, padding and overlapping
    windows, on TensorFlow, and on JAX outside of zoo's own steps.

    Input: (batch, height, width, channels), any dtype. Output: (batch, rows, columns,
    channels), of the same dtype.
    """

    def call(self, inputs):
        maximum = kernels.find("maximum", self)
        if maximum is None or not _is_plain(self, inputs):
            return super().call(inputs)
        return maximum(inputs, self.pool_size)


@saved_as_keras
class AveragePooling2D(keras.layers.AveragePooling2D):
    """`keras.layers.AveragePooling2D`.

    Keras's form is used for channels in front, whole numbers, padding and overlapping
    windows, and on JAX and TensorFlow.

    Input: (batch, height, width, channels), any dtype. Output: (batch, rows, columns,
    channels).
    """

    def call(self, inputs):
        average = kernels.find("average", self)
        if average is None or not _is_plain(self, inputs):
            return super().call(inputs)
        return average(inputs, self.pool_size)


def _product(images, kernel, bias):
    """The outputs for images of the kernel's size, (batch, 1, 1, filters)."""
    size, filters = math.prod(kernel.shape[:3]), kernel.shape[3]
    # `ops.matmul` and not @: it takes two types, as after PyTorch's `model.double()`.
    outputs = ops.matmul(
        ops.reshape(images, (-1, size)), ops.reshape(kernel, (size, filters))
    )
    outputs = outputs if bias is None else outputs + bias
    return ops.reshape(outputs, (-1, 1, 1, filters))


def _kernel_and_bias(layer):
    bias = ops.convert_to_tensor(layer.bias) if layer.use_bias else None
    return ops.convert_to_tensor(layer.kernel), bias


def _is_float(inputs) -> bool:
    """Keras converts others in its own way."""
    return keras.backend.is_float_dtype(inputs.dtype)


def _is_plain(pooling, inputs) -> bool:
    return (
        _is_float(inputs)
        and pooling.strides == pooling.pool_size
        and pooling.padding == "valid"
        and pooling.data_format == "channels_last"
    )
