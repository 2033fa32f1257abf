"""Evaluate a model or a run: metrics over all examples of a split."""

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo import answering
from zoo.core.kept import IN_MEMORY
from zoo.data.dataset import SPLITS
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.metrics import measure
from zoo.run import Run

if TYPE_CHECKING:
    import keras

    from zoo.data import Split

ALL = "all"


def evaluate(
    model: "keras.Model | Run | str | Path",
    split: "Split | str | None" = None,
    *,
    data: Any = None,
    batch: int = 500,
    task: str = "classes",
    trust: bool = False,
) -> dict[str, float]:
    """The metrics of a model on a split.

    They are computed in NumPy over all examples, so the last, partial batch counts
    like any other and every backend has the same definition.

    Args:
        model: a model whose outputs are logits or numbers, a run, or its folder.
        split: the examples; for a run also "train", "validation", "test" or "all" of
            its data set. By default "test", or "all" of `data`.
        data: for a run, other examples of the same kind, or its own at another place:
            a file, a folder, or a frame in memory, read as its own data were. Its
            classes and columns are found by their names.
        batch: examples that are computed at a time.
        task: of the split, for a model; a run knows its own.
        trust: execute the run's own model file, see `zoo.run.open_run`.

    Returns:
        See `measure`.

    Raises:
        Mistake: the folder is not a run, its data set has no such split, the split is
            empty, or `data` cannot be read or have other classes or columns.
    """
    if isinstance(model, str | Path):
        model = answering.for_keras(model, trust)
    cuts: Any = 0.0
    call: Any = None
    names: tuple[str, ...] = ()
    if isinstance(model, Run):
        if split is None or isinstance(split, str):
            parts = _parts(model, split or ("test" if data is None else ALL), data)
        elif data is not None:
            raise Mistake(f"data={_name(data)} is not used: the examples are given")
        else:
            parts = [split]
        known = model.about_data
        task, names = known.task, known.answers
        cuts = model.cuts(known.classes) if task == "labels" else 0.0
        startup.import_keras()
        call, model = model.forward, model.model
    else:
        parts = [_given(split, data)]
    if not any(map(len, parts)):
        raise Mistake("the split to evaluate on has no examples")

    from zoo.building import answers, unit
    from zoo.engine import forward

    call = call or forward.forward_of(model)
    outputs = [answers.of(model, call, part, task, batch) for part in parts]
    targets = [np.asarray(part.targets) for part in parts]
    if len(parts) > 1:
        outputs, targets = [np.concatenate(outputs)], [np.concatenate(targets)]
    found = measure(outputs[0], targets[0], task, unit.spread(model), cuts)
    if names and (line := _undefined(found, targets[0], task, names)):
        warnings.warn(line, stacklevel=2)
    return found


def _undefined(
    found: dict[str, float], targets: np.ndarray, task: str, names: tuple[str, ...]
) -> str:
    """What metrics of a run these targets do not define; "" if they define all."""
    if task == "classes" and len(names) == 2 and "auc" not in found:
        return f"auc compares two classes, and all examples are '{names[targets[0]]}'"
    if task == "labels" and "average_precision" not in found:
        return "average_precision is of the labels that examples have; none has any"
    if task == "numbers" and "r2" not in found:
        return "r2 compares examples with their mean, and there is one alone"
    if task == "numbers" and (targets == targets[:1]).all():
        return "r2 compares examples with their mean, and all of these are equal to it"
    return ""


def _given(split: "Split | str | None", data: Any) -> "Split":
    """The examples for a model, which has no data set."""
    if data is not None:
        raise Mistake(
            f"data={_name(data)}: a model has no data set of its own; give the "
            f'examples, such as zoo.data.load({_name(data)!r}).split("test")'
        )
    if split is None or isinstance(split, str):
        name = split or "test"
        raise Mistake(
            f"split={name}: a model has no data set of its own; give the examples, "
            f'such as zoo.data.load("mnist_sample").split("{name}")'
        )
    return split


def _parts(run: Run, name: str, place: Any) -> "list[Split]":
    """The examples of a split, or of all of them."""
    if name != ALL:
        return [run.dataset(whole=name == "train", place=place).split(name)]
    if place is None:
        dataset = run.dataset(whole=False)
    else:
        dataset = run.dataset(whole=False, place=place, divided=False)
        if _learned(run, dataset, place):
            warnings.warn(
                f"{_name(place)} holds what {run.folder} learned from: split=test "
                "(--split test) leaves that out",
                stacklevel=3,
            )
    found = [part for each in SPLITS if (part := getattr(dataset, each))]
    return [part for part in found if len(part)]


def _name(place: Any) -> str:
    return str(place) if isinstance(place, str | os.PathLike) else IN_MEMORY


def _learned(run: Run, dataset, place: Any) -> bool:
    """Whether a split, as the training divides them, is one of those of the training.

    They are read once more for it, if they are as many: of a series or a text always,
    as no window crosses the border of two splits.
    """
    from zoo.data import identity

    then = run.about_data.examples
    count = sum(len(part) for each in SPLITS if (part := getattr(dataset, each)))
    goes_on = dataset.timeline is not None or dataset.kind == "language"
    if not goes_on and count != sum(each["examples"] for each in then.values()):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is to be told of them is told already
        try:
            parts = run.dataset(whole=False, place=place, validation=None)
        except Mistake:  # others, which cannot even be divided so
            return False
    now = {each["sha256"] for each in identity.examples(parts).values()}
    return bool(now & {each["sha256"] for each in then.values()})
