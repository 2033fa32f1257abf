"""Batch normalization; on PyTorch by its own kernels, where Keras takes ten times as
many."""

import keras

from zoo.engine import groups, kernels
from zoo.layers.saved_form import saved_as_keras


@saved_as_keras
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization`; on PyTorch by `torch.native_batch_norm`.

    With masks, renormalization, channels that are not last or several devices it is
    Keras's own everywhere.

    With `momentum=1` the moving statistics never move, and they are used in training
    too, as a network that was trained before needs it. (Keras's own takes those of the
    batch in training.)

    Input and output: (..., channels), a float dtype.
    """

    def call(self, inputs, training=None, mask=None):
        training = training and self.momentum != 1
        if not self._is_plain(inputs, mask):
            return super().call(inputs, training=training, mask=mask)
        normalize = kernels.find("normalize", self)
        return normalize(self, inputs, training and self.trainable)

    def _is_plain(self, inputs, mask) -> bool:
        return (
            kernels.find("normalize", self) is not None
            and mask is None
            and not self.renorm
            and self.axis in (-1, len(inputs.shape) - 1)
            and groups.current().devices == 1
        )
