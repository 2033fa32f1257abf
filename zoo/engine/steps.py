"""Training steps and forward passes, compiled the fast way of each backend.

Every backend's file `zoo/engine/*/steps.py` defines two things of the same shape:

`Trainer(model, loss, optimizer, on_device)`, where `on_device` are the inputs and the
targets of all examples, for the device to hold, or None, with
    `train(inputs, targets, count, rows=None)`: takes `count` optimizer steps on the
        batches `inputs[0], ..., inputs[count - 1]`, which are examples, or positions
        in what is on the device; returns each step's loss, float32 (count,), and the
        number of wrong predictions, int (count,);
    `examples_by_device()`: how many examples each device computed since the last call,
        for the devices that hold all variables; {} on a single device;
    `pull()`: takes the values of the model's and optimizer's variables;
    `push()`: puts the trained values into them;
    `slow_because`: why the fast path is not used, in words; "" if it is.

`compile_forward(model)`: a function `(inputs, rows=None)` from a batch of inputs to
    outputs, NumPy to NumPy, with the weights that the model has when it is called.

`rows` counts the examples of a batch, of which a process in a group may have a share,
see `zoo.distribute`; None stands for all that are given. Losses, counts and outputs
are of the whole batch.
"""

import keras
import numpy as np

from zoo.engine import active, groups

CONVOLUTIONS = tuple(
    getattr(keras.layers, name)
    for name in dir(keras.layers)
    if "Conv" in name
    and isinstance(getattr(keras.layers, name), type)
    and not issubclass(getattr(keras.layers, name), keras.layers.RNN)
)  # all kinds: separable, depthwise, transposed


def _backend():
    return active.own("steps")


def trainer(
    model: keras.Model,
    loss,
    optimizer: keras.optimizers.Optimizer,
    on_device: tuple[np.ndarray, np.ndarray] | None = None,
):
    """The active backend's `Trainer`."""
    optimizer.build(model.trainable_variables)
    return _backend().Trainer(model, loss, optimizer, on_device)


def compile_forward(model: keras.Model):
    """The active backend's `compile_forward`."""
    return _backend().compile_forward(model)


def predict(call, inputs: np.ndarray, batch: int = 500) -> np.ndarray:
    """Outputs for all `inputs`, by `call`, which `compile_forward` made."""
    group = groups.current()
    batch += -batch % group.devices
    parts = []
    for start in range(0, len(inputs), batch):
        rows = min(batch, len(inputs) - start)
        part = group.read(rows)
        read = np.asarray(inputs[start + part.start : start + part.stop])
        parts.append(call(group.computed(read, rows), rows))
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


def skipped(trainer, losses: np.ndarray) -> np.ndarray:
    """Which steps were skipped because a number overflowed in float16, bool (count,).

    Keras's `LossScaleOptimizer` leaves the weights as they are if a gradient is not
    finite, and halves its scale. Below a scale of 1 it is not the scale that overflows:
    training has diverged, and no step counts as skipped.

    Args:
        trainer: the trainer that took the steps.
        losses: what its `train` returned.
    """
    lost = ~np.isfinite(losses)
    if lost.any() and isinstance(
        trainer.optimizer, keras.optimizers.LossScaleOptimizer
    ):
        trainer.push()
        if float(keras.ops.convert_to_numpy(trainer.optimizer.dynamic_scale)) >= 1:
            return lost
    return np.zeros_like(lost)


def count_wrong(targets, outputs):
    """How many predictions in a batch are wrong, a scalar int32; see `is_wrong`."""
    from keras import ops

    return ops.sum(ops.cast(is_wrong(targets, outputs), "int32"))


def is_wrong(targets, outputs):
    """Which predictions are wrong, bool (n,); a tie counts for the upper class.

    Args:
        targets: class numbers (n,), or (n, 1) for one logit, or shares (n, classes).
        outputs: logits (n, classes), or (n, 1): the logit of class 1.
    """
    from keras import ops

    if outputs.shape[-1] == 1:
        # TensorFlow compares no integers with 0.5.
        truth = ops.cast(ops.reshape(targets, (-1,)), "float32") > 0.5
        predicted = ops.reshape(outputs, (-1,)) >= 0
    else:
        truth = targets if len(targets.shape) == 1 else ops.argmax(targets, axis=-1)
        predicted = ops.argmax(outputs, axis=-1)
        truth = ops.cast(truth, predicted.dtype)
    return truth != predicted
