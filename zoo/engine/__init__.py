"""The frameworks, each in a folder of its own, and what all of them offer."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import numpy as np


def gradient(
    model: "keras.Model", inputs: "np.ndarray | list[np.ndarray]", of: "np.ndarray"
) -> "np.ndarray":
    """How the outputs of a model change with its inputs, on the active backend.

    The model runs as it answers: no dropout, and fixed normalization.

    Args:
        model: of one input, or of several, of which the others are held.
        inputs: a batch, float32 (n, ...), or a list of one for each input of the model.
        of: what it is the gradient of: the sum of the outputs of each example times
            these weights, float (n, outputs), such as a 1 at the class in question.

    Returns:
        float32 like the first input. Whole numbers, such as tokens, have no gradient;
        the numbers that a network makes of them have one.
    """
    from zoo.engine import gradients

    inputs = inputs if isinstance(inputs, list) else [inputs]
    return gradients.compile_gradient(model)(inputs, of)[1]
