"""One layer for each operation of augmentation, see `zoo.layers.Augment`."""

from typing import Any

import keras

from zoo.layers.augment import Augment


class _Operation(Augment):
    """`Augment` with one operation.

    Args:
        strength: of the operation, see `zoo.augment.STRENGTHS`.
        seed: any whole number. Two layers of one seed draw alike.
        **options: those of every Keras layer.
    """

    operation: str

    def __init__(self, strength: Any, seed: int = 0, **options):
        super().__init__({self.operation: strength}, seed, **options)

    def get_config(self):
        config = super().get_config()
        strength = config.pop("operations")[self.operation]
        return {**config, "strength": strength}


_saved = keras.saving.register_keras_serializable(package="zoo")


@_saved
class Flip(_Operation):
    """Mirror each image left to right with a probability, 0 to 1."""

    operation = "flip"


@_saved
class Shift(_Operation):
    """Shift each image by up to a fraction of its size, either way on each axis."""

    operation = "shift"


@_saved
class Rotation(_Operation):
    """Rotate each image about its center by up to so many degrees, either way."""

    operation = "rotation"


@_saved
class Zoom(_Operation):
    """Scale each image about its center by 1 - fraction to 1 + fraction."""

    operation = "zoom"


@_saved
class Elastic(_Operation):
    """Bend each image as if it were drawn on rubber: (alpha, sigma) in pixels."""

    operation = "elastic"


@_saved
class ColorJitter(_Operation):
    """Change brightness, contrast and saturation: one strength, or three."""

    operation = "color_jitter"


@_saved
class RandomErasing(_Operation):
    """Turn a rectangle of each image into noise, with a probability, 0 to 1."""

    operation = "random_erasing"


@_saved
class RandAugment(_Operation):
    """Several random operations an image, at one level: (operations, level)."""

    operation = "rand_augment"


@_saved
class TrivialAugmentWide(_Operation):
    """One random operation an image, at one of so many random levels."""

    operation = "trivial_augment_wide"


@_saved
class MixUp(_Operation):
    """Blend each image and its label with its neighbor's, by Beta(alpha, alpha)."""

    operation = "mixup"


@_saved
class CutMix(_Operation):
    """Paste a rectangle of its neighbor into each image; labels mix by area."""

    operation = "cutmix"
