"""Convolution and pooling, in another form where Keras's own is slow: JAX on CPUs."""

import keras
from keras import ops


def _on_jax_cpu() -> bool:
    if keras.backend.backend() != "jax":
        return False
    import jax

    return jax.default_backend() == "cpu"


@keras.saving.register_keras_serializable(package="zoo")
class Conv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D`; on JAX's CPUs trained as matrix products.

    See `zoo.layers.jax_cpu`. With strides, dilation, groups or channels in front it is
    Keras's own everywhere.
    """

    def is_fast(self) -> bool:
        """Whether training on this device avoids the slow form."""
        plain = self.strides == self.dilation_rate == (1, 1) and self.groups == 1
        return plain and self.data_format == "channels_last" and _on_jax_cpu()

    def convolution_op(self, inputs, kernel):
        if not self.is_fast():
            return super().convolution_op(inputs, kernel)
        from zoo.layers.jax_cpu import convolution

        if self.padding == "same":
            margins = [((size - 1) // 2, size // 2) for size in self.kernel_size]
            inputs = ops.pad(inputs, [(0, 0), *margins, (0, 0)])
        return convolution(inputs, ops.convert_to_tensor(kernel))


@keras.saving.register_keras_serializable(package="zoo")
class MaxPooling2D(keras.layers.MaxPooling2D):
    """`keras.layers.MaxPooling2D`; in another form on JAX's CPUs.

    See `zoo.layers.jax_cpu`. With overlapping windows, padding or channels in front it
    is Keras's own everywhere.
    """

    def call(self, inputs):
        plain = self.strides == self.pool_size and self.padding == "valid"
        if not (plain and self.data_format == "channels_last" and _on_jax_cpu()):
            return super().call(inputs)
        from zoo.layers.jax_cpu import maximum

        return maximum(inputs, tuple(self.pool_size))


@keras.saving.register_keras_serializable(package="zoo")
class AveragePooling2D(keras.layers.AveragePooling2D):
    """`keras.layers.AveragePooling2D`."""
