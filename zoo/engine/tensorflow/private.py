"""TensorFlow's private names, and Keras's own on TensorFlow, each with its reason.

A release may rename any of them; tests/test_private.py says which one.
"""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf
from keras.src.losses.loss import unscale_loss_for_distribution
from tensorflow.python.framework.config import (
    disable_op_determinism,
    is_op_determinism_enabled,
)

# Keras's losses divide by the number of replicas; only `unscale_loss_for_distribution`
# undoes it. `enable_op_determinism` is public, what ends it and asks for it is not.
__all__ = [
    "disable_op_determinism",
    "is_op_determinism_enabled",
    "unscale_loss_for_distribution",
]


def replace_update(optimizer: keras.Optimizer, update: Callable) -> None:
    """Have Keras's optimizer call `update(grads, variables, rate)`.

    Keras has no public place for it: `update_step` sees one variable at a time, after
    it has been through twenty operations.
    """
    optimizer._backend_update_step = update


def moments(optimizer: keras.optimizers.Adam, variables: Sequence) -> tuple[list, list]:
    """Adam's means of gradients and of their squares, variables in this order."""
    places = [optimizer._get_variable_index(variable) for variable in variables]
    return (
        [optimizer._momentums[place].value for place in places],
        [optimizer._velocities[place].value for place in places],
    )


def take_other_keys() -> None:
    """Have the next `MirroredStrategy` count its collective keys from another base."""
    tf.distribute.MirroredStrategy._collective_key_base += 1
