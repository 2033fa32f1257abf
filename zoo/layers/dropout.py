"""Dropout that is the same on every backend."""

import keras
from keras import ops

from zoo.engine import kernels
from zoo.engine.groups import first_row
from zoo.engine.random_bits import scales
from zoo.errors import Mistake
from zoo.layers.saved_form import saved_as_keras


@saved_as_keras
class Dropout(keras.layers.Dropout):
    """`keras.layers.Dropout` whose mask is a function of (seed, step, position).

    Srivastava et al. 2014, JMLR 15:1929. In training each element is zeroed with
    probability `rate` and the others are scaled by `1 / (1 - rate)`; the mask is the
    same on every backend. The step counts the training calls of this layer.

    Args:
        rate: probability of zeroing an element, 0 <= rate < 1.
        noise_shape: shape of the mask, broadcast against the input; None in it, or
            None altogether, stands for the input's own length.
        seed: the layer's stream, an integer. By default each layer has one of its own,
            which `keras.utils.set_random_seed` fixes; `zoo.build` derives it from its
            own seed and the layer's path.

    Input and output: any shape, a float dtype.

    Raises:
        Mistake: `rate` is out of its range.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: tuple[int | None, ...] | None = None,
        seed: int | None = None,
        **options,
    ):
        if not 0 <= rate < 1:
            raise Mistake(f"dropout rate is {rate}; accepted: 0 <= rate < 1")
        # Not that of Keras's Dropout, whose generator bears a number for a name.
        keras.layers.Layer.__init__(self, **options)
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed
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
        scale = self._draw(shape, start)
        if scale.dtype != inputs.dtype:
            scale = ops.cast(scale, inputs.dtype)
        return inputs * scale

    def _draw(self, shape, start):
        """`scales` for the generator's next draw, which is then counted."""
        generator = self.seed_generator
        if draw := kernels.find("dropout_scales", self):
            return draw(generator, shape, start, self.rate)
        return scales(ops.cast(generator.next(), "int32"), shape, start, self.rate)
