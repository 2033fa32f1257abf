"""A zoo model with its space, for any tuner of keras-tuner."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import keras_tuner
import numpy as np
from keras import ops

from zoo import data
from zoo import recipe as recipes
from zoo.building import fitting, registry
from zoo.building.lookup import is_recipe
from zoo.core.arguments import spelled
from zoo.engine.counting import is_wrong
from zoo.errors import Mistake
from zoo.recipe import Recipe
from zoo.training import class_weights, losses, optimizer
from zoo.training.setup import build_for
from zoo.tuning.space import space


def make(name: str | Path | Recipe, arguments: dict) -> keras_tuner.HyperModel:
    """What keras-tuner searches: compiled models from a model's or a recipe's space.

    Arguments, result and errors are those of `zoo.tuning.hypermodel`.
    """
    recipe = name if isinstance(name, Recipe) else _recipe(name)
    changes = {**recipe.model_arguments, **arguments}
    return _HyperModel(replace(recipe, model_arguments=changes, augment={}))


def _recipe(name: str | Path) -> Recipe:
    name = spelled(name)
    if is_recipe(name):
        return recipes.load(name)
    registry.module(name)
    return Recipe(model=name, data="")


class _HyperModel(keras_tuner.HyperModel):
    def __init__(self, recipe: Recipe):
        super().__init__(name=recipe.model)
        self.recipe, self.dataset = recipe, None
        if recipe.data:
            self.dataset = data.load_for(recipe)
            if self.dataset.task != "classes":
                raise Mistake(
                    f"a hypermodel learns classes; {recipe.data} has the task "
                    f"{self.dataset.task}: `zoo tune` searches for it"
                )

    def build(self, hp):
        examples = len(self.dataset.train) if self.dataset else None
        # Without data the number of steps is unknown, which a schedule spans.
        fixed: tuple[str, ...] = ("schedule",)
        if self.dataset:
            fixed = fitting.idle(self.recipe, self.dataset.facts())
        changes = space(self.recipe, hp, fixed=fixed, examples=examples)
        recipe = recipes.override(self.recipe, changes)
        if self.dataset:
            model = build_for(recipe, self.dataset)
            steps = -(-examples // recipe.batch)
        else:
            model = registry.build(
                recipe.model, seed=recipe.seed, **recipe.model_arguments
            )
            steps = 1
        model.compile(
            optimizer=optimizer.make(recipe, steps, optimizer.spared(model)),
            loss=_loss(recipe, model.output_shape[-1], self.dataset),
            metrics=[keras.metrics.MeanMetricWrapper(_accuracy, name="accuracy")],
        )
        return model

    def fit(self, hp, model, x=None, *arguments, **options):
        if x is None and self.dataset:
            split = self.dataset.train
            x, arguments = np.asarray(split.inputs), (np.asarray(split.targets),)
            if validation := self.dataset.validation:
                pair = np.asarray(validation.inputs), np.asarray(validation.targets)
                options.setdefault("validation_data", pair)
        if hasattr(x, "shape"):
            options.setdefault("batch_size", hp.get("batch"))
        if self.dataset:
            options.setdefault("epochs", self.recipe.epochs)
        callbacks = [*(options.pop("callbacks", None) or ()), _LastUpdate()]
        return model.fit(x, *arguments, callbacks=callbacks, **options)


class _LastUpdate(keras.callbacks.Callback):
    """The last update takes the gradients that are left, as at the end of a stage.

    Keras drops them. It measures the last epoch before this update, which is no part of
    a trial's score.
    """

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == self.params["epochs"]:
            optimizer.apply_rest(self.model.optimizer, self.model.trainable_variables)


def _loss(recipe: Recipe, outputs: int, dataset: data.Dataset | None) -> Callable:
    """The recipe's loss, of class numbers and logits."""
    weights = class_weights.of(recipe.class_weight, dataset) if dataset else None
    encode, loss = losses.make(
        recipe.loss, outputs, recipe.label_smoothing, weights=weights
    )
    is_one_hot = outputs > 1 and encode(np.zeros(1, "int32")).ndim == 2

    def of_class_numbers(targets, logits):
        targets = ops.reshape(targets, (-1,))
        if is_one_hot:
            targets = ops.one_hot(ops.cast(targets, "int32"), outputs)
        elif outputs == 1:
            targets = ops.reshape(ops.cast(targets, "float32"), (-1, 1))
        return loss(targets, logits)

    return of_class_numbers


def _accuracy(targets, logits):
    wrong = is_wrong(ops.reshape(targets, (-1,)), logits)
    return 1 - ops.cast(wrong, "float32")
