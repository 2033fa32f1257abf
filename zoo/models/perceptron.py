"""Rosenblatt's perceptron, one linear unit that learns only from its errors.

Rosenblatt, "The perceptron: a probabilistic model for information storage and
organization in the brain", Psychological Review 65(6), 1958, doi:10.1037/h0042519.

It answers class 1 where its score is at least 0 and class 0 elsewhere. Its rule adds
`learning_rate * (target - answer) * x` to the weights, with target and answer in
{-1, +1}, so only a wrong answer changes them; on separable classes it stops after a
finite number of changes. `rosenblatt_loss` makes that rule out of Keras's SGD: train
with batch size 1. The weights begin at zero, so that the learning rate only scales
them and the answers do not depend on it.

Input: (2,) float32, any range
Output: (1,) float32, raw score; class 1 where it is 0 or more

Parameters: 3 (defaults)

stage | output shape | parameters
----- | ------------ | ----------
score | (1,)         | 3

Parameters: 785 (input_shape=(784,))

Differs from the paper: the rule is that of 1958 in its modern form, without the random
layer of association units in front of the weights.
"""

import keras
from keras import ops

from zoo.errors import Mistake
from zoo.layers.precision import logits_dtype


def build(input_shape: tuple[int, ...] = (2,)) -> keras.Model:
    """The perceptron for rows of numbers.

    Args:
        input_shape: (features,).

    Returns:
        A model from float32 (batch, features) to raw scores, float32 (batch, 1).

    Raises:
        Mistake: the input is not a row.
    """
    if len(input_shape) != 1:
        raise Mistake(
            f"perceptron takes rows, input_shape (features,); given {input_shape}; "
            "deep_mlp with hidden=() is a linear classifier of images"
        )
    row = keras.Input(input_shape, name="row")
    score = keras.layers.Dense(
        1, kernel_initializer="zeros", dtype=logits_dtype(), name="score"
    )(row)
    return keras.Model(row, score, name="perceptron")


def space(hp) -> dict:
    """No arguments to search: zero weights make even the learning rate a mere scale."""
    return {}


@keras.saving.register_keras_serializable(package="zoo")
def rosenblatt_loss(y_true, y_pred):
    """A loss whose gradient descent is Rosenblatt's rule.

    The loss of one row is `(answer - target) * score`, its factor in brackets held
    constant: 0 for a right answer, twice the distance of the score from 0 for a wrong
    one. Its gradient with respect to the score is `answer - target`.

    Args:
        y_true: classes 0 or 1, any number type, shape (batch,) or (batch, 1).
        y_pred: raw scores, float (batch, 1).

    Returns:
        Losses, float (batch,), at least 0.
    """
    target = 2 * ops.cast(ops.reshape(y_true, ops.shape(y_pred)), y_pred.dtype) - 1
    answer = ops.where(y_pred >= 0, ops.ones_like(y_pred), -ops.ones_like(y_pred))
    return ops.mean(ops.stop_gradient(answer - target) * y_pred, axis=-1)
