"""What a recipe needs of its data before it can train: checks, model, feed and loss."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras

from zoo import augment, data, metrics
from zoo.augment.strengths import is_on
from zoo.building import ensemble, fitting, registry, unit
from zoo.core.kept import called
from zoo.core.progress import say
from zoo.data import categories, identity
from zoo.engine import groups
from zoo.engine.private import layers
from zoo.errors import Mistake, unknown
from zoo.recipe import Recipe
from zoo.training import (
    acceptance,
    class_weights,
    in_front,
    losses,
    number_losses,
    optimizer,
    string_loss,
)
from zoo.training.feed import Feed

LEAST = 2.0**-25  # a change of a number of 32 bits by less leaves it as it was


def check(recipe: Recipe, dataset: data.Dataset, quiet: bool = True) -> None:
    """Refuse a recipe that does not fit the data; show what a table's columns hold.

    Raises:
        Mistake: too large a batch, an augmentation that the data's kind or shape does
            not take, or early stopping without validation data.
    """
    count = len(dataset.train)
    if recipe.model == ensemble.NAME:
        raise Mistake(
            "an ensemble is not trained: train its members, each with a seed of its "
            "own, then `zoo ensemble RUN RUN`"
        )
    if dataset.columns and not quiet:
        for line in categories.table(dataset):
            say(line)
    acceptance.check_columns(recipe.model, dataset)
    for name in fitting.idle(recipe, dataset.facts()):
        if name in recipe.model_arguments:
            warnings.warn(
                f"model.{name}={recipe.model_arguments[name]} has no effect on "
                f"{dataset.task} of {dataset.kind} data; leave it out",
                stacklevel=2,
            )
    measured = metrics.names(dataset.task, len(dataset.answers))
    if recipe.expects and recipe.expects.metric not in measured:
        what = f"metric of {dataset.task} in expects"
        raise unknown(what, recipe.expects.metric, measured)
    losses_of = {stage.loss for stage in recipe.stage_recipes()}
    other = losses_of & number_losses.ALSO.keys()
    quantiles = recipe.quantiles
    if quantiles and losses_of != {number_losses.PINBALL} and not quiet:
        say(f"quantiles={quantiles} are asked for, so the loss is pinball")
    elif dataset.task == "numbers" and other and not quiet:
        say(
            f"{called(recipe.data)} has numbers to be answered, so the loss is "
            f"mean_squared; accepted: {', '.join(number_losses.LOSSES)}"
        )
    if recipe.stages:
        plain = Recipe(model=recipe.model, data=recipe.data)
        for name in set.intersection(*map(set, recipe.stages)):
            set_there = [stage[name] for stage in recipe.stages]
            if getattr(recipe, name) not in (getattr(plain, name), *set_there):
                warnings.warn(
                    f"{name}={getattr(recipe, name)} has no effect: every stage of the "
                    f"recipe sets {name}",
                    stacklevel=2,
                )
    for stage in recipe.stage_recipes():
        if stage.batch > count:
            raise Mistake(
                f"batch={stage.batch} is larger than the data: {called(recipe.data)} "
                f"has {count} training examples; accepted: 1 <= batch <= {count}"
            )
        if stage.learning_rate == 0:
            raise Mistake("learning_rate=0 trains nothing; accepted: more than 0")
        _check_small(stage)
        _check_average(stage, count)
        if stage.early_stopping and dataset.validation is None:
            raise Mistake(
                f"early_stopping={stage.early_stopping} needs validation data; "
                "set validation=0.1"
            )
        if stage.trainable and not hasattr(
            registry.module(stage.model), "set_trainable"
        ):
            raise Mistake(
                f"trainable='{stage.trainable}': model {stage.model} has no "
                "set_trainable, and is trained as a whole; remove trainable"
            )
        if stage.augment and dataset.kind not in ("image", "sound"):
            raise Mistake(
                f"augment={stage.augment} changes images and sounds; "
                f"{called(recipe.data)} is {dataset.kind} data; set augment={{}}"
            )
        if dataset.carried:
            _check_carried(stage)
        augment.check(stage.augment, dataset.input_shape)
        if dataset.task == "strings" and is_on(stage.augment.get("time_shift", 0)):
            warnings.warn(
                "augment.time_shift cuts beginnings of sounds off, and with them what "
                "is to be read; augment.time_shift=0 leaves it out",
                stacklevel=3,
            )
        in_front.check(stage, dataset.kind)


def _check_small(stage: Recipe) -> None:
    """Warn of what is so small that it changes no number of 32 bits."""
    small = {
        name: value
        for name in ("momentum", "ema", "label_smoothing")
        if 0 < (value := getattr(stage, name)) < LEAST
    }
    if 0 < stage.learning_rate * stage.weight_decay < LEAST:
        small["weight_decay"] = stage.weight_decay
    for name, value in small.items():
        times = f" times learning_rate={stage.learning_rate:g}"
        warnings.warn(
            f"{name}={value:g}{times if name == 'weight_decay' else ''} has no effect: "
            f"numbers of 32 bits hold no change by less than {LEAST:.2g} of them; "
            "take a larger one, or 0",
            stacklevel=3,
        )


def _check_average(stage: Recipe, count: int) -> None:
    """Warn where most of the averaged weights are those of the first update."""
    updates = -(-count // (stage.batch * stage.accumulate)) * stage.epochs
    first = stage.ema ** (updates - 1)
    if stage.ema and first > 0.5:
        warnings.warn(
            f"ema={stage.ema:g} is slow for {updates:,} updates: {first:.0%} of the "
            "averaged weights, which are evaluated, are those of the first update; "
            "take a smaller ema, or more epochs",
            stacklevel=3,
        )


def _check_carried(stage: Recipe) -> None:
    """Refuse what cannot carry states from window to window."""
    if not hasattr(registry.module(stage.model), "stepper"):
        raise Mistake(
            f"data.carry=True: model {stage.model} keeps no states; take "
            "lstm_language, give a file a function stepper(model), as lstm_language "
            "has it, or leave out data.carry"
        )
    if not stage.shuffle:
        raise Mistake(
            "shuffle=False keeps the order of the windows, and data.carry=True reads "
            "them side by side; leave one of them out"
        )


def as_begun(group, folder: Path, dataset: data.Dataset) -> data.Dataset:
    """`dataset` with its fingerprint, and with the classes as the run numbered them.

    Raises:
        Mistake: the run in `folder` began with other data.
    """
    known, then = group.decide(lambda: identity.kept(folder)), {}
    if known:
        then = known.pop("examples")
        dataset = identity.align(dataset, **known)
    with group.shared_mistakes():
        if group.rank == 0:
            dataset = replace(dataset, examples=identity.examples(dataset))
            if words := identity.differences(then, dataset.examples):
                raise Mistake(
                    f"the data are not those that the run in {folder} began with: "
                    f"{words}; put the data back, or begin again in another folder, "
                    "with --run"
                )
    return dataset


def build_for(recipe: Recipe, dataset: data.Dataset) -> keras.Model:
    """The recipe's model, sized and adapted to the data, at its initial weights.

    Two classes make one logit, that of the second class.

    Raises:
        Mistake: the model cannot be built, or does not fit the data or zoo, see
            `zoo.training.acceptance`; or a stage does not fit the model.
    """
    _check_facts(recipe, dataset)
    try:
        model = fitting.build(recipe, dataset.facts())
    except Mistake:
        raise
    except Exception as error:
        if recipe.model in registry.names() and not fitting.is_kerass(error):
            raise
        raise Mistake(
            f"model {recipe.model} cannot be built for {called(recipe.data)}, whose "
            f"examples are of shape {tuple(dataset.input_shape)}: "
            f"{fitting.reason(error)}"
        ) from error
    acceptance.check_shapes(recipe, model, dataset)
    fitting.check_outputs(model, recipe, dataset.answers, dataset.task)
    for layer in model.layers:
        if layer.name == unit.NAME and dataset.task == "numbers":
            unit.adapt(layer, dataset.train.numbers, dataset.outputs)
        elif hasattr(layer, "adapt"):
            layer.adapt(dataset.train.rows)
    acceptance.check_values(recipe.model, model, dataset)
    if recipe.model not in registry.names():
        acceptance.try_out(recipe.model, model, dataset)
    for stage in recipe.stage_recipes():
        encode, loss = _loss(stage, model, dataset)
        losses.try_out(
            stage.loss, encode, loss, dataset.train.targets[:2], model.output_shape[-1]
        )
        optimizer.make(stage, -(-len(dataset.train) // stage.batch), [])
    _try_stages(recipe, model)
    return model


def _check_facts(recipe: Recipe, dataset: data.Dataset) -> None:
    """Refuse arguments against the data that no shape of the model would show."""
    facts = dataset.facts()
    for name in {"rate", "vocabulary_size"} & facts.keys():
        said = recipe.model_arguments.get(name, facts[name])
        if said != facts[name]:
            raise Mistake(
                f"model.{name}={said}, and {called(recipe.data)} has "
                f"{facts[name]:,}: leave it out"
            )


def _try_stages(recipe: Recipe, model: keras.Model) -> None:
    """Have each stage choose what it trains, so that none is refused after others."""
    before = [(layer, layer.trainable) for layer in layers(model)]
    for stage in recipe.stage_recipes():
        if stage.trainable:
            registry.module(stage.model).set_trainable(model, stage.trainable)
    for layer, trainable in before:  # an outer layer first, which sets its inner ones
        layer.trainable = trainable


def _loss(
    stage: Recipe, model: keras.Model, dataset: data.Dataset
) -> tuple[Callable, Callable]:
    """How targets are encoded, and the loss that takes them."""
    weights = class_weights.of(stage.class_weight, dataset)
    if dataset.task == "numbers":
        spread = unit.spread(model)
        smoothing = stage.label_smoothing
        return number_losses.make(stage.loss, spread, smoothing, stage.quantiles)
    if dataset.task == "strings":
        return string_loss.make(stage.loss, stage.label_smoothing)
    return losses.make(
        stage.loss,
        model.output_shape[-1],
        stage.label_smoothing,
        augment.mixes(stage.augment),
        weights,
        dataset.task == "labels",
    )


def feed_and_loss(
    stage: Recipe, model: keras.Model, dataset: data.Dataset
) -> tuple[Feed, Callable]:
    """The batches that a stage trains on, and the loss that takes their targets.

    A single device holds a small split, see `Feed`.
    """
    split = dataset.train
    encode, loss = _loss(stage, model, dataset)
    hold = groups.current().devices == 1
    operations = {} if in_front.on_device(stage) else stage.augment
    feed = Feed(split, stage.batch, stage.seed, encode, operations, stage.shuffle, hold)
    return feed, loss
