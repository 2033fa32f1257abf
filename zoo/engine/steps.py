"""Training steps and forward passes, compiled the fast way of each backend.

Every backend's file defines two things of the same shape:

`Trainer(model, loss, optimizer, held)`, where `held` are the inputs and the targets of
all examples, for the device to hold, or None, with
    `train(inputs, targets, count, rows=None)`: takes `count` optimizer steps on the
        batches `inputs[0], ..., inputs[count - 1]`, which are examples, or positions
        in what is held; returns each step's loss, float32 (count,), and the number of
        wrong predictions, int (count,);
    `seen()`: by device, the examples it computed since the last call, for each
        device that holds all variables; {} on a single device;
    `load()`: takes the values of the model's and optimizer's variables;
    `sync()`: puts the trained values into them;
    `plain`: why steps are taken in a plainer and slower way than the backend's fast
        one, in words; "" as long as they are not.

`forward(model)`: a function `(inputs, rows=None)` from a batch of inputs to outputs,
    NumPy to NumPy, with the weights that the model has at the time of the call.

`rows` counts the examples of a batch, of which a process in a group may have a share,
see `zoo.distribute`; None stands for all that are given. Losses, counts and outputs
are of the whole batch.
"""

import keras
import numpy as np

from zoo.engine import active, device, groups, memory


def _backend():
    memory.keep_freed_memory()
    device.use_full_float32()
    return active.own("steps")


def trainer(
    model: keras.Model,
    loss,
    optimizer: keras.optimizers.Optimizer,
    held: tuple[np.ndarray, np.ndarray] | None = None,
):
    """The active backend's `Trainer`."""
    optimizer.build(model.trainable_variables)
    return _backend().Trainer(model, loss, optimizer, held)


def forward(model: keras.Model):
    """The active backend's `forward`."""
    return _backend().forward(model)


def predict(run, inputs: np.ndarray, batch: int = 500) -> np.ndarray:
    """Outputs for all `inputs`, by the function `run` that `forward` gave."""
    group = groups.current()
    batch += -batch % group.devices
    parts = []
    for start in range(0, len(inputs), batch):
        rows = min(batch, len(inputs) - start)
        part = group.read(rows)
        read = np.asarray(inputs[start + part.start : start + part.stop])
        parts.append(run(group.computed(read, rows), rows))
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


def wrong(targets, outputs):
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
        truth = ops.reshape(targets, (-1,)) > 0.5
        predicted = ops.reshape(outputs, (-1,)) >= 0
    else:
        truth = targets if len(targets.shape) == 1 else ops.argmax(targets, axis=-1)
        predicted = ops.argmax(outputs, axis=-1)
        truth = ops.cast(truth, predicted.dtype)
    return truth != predicted
