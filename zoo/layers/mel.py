"""The mel spectrogram by matrix products, the same numbers on every backend.

Inside zoo's own steps on CPUs it is the fast Fourier transform of the backend: on an
AMD EPYC a training step of `lstm_speech` takes 0.85 of the time on JAX, 0.91 on PyTorch
and 0.93 on TensorFlow.
"""

from functools import cached_property

import keras
import numpy as np
from keras import ops

from zoo.core import mel
from zoo.engine import kernels
from zoo.layers.saved_form import saved_as_keras


@saved_as_keras
class MelSpectrogram(keras.layers.MelSpectrogram):
    """`keras.layers.MelSpectrogram` without its decibels, by matrix products.

    Windows of `fft_length` samples are rows of a matrix; products with tables of
    cosines and sines are the Fourier transform of each, another one adds the power up
    to mel bands, see `zoo.core.mel`. Keras's form is used with `power_to_db`, with
    `mag_exp` other than 2, and where `fft_length` is odd or no multiple of
    `sequence_stride`, or `sequence_length` is odd.

    Input: (batch, samples) float32, `samples` a multiple of `sequence_stride` and more
    than half of `fft_length`. Output: (batch, num_mel_bins, samples / sequence_stride +
    1) float32, the power of each band around each multiple of the stride.
    """

    @property
    def is_plain(self) -> bool:
        """Whether it is computed by matrix products."""
        return (
            not self.power_to_db
            and self.mag_exp == 2
            and self.window == "hann"
            and self.fft_length % 2 == self.sequence_length % 2 == 0
            and self.fft_length % self.sequence_stride == 0
        )

    def call(self, inputs):
        elsewhere = self.backend.name != keras.backend.backend()  # inside tf.data
        if elsewhere or not self.is_plain:
            return super().call(inputs)
        frames = _frames(inputs, self.fft_length, self.sequence_stride)
        waves, bands = self.tables
        spectrum = kernels.find("spectrum", self)
        if spectrum and keras.backend.standardize_dtype(frames.dtype) == "float32":
            # The same numbers to the seventh digit. What is exported are products: not
            # every format knows a Fourier transform.
            power = spectrum(ops.multiply(frames, waves[:, 0]))
            return ops.transpose(ops.matmul(power, bands), (0, 2, 1))
        half, count = self.fft_length // 2, bands.shape[0]
        # Cosines are even around the middle of a window and sines odd: of sums and of
        # differences of samples, half of the multiplications give the same numbers. A
        # step of `lstm_speech` takes a tenth to a fifth less.
        before = frames[..., 1:half]
        behind = ops.flip(frames[..., half + 1 :], axis=-1)
        sums = [before + behind, frames[..., half : half + 1]]
        even = ops.matmul(ops.concatenate(sums, axis=-1), waves[1 : half + 1, :count])
        odd = ops.matmul(before - behind, waves[1:half, count:])
        power = ops.square(even) + ops.square(odd)
        return ops.transpose(ops.matmul(power, bands), (0, 2, 1))

    @cached_property
    def tables(self) -> tuple[np.ndarray, np.ndarray]:
        """The Fourier transform of a window, and its frequencies in mel bands.

        float32 (fft_length, 2 * frequencies) and (frequencies, num_mel_bins).
        """
        return (
            mel.waves(self.fft_length, self.sequence_length),
            mel.bands(
                self.fft_length // 2 + 1,
                self.sampling_rate,
                self.num_mel_bins,
                self.min_freq,
                self.max_freq,
            ),
        )


def _frames(samples, width: int, stride: int):
    """Overlapping windows, (batch, samples / stride + 1, width), ends mirrored."""
    samples = ops.pad(samples, [(0, 0), (width // 2, width // 2)], mode="reflect")
    blocks = ops.reshape(samples, (-1, samples.shape[1] // stride, stride))
    each = width // stride
    count = blocks.shape[1] - each + 1
    parts = [blocks[:, first : first + count] for first in range(each)]
    return ops.concatenate(parts, axis=2)
