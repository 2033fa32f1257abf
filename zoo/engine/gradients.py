"""Gradients of a model's outputs with respect to its inputs, compiled.

Every backend's file `zoo/engine/*/gradients.py` defines `compile_gradient(model)`: a
function `(inputs, of)`, NumPy to NumPy, with the weights that the model has when it is
called. It takes a list of a batch for each input of the model, float32 or whole
numbers, and weights of the outputs, float (n, outputs). It returns

    the outputs, float32 (n, outputs);
    the gradient of their weighted sum with respect to the first input, float32.

In inference an example's outputs depend on that example alone. So each row is the
gradient of its own weighted sum.
"""

import keras

from zoo.engine import active


def compile_gradient(model: keras.Model):
    """The active backend's `compile_gradient`."""
    return active.own("gradients").compile_gradient(model)
