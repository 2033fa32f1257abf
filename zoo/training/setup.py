"""What a recipe needs of its data before it can train: checks, model, feed and loss."""

from collections.abc import Callable

import keras
import numpy as np

from zoo import augment, data
from zoo.building import fitting
from zoo.engine import groups
from zoo.errors import Mistake
from zoo.recipe import Recipe
from zoo.training import losses
from zoo.training.feed import Feed


def check(recipe: Recipe, dataset: data.Dataset) -> None:
    """Refuse a recipe that does not fit the data.

    Raises:
        Mistake: too large a batch, an augmentation that the data's kind or shape does
            not take, or early stopping without validation data.
    """
    count = len(dataset.train)
    if recipe.batch > count:
        raise Mistake(
            f"batch={recipe.batch} is larger than the data: {recipe.data} has {count} "
            f"training examples; accepted: 1 <= batch <= {count}"
        )
    for stage in recipe.stage_recipes():
        if stage.augment and dataset.kind != "image":
            raise Mistake(
                f"augment={stage.augment} changes images; {recipe.data} is "
                f"{dataset.kind} data; set augment={{}}"
            )
        augment.check(stage.augment, dataset.input_shape)
    if recipe.early_stopping and dataset.validation is None:
        raise Mistake(
            f"early_stopping={recipe.early_stopping} needs validation data; "
            "set validation=0.1"
        )


def build_for(recipe: Recipe, dataset: data.Dataset) -> keras.Model:
    """The recipe's model, sized and adapted to the data, at its initial weights.

    Two classes make one logit, that of the second class.
    """
    model = fitting.build(recipe, dataset.facts())
    for layer in model.layers:
        if hasattr(layer, "adapt"):
            layer.adapt(np.asarray(dataset.train.inputs))
    fitting.check_outputs(model, recipe, dataset.classes)
    return model


def feed_and_loss(
    stage: Recipe, model: keras.Model, split: data.Split
) -> tuple[Feed, Callable]:
    """The batches that a stage trains on, and the loss that takes their targets.

    A single device holds a small split, see `Feed`.
    """
    soft = "mixup" in stage.augment or "cutmix" in stage.augment
    outputs = model.output_shape[-1]
    encode, loss = losses.make(stage.loss, outputs, stage.label_smoothing, soft)
    hold = groups.current().devices == 1
    feed = Feed(
        split, stage.batch, stage.seed, encode, stage.augment, stage.shuffle, hold
    )
    return feed, loss
