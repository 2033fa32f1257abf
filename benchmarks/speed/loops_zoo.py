"""Zoo: its trainer on its feed, its forward pass."""

import numpy as np

import zoo
from zoo.data.dataset import Split
from zoo.engine import counting, steps
from zoo.training import losses, number_losses
from zoo.training.feed import Feed


def train(case, inputs, classes):
    import keras

    model = zoo.build(case.model, seed=0, **case.arguments)
    optimizer = keras.optimizers.get(case.optimizer)
    optimizer.learning_rate = case.rate
    return epochs(model, case.loss, optimizer, case.batch, inputs, classes)


def train_half(case, inputs, classes):
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    return train(case, inputs, classes)


def epochs(model, loss, optimizer, batch, inputs, classes):
    """A function that trains `model` for an epoch."""
    outputs = model.output_shape[-1]
    task = "tokens" if classes.ndim == 2 else "classes"
    if loss in number_losses.LOSSES:
        task = "numbers"
        encode, loss = number_losses.make(loss, np.ones(outputs))
    else:
        encode, loss = losses.make(loss, outputs)
    feed = Feed(Split(inputs, classes), batch, 0, encode, {}, hold=True)
    feed.length = feed.capacity
    trainer = steps.trainer(model, loss, optimizer, feed.on_device, counting.of(task))
    numbers = iter(range(10**9))

    def epoch():
        for chunk in feed.chunks(next(numbers), more=True):
            trainer.train(chunk.inputs, chunk.targets, chunk.count, chunk.rows)

    return epoch


def answer(case):
    return steps.compile_forward(zoo.build(case.model, seed=0, **case.arguments))
