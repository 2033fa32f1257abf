"""What the active backend makes of a recipe, in numbers that can be compared.

`zoo verify` compares them between backends, the golden files with what they were.
"""

import contextlib
import dataclasses
from collections.abc import Iterator

import keras
import numpy as np
from keras import ops

from zoo import augment, data
from zoo.building import registry
from zoo.data.sources.made_up import sample
from zoo.engine import counting, private, steps
from zoo.recipe import Recipe
from zoo.training import in_front, optimizer
from zoo.training.setup import build_for, check, feed_and_loss
from zoo.verification import MADE_UP
from zoo.verification.augmented import by_operation

_EPOCHS = 3
_BATCHES = 2
_IMAGES = 8
_CHUNK = 4


def probe(
    recipe: Recipe, *, count: int = 20, weights: dict | None = None
) -> dict[str, np.ndarray]:
    """Everything that two backends should agree on, from the first training steps.

    Args:
        recipe: what is trained; with `data=MADE_UP` on made-up examples, images among
            them shifted, turned and zoomed unless the recipe has its own augmentation.
        count: training steps, of each of the recipe's stages.
        weights: the "weights" of another probe, taken in place of the model's own
            after these were noted.

    Returns:
        Arrays, by names that begin with what they are:
        "weights/PATH" is an initial weight;
        "order/EPOCH" the positions of the training examples in the order of an epoch;
        "images/BATCH" or "inputs/BATCH" the first batches, augmented, and
        "images/OPERATION" eight images after each operation by itself;
        "dropout/LAYER, draw N" what a layer that draws makes of ones, twice;
        "forward/logits" the outputs for the first batch of the data;
        "gradient/PATH" the gradient in the first training step;
        "loss/STAGE" float32 (count,), the loss of each training step.

    Raises:
        Mistake: the recipe does not fit its data or model.
    """
    recipe, dataset, model = _made(recipe)
    split = dataset.train
    found = _named("weights", model.weights)
    if weights:
        _adopt(model, weights)
    for epoch in range(_EPOCHS):
        order = data.order(len(split), recipe.seed, epoch)
        found[f"order/epoch {epoch}"] = order
    with _undone(model):
        found |= _draws(model, recipe.batch)
    forward = steps.compile_forward(model)(
        np.asarray(split.inputs[np.arange(recipe.batch)])
    )
    found["forward/logits"] = forward
    if dataset.kind == "image":
        found |= _operations(
            split.inputs[np.arange(min(_IMAGES, len(split)))], recipe.seed
        )
    feed, loss = _begin(recipe.stage_recipes()[0], model, dataset)
    found |= _batches(feed, "images" if dataset.kind == "image" else "inputs")
    with _undone(model):
        found |= _gradient(model, feed, loss, dataset.task)
    return found | _losses_by_stage(recipe, dataset, model, count)


def losses(recipe: Recipe, *, count: int = 20) -> dict[str, np.ndarray]:
    """Of `probe` the losses alone, for which no more than the steps is compiled."""
    return _losses_by_stage(*_made(recipe), count)


def _made(recipe):
    """The recipe as it is probed, its data and its model."""
    dataset = _load(recipe)
    check(recipe, dataset)
    if recipe.data == MADE_UP and dataset.kind == "image" and not recipe.augment:
        mild = {"shift": 0.1, "rotation": 10, "zoom": 0.1}
        recipe = dataclasses.replace(recipe, augment=mild)
    return recipe, dataset, build_for(recipe, dataset)


def _begin(stage, model, dataset):
    """The feed and the loss of a stage, which chooses what is trained."""
    if stage.trainable:
        registry.module(stage.model).set_trainable(model, stage.trainable)
    return feed_and_loss(stage, model, dataset)


def _losses_by_stage(recipe, dataset, model, count):
    found, first_epoch = {}, 0
    for number, stage in enumerate(recipe.stage_recipes()):
        feed, loss = _begin(stage, model, dataset)
        change = optimizer.make(stage, feed.steps, optimizer.spared(model))
        counted = counting.of(dataset.task)
        trained = in_front.trained(stage, model, dataset)
        in_front.set_step(stage, trained, first_epoch * feed.steps)
        trainer = steps.trainer(trained, loss, change, feed.on_device, counted)
        most = min(count, stage.epochs * feed.steps)
        found[f"loss/stage {number + 1}"] = _losses(trainer, feed, first_epoch, most)
        first_epoch += stage.epochs
    return found


def _load(recipe):
    if recipe.data == MADE_UP:
        model = registry.build(recipe.model, **recipe.model_arguments)
        return sample(model, 8 * recipe.batch + (recipe.batch + 1) // 2, recipe.seed)
    return data.load_for(recipe)


def _named(kind, variables):
    return {
        f"{kind}/{number:03} {v.path}": np.array(ops.convert_to_numpy(v.value))
        for number, v in enumerate(variables)
    }


def _adopt(model, weights):
    for (name, own), variable in zip(
        _named("weights", model.weights).items(), model.weights, strict=True
    ):
        if name in weights and weights[name].shape == own.shape:
            variable.assign(weights[name])


@contextlib.contextmanager
def _undone(model) -> Iterator[None]:
    """Puts the model's variables back to what they were."""
    before = [np.array(ops.convert_to_numpy(v.value)) for v in model.variables]
    yield
    for variable, value in zip(model.variables, before, strict=True):
        variable.assign(value)


def _draws(model, batch):
    found = {}
    for layer in private.layers(model):
        if not hasattr(layer, "seed_generator"):
            continue
        with contextlib.suppress(AttributeError, ValueError):  # no shape is known
            shape = (batch, *(length or _IMAGES for length in layer.input.shape[1:]))
            for draw in (1, 2):
                drawn = layer(ops.ones(shape), training=True)
                found[f"dropout/{layer.path}, draw {draw}"] = np.array(
                    ops.convert_to_numpy(drawn)
                )
    return found


def _operations(images, seed):
    targets = np.eye(len(images), dtype="float32")
    found = by_operation(images, targets, augment, seed)
    return {f"images/{name}": changed for name, changed in found.items()}


def _batches(feed, kind):
    chunks = feed.chunks(0)
    pairs = zip(range(min(_BATCHES, feed.steps)), chunks, strict=False)
    return {
        f"{kind}/batch {number + 1}": feed.on_device[0][chunk.inputs[0]]
        if feed.on_device
        else chunk.inputs[0]
        for number, chunk in pairs
    }


def _gradient(model, feed, loss, task):
    keeper = _Keeper()
    counted = counting.of(task)
    trainer = steps.trainer(model, loss, keeper, feed.on_device, counted)
    chunk = next(feed.chunks(0))
    trainer.train(chunk.inputs, chunk.targets, chunk.count)
    trainer.push()
    gradient = [ops.convert_to_numpy(kept.value) for kept in keeper.kept]
    return {
        f"gradient/{number:03} {variable.path}": np.array(value)
        for number, (variable, value) in enumerate(
            zip(model.trainable_variables, gradient, strict=True)
        )
    }


class _Keeper(keras.optimizers.Optimizer):
    """Changes no weight and keeps the gradient."""

    def __init__(self):
        super().__init__(learning_rate=0.0)

    def build(self, variables):
        if not self.built:
            super().build(variables)
            self.kept = self.add_optimizer_variables(variables, "gradient")

    def update_step(self, gradient, variable, learning_rate):
        self.assign_add(self.kept[self._get_variable_index(variable)], gradient)


def _losses(trainer, feed, epoch, count):
    found: list[float] = []
    while len(found) < count:
        in_front.forget_states(trainer.model, trainer)
        for chunk in feed.chunks(epoch):
            values, _ = trainer.train(chunk.inputs, chunk.targets, chunk.count)
            found.extend(values)
            feed.length = _CHUNK
            if len(found) >= count:
                break
        epoch += 1
    trainer.push()
    return np.array(found[:count], "float32")
