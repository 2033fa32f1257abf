"""One trial: a recipe trained by zoo's own engine and judged on validation data."""

import gc
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from zoo import data
from zoo.data import Dataset, order
from zoo.data.folds import cut, join, with_more
from zoo.engine import device, groups
from zoo.errors import Mistake
from zoo.recipe import Recipe
from zoo.training import record, states
from zoo.training.session import Session
from zoo.training.setup import build_for, check
from zoo.tuning.search import judged, metric_of

_FOLDS_EPOCH = 2**62  # no training run reaches this epoch, so its order is free


class OutOfTime(Exception):
    """The search's time is over; the trial is as if it had not begun."""


@dataclass
class Limits:
    """When a trial ends before its recipe does.

    Attributes:
        epochs: train for so many of the recipe's epochs; None is all.
        deadline: on the clock `time.monotonic`; then `OutOfTime` is raised.
        before: folders with the training states of the trial that this one continues,
            one a fold; a state that is not there is trained again.
        keep: folders for the states of this trial, one a fold; () keeps none.
    """

    epochs: int | None = None
    deadline: float | None = None
    before: Sequence[Path] = ()
    keep: Sequence[Path] = ()


def datasets(recipe: Recipe, folds: int = 0) -> list[Dataset]:
    """The data that trials are trained and judged on: without the test split.

    Args:
        recipe: names the data, the share of validation and the seed.
        folds: of cross-validation, see `zoo.data.folds.cut`; 0 takes the recipe's
            validation split.

    Returns:
        One data set, or one a fold.

    Raises:
        Mistake: there is no validation data, or `folds` is none of 0, 2, 3, ...
    """
    share = 0.0 if folds else recipe.validation
    whole = data.load_for(recipe, validation=share, joined=not folds)
    whole = replace(whole, test=None)
    if not folds:
        if whole.validation is None:
            raise Mistake(
                "a search judges by validation data and this recipe holds out none; "
                "set validation=0.1 or use --folds 5, in a cross-validation "
                "--inner-folds 5"
            )
        return _judging([whole])
    examples = join(whole)
    if not 2 <= folds <= len(examples):
        raise Mistake(
            f"folds={folds}; accepted: 0, or 2 to {len(examples)}, "
            "as there are training examples"
        )
    rank = np.argsort(order(len(examples), recipe.seed, _FOLDS_EPOCH))
    return _judging(
        with_more(
            replace(whole, train=examples.take(kept), validation=examples.take(held))
        )
        for kept, held in cut(whole, examples, folds, rank)
    )


def _judging(datasets: Iterable[Dataset]) -> list[Dataset]:
    """These data sets, unless the validation of one says nothing of any label."""
    datasets = list(datasets)
    for each in datasets:
        held = each.validation
        if each.task == "labels" and not (np.asarray(held.targets) > 0.5).any():
            raise Mistake(
                f"none of {len(held)} validation examples has a label, so no trial "
                "could be judged; hold out more, or take fewer folds"
            )
    return datasets


def run(
    recipe: Recipe, datasets: Sequence[Dataset], objective: str, limits: Limits
) -> dict[str, float]:
    """Train the recipe on each data set and judge the weights that it keeps.

    Args:
        recipe: what to train, with its own seed.
        datasets: see `datasets`.
        objective: one of `zoo.tuning.search.OBJECTIVES`.
        limits: when to end early.

    Returns:
        What `judge` returns, with "parameters" and "seconds" beside it.

    Raises:
        Mistake: the recipe does not fit the data, or its loss became NaN.
        OutOfTime: the deadline has passed.
    """
    started = time.perf_counter()
    histories, parameters = [], 0
    for number, dataset in enumerate(datasets):
        check(recipe, dataset)
        model = build_for(recipe, dataset)
        parameters = model.count_params()
        session = _Trial(recipe, dataset, model, limits, number)
        histories.append(session.train())
    judged = judge(histories, objective, recipe.early_stopping)
    seconds = time.perf_counter() - started
    return {**judged, "parameters": parameters, "seconds": seconds}


def judge(
    histories: Sequence[Sequence[dict]], objective: str, early_stopping: int = 0
) -> dict[str, float]:
    """The metrics of the weights that training keeps, each a mean over the runs.

    These are the last epoch's, or with early stopping those of the least validation
    loss: what the recipe's overrides give when they are trained again. The best epoch
    of each trial would flatter those whose metrics fluctuate.

    Args:
        histories: for each run a dict an epoch, with "validation_loss" and so on.
        objective: a metric, where the loss decides between equals, or "loss".
        early_stopping: of the recipe; 0 is off.

    Returns:
        The metric as "validation_accuracy" or alike, "validation_loss", "best_epoch"
        (from 1; by the objective) and "epochs".
    """
    metric = metric_of(histories[0][0]) if objective == "loss" else objective

    def key(line):
        return judged(line, objective)

    def least(history):
        return min(history, key=lambda line: line["validation_loss"])

    kept = [least(history) if early_stopping else history[-1] for history in histories]
    columns = {
        name: [line[name] for line in kept]
        for name in (f"validation_{metric}", "validation_loss")
    }
    columns["best_epoch"] = [min(history, key=key)["epoch"] for history in histories]
    columns["epochs"] = [len(history) for history in histories]
    return {name: float(np.mean(column)) for name, column in columns.items()}


def release() -> None:
    """Free what a trial leaves behind: Keras's names, compiled programs, garbage."""
    keras.backend.clear_session()
    device.forget_programs()
    gc.collect()


class _Trial(Session):
    """A training run without a folder that stops where its limits say."""

    def __init__(self, recipe, dataset, model, limits: Limits, number: int):
        keep = limits.keep[number] if limits.keep else None
        super().__init__(
            groups.ALONE, recipe, keep, dataset, model, True, record.clock()
        )
        self.limits = limits
        self.continued = limits.before[number] if limits.before else None

    def train(self) -> list[dict]:
        if self.continued and (state := states.newest(self.continued)):
            record.restore(self, *states.read(state))
        try:
            self.run([])
        except _Enough:
            if self.folder:
                record.save(self)
        return self.state.history

    def _end_epoch(self, progress):
        super()._end_epoch(progress)
        deadline = self.limits.deadline
        if deadline is not None and time.monotonic() > deadline:
            raise OutOfTime
        if self.limits.epochs is not None and self.state.epoch >= self.limits.epochs:
            raise _Enough

    def save(self):
        """Nothing: the state is saved once, where the trial ends."""


class _Enough(Exception):
    """The trial has trained for as many epochs as it was asked to."""
