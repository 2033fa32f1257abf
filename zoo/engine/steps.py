"""Training steps and forward passes, compiled the fast way of each backend.

Every backend's file `zoo/engine/*/steps.py` defines two things of the same shape:

`Trainer(model, loss, optimizer, on_device, count)`, where `on_device` are the inputs
and the targets of all examples, for the device to hold, or None, and `count` is a
function of `zoo.engine.counting`, with
    `train(inputs, targets, count, rows=None)`: takes `count` optimizer steps on the
        batches `inputs[0], ..., inputs[count - 1]`, which are examples, or positions
        in what is on the device; returns each step's loss, float32 (count,), and what
        `count` gives, float32 (count,);
    `examples_by_device()`: how many examples each device computed since the last call,
        for the devices that hold all variables; {} on a single device;
    `pull()`: takes the values of the model's and optimizer's variables;
    `push()`: puts the trained values into them;
    `slow_because`: why the fast path is not used, in words; "" if it is.

`compile_forward(model)`: a function `(inputs, rows=None)` from a batch of inputs to
    outputs, NumPy to NumPy, with the weights of the moment; carried states are kept.

`rows` counts the examples of a batch, of which a process in a group may have a share,
see `zoo.distribute`; None stands for all that are given. Losses, counts and outputs
are of the whole batch.
"""

import keras
import numpy as np

from zoo.engine import active, counting, first_values, groups

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
    count=counting.wrong,
):
    """The active backend's `Trainer`."""
    first_values.build(optimizer, model.trainable_variables)
    return _backend().Trainer(model, loss, optimizer, on_device, count)


def compile_forward(model: keras.Model):
    """The active backend's `compile_forward`."""
    return _backend().compile_forward(model)


def predict(call, inputs: np.ndarray, batch: int = 500, kept=None) -> np.ndarray:
    """Outputs for all `inputs`, by `call`, which `compile_forward` made.

    With `kept(outputs, slice)`, what it gives for the outputs of each batch.
    """
    group = groups.current()
    batch += -batch % group.devices
    parts = []
    for start in range(0, len(inputs), batch):
        rows = min(batch, len(inputs) - start)
        part = group.read(rows)
        read = np.asarray(inputs[start + part.start : start + part.stop])
        outputs = call(group.computed(read, rows), rows)
        whole = slice(start, start + rows)
        parts.append(kept(outputs, whole) if kept else outputs)
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
