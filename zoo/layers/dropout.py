"""Dropout that is the same on every backend."""

import keras
from keras import ops

from zoo.errors import Mistake
from zoo.groups import first_row

_LOW_17_BITS = 0x1FFFF


def scales(state, shape: list[int], start: int, rate: float):
    """By what dropout multiplies: 0 with probability `rate`, otherwise 1 / (1 - rate).

    Args:
        state: int32 (2,), which stream and which draw of it.
        shape: of what is multiplied.
        start: position of the first element.
        rate: 0 <= rate < 1.

    Returns:
        float32 of that shape.
    """
    size = 1
    for length in shape:
        size = size * length
    positions = ops.arange(start, start + size, dtype="int32")
    threshold = round(rate * 2**32) - 2**31
    kept = bits_at(positions, state[0], state[1]) >= threshold
    scale = ops.cast(kept, "float32") * (1 / (1 - rate))
    return ops.reshape(scale, shape)


def bits_at(positions, seed, step):
    """Uniform random bits that depend on nothing but their arguments.

    A counter-based generator: two rounds of multiplication and xor-shift over the
    position, keyed by seed and step, in wrapping 32-bit integers, which every backend
    computes alike.

    Args:
        positions: int32 of any shape.
        seed: int32 scalar, which stream.
        step: int32 scalar, which draw of the stream.

    Returns:
        int32 like `positions`, uniform over all 2**32 values; the high bits are the
        best.
    """
    first = _mix(seed * -1640531527 + step)
    second = _mix(first + seed)
    bits = ops.bitwise_xor(positions, first)
    bits = _fold(bits * -1150833019)
    return (bits + second) * 1935289751


def _mix(key):
    return _fold(_fold(_fold(key) * 569420461) * 1935289751)


def _fold(bits):
    high = ops.bitwise_and(ops.right_shift(bits, 15), _LOW_17_BITS)
    return ops.bitwise_xor(bits, high)


def _draw(generator, shape, start, rate):
    """`scales` for the generator's next draw, which is then counted."""
    if keras.backend.backend() == "torch":
        from zoo.layers.torch import dropout_scales

        return dropout_scales(generator, shape, start, rate)
    return scales(ops.cast(generator.next(), "int32"), shape, start, rate)


@keras.saving.register_keras_serializable(package="zoo")
class Dropout(keras.layers.Layer):
    """Dropout whose mask is a function of (seed, step, layer, position).

    Srivastava et al. 2014, JMLR 15:1929. In training each element is zeroed with
    probability `rate` and the others are scaled by `1 / (1 - rate)`; the mask is the
    same on every backend. The step counts the training calls of this layer.

    Args:
        rate: probability of zeroing an element, 0 <= rate < 1.
        noise_shape: shape of the mask, broadcast against the input; None in it, or
            None altogether, stands for the input's own length.
        seed: the layer's stream; `zoo.build` derives it from its own seed and the
            layer's path.
    """

    def __init__(self, rate: float, noise_shape=None, seed: int = 0, **options):
        super().__init__(**options)
        if not 0 <= rate < 1:
            raise Mistake(f"dropout rate is {rate}; accepted: 0 <= rate < 1")
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed
        self.supports_masking = True
        self.seed_generator = keras.random.SeedGenerator(seed, name=self.name)
        self.built = True

    def reseed(self, seed: int) -> None:
        """Start the stream `seed` at its first step."""
        self.seed = seed
        self.seed_generator.state.assign([seed, 0])

    def call(self, inputs, training: bool = False):
        if not training or self.rate == 0:
            return inputs
        shape = list(ops.shape(inputs))
        for axis, length in enumerate(self.noise_shape or ()):
            if length is not None:
                shape[axis] = length
        start = 0 if self.noise_shape and self.noise_shape[0] else first_row()
        for length in shape[1:]:
            start = start * length
        scale = _draw(self.seed_generator, shape, start, self.rate)
        if scale.dtype != inputs.dtype:
            scale = ops.cast(scale, inputs.dtype)
        return inputs * scale

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {"rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}
        return {**super().get_config(), **own}
