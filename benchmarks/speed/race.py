"""Seconds from fresh weights to 99 % on MNIST's test digits, from a warm start.

What compiles has compiled and the decoded digits are in memory, as in the records that
people publish. The number of epochs is fixed beforehand: nothing looks at the test
digits before the last step.
"""

import dataclasses
import time
from collections.abc import Iterator

import zoo

RECIPE = zoo.Recipe(
    model="tiny_vgg",
    model_arguments={"filters": 16, "growth": 2, "batch_normalization": True},
    data="mnist",
    batch=256,
    epochs=4,
    optimizer="adam",
    learning_rate=1e-2,
    schedule="cosine",
    warmup_epochs=0.3,
)


def run(seeds: int, recipe: zoo.Recipe = RECIPE) -> Iterator[tuple[float, float]]:
    """Seconds and test accuracy for seeds 1, 2, ...; a run before them is no race."""
    import numpy as np

    from zoo import data
    from zoo.engine import steps
    from zoo.metrics import measure
    from zoo.training import optimizer
    from zoo.training.setup import build_for, feed_and_loss

    digits = data.load(recipe.data, validation=0)
    model = build_for(recipe, digits)
    forward = steps.compile_forward(model)
    feed, loss = feed_and_loss(recipe, model, digits)
    change = optimizer.make(recipe, feed.steps, optimizer.spared(model))
    trainer = steps.trainer(model, loss, change, feed.on_device)
    begun = [np.array(variable) for variable in change.variables]
    feed.length = feed.capacity
    for seed in range(1 + seeds):
        fresh = build_for(dataclasses.replace(recipe, seed=seed), digits)
        start = time.perf_counter()
        model.set_weights(fresh.get_weights())
        for variable, value in zip(change.variables, begun, strict=True):
            variable.assign(value)
        trainer.pull()
        for epoch in range(seed * recipe.epochs, (seed + 1) * recipe.epochs):
            for chunk in feed.chunks(epoch):
                trainer.train(chunk.inputs, chunk.targets, chunk.count, chunk.rows)
        trainer.push()
        seconds = time.perf_counter() - start
        outputs = steps.predict(forward, digits.test.inputs)
        if seed > 0:
            yield seconds, measure(outputs, digits.test.targets)["accuracy"]
