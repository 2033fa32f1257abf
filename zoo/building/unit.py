"""The unit of numbers to be answered: the last layer of a model gives it back.

A network learns numbers of mean 0 and deviation 1, whatever the unit of the data. The
layer "unit" multiplies its outputs by the deviation of the training targets and adds
their mean, so that the model's outputs are in the unit of the data, also where it is
exported. It is Keras's `Normalization`, inverted, and has no parameters.
"""

from typing import TYPE_CHECKING

import numpy as np

from zoo.core.columns import LARGEST, SMALLEST
from zoo.errors import Mistake

if TYPE_CHECKING:
    import keras

NAME = "unit"


def undone(model: "keras.Model") -> "keras.Model":
    """`model` with the layer at its end, which changes nothing yet."""
    import keras

    single = len(model.inputs or []) == len(model.outputs or []) == 1
    if not single or len(model.output.shape) not in (2, 3):
        return model  # which fits no data, as is told later
    count = model.output.shape[1]
    layer = keras.layers.Normalization(
        axis=-1 if len(model.output.shape) == 2 else 1,  # before its quantiles
        mean=[0.0] * count,
        variance=[1.0] * count,
        invert=True,
        dtype="float32",
        name=NAME,
    )
    return keras.Model(model.input, layer(model.output), name=model.name)


def adapt(layer: "keras.layers.Layer", targets: np.ndarray, names: tuple) -> None:
    """Let the layer undo the scale of these training targets.

    A number that is the same in all of them keeps a deviation of 1.

    Args:
        layer: that of `undone`.
        targets: float (n, outputs); (n, 1) if all outputs are of one scale.
        names: of the outputs.

    Raises:
        Mistake: float32 cannot hold the squares of such numbers.
    """
    exact = np.asarray(targets, "float64")
    means = np.resize(exact.mean(axis=0), len(names))
    deviations = np.resize(exact.std(axis=0), len(names))
    deviations[deviations == 0] = 1.0
    for name, deviation in zip(names, deviations, strict=True):
        if not SMALLEST <= deviation <= LARGEST:
            raise Mistake(
                f"the numbers of {name} have a deviation of {deviation:.3g}; accepted: "
                f"{SMALLEST:g} to {LARGEST:g}; give them in another unit"
            )
    layer.input_mean = means.tolist()
    layer.input_variance = np.square(deviations).tolist()
    layer.build((None, *layer.get_build_config()["input_shape"][1:]))


def spread(model: "keras.Model") -> np.ndarray:
    """The deviation of each number that the model answers; 1 if it has no such layer.

    Of an ensemble that of its first member.

    Returns:
        float64 (outputs,).
    """
    from zoo.engine import private

    for layer in private.layers(model):
        if layer.name == NAME and hasattr(layer, "input_variance"):
            return np.sqrt(np.asarray(layer.input_variance, "float64"))
    return np.ones(model.output_shape[-1])
