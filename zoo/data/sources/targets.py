"""The target of a table: which columns are answered, and as what."""

import warnings
from dataclasses import dataclass

import numpy as np

from zoo.core.columns import Column
from zoo.data import judged
from zoo.data.kinds import cells, lists
from zoo.data.kinds.sheet import Sheet
from zoo.errors import Mistake, unknown

TASKS = ("classes", "numbers", "labels")  # of a column, or several
FEW = 20  # whole numbers of so many values, at most, are classes
MOST = 1000  # classes
SHOWN = 20  # names in an error


@dataclass
class Target:
    """What is to be answered about each row; see `Dataset` and `Split`."""

    names: tuple[str, ...]
    task: str
    values: np.ndarray
    classes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


def target_names(found: Sheet, target) -> tuple[str, ...]:
    names = tuple(found.columns)
    listed = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    if not target and judged.known():
        raise Mistake(
            f"{found.name} has the columns {listed}, and the run says of none that it "
            "is answered: give examples in the form of those that it learned from"
        )
    if not target:
        raise Mistake(
            f"{found.name} has the columns {listed}; say which one is to be answered: "
            f"--target {names[-1]} (in a recipe: data_arguments={{'target': "
            f"'{names[-1]}'}})"
        )
    if isinstance(target, str):
        several = tuple(part.strip() for part in target.split(","))
        target = (target,) if target in names else several
    for each in target:
        if each not in names:
            raise found.lacks(str(each))
    if len(set(target)) < len(target):
        raise Mistake(f"the target names a column twice: {', '.join(target)}")
    return tuple(target)


def answers_of(found: Sheet, given: dict, task: str | None) -> Target:
    from pyarrow import types

    if task is not None and task not in TASKS:
        raise unknown("task", task, TASKS)
    for name, values in given.items():
        gone = values.is_null().to_numpy(zero_copy_only=False)
        if gone.any():
            row = int(np.flatnonzero(gone)[0]) + 1
            raise Mistake(
                f"{found.name}, row {row}: the target '{name}' is missing "
                f"({gone.sum():,} of {len(gone):,} rows); remove these rows, or if it "
                "is a class called null, none or NA, call it otherwise"
            )
    names = tuple(given)
    if len(given) == 1:
        [(name, values)] = given.items()
        if task in (None, "labels"):
            values = lists.read(values, numbers=task == "labels")
        if types.is_list(values.type) or types.is_large_list(values.type):
            return _label_lists(name, values)
        column = cells.find(name, values, found.decimal)
        assert column, "no cell is missing"
        if column.kind in ("date", "text") and task is None:
            kinds = {"date": "dates", "text": "sentences"}
            raise Mistake(
                f"the target '{name}' holds {kinds[column.kind]}; accepted: classes, "
                "numbers, or lists of labels"
            )
        numbers = column.kind == "number"
        if task == "numbers" or (task is None and numbers and not _few(column, values)):
            return _numbers(found, given)
        if task == "labels":
            raise Mistake(
                f"task=labels: the target '{name}' holds no lists; write each as "
                '["a", "b"], or give several columns of 0 and 1: --target a,b,c'
            )
        return _classes(name, values)
    if task == "classes":
        raise Mistake(f"task=classes has one target; given: {', '.join(names)}")
    answers = _numbers(found, given)
    zero_or_one = bool(np.isin(answers.values, (0, 1)).all())
    if task == "labels" and not zero_or_one:
        raise Mistake(f"task=labels: {', '.join(names)} hold more than 0 and 1")
    if zero_or_one and task != "numbers":
        if task is None and (answers.values.sum(axis=1) == 1).all():
            several = ", ".join(names[:SHOWN]) + (", ..." if names[SHOWN:] else "")
            warnings.warn(
                f"each row has one of {several}, which are taken as labels; for "
                "classes, of which one is answered, give one column of their names",
                stacklevel=5,
            )
        return Target(names, "labels", answers.values, classes=names)
    return answers


def _few(column: Column, values) -> bool:
    """Whether numbers are the numbers of classes: whole, and of few values."""
    numbers = np.unique(cells.encode(column, values))
    return len(numbers) <= FEW and bool((numbers == np.floor(numbers)).all())


def _classes(name: str, values) -> Target:
    column = cells.set_to(Column(name), "category", values)
    classes = column.categories
    if len(classes) < 2 and not judged.known():
        raise Mistake(
            f"the target '{name}' is '{classes[0]}' in every row; two classes are "
            "needed, or more"
        )
    if len(classes) > MOST:
        raise Mistake(
            f"the target '{name}' has {len(classes):,} different values in "
            f"{len(values):,} rows; accepted: at most {MOST:,} classes; if they are "
            "numbers, set data.task=numbers"
        )
    codes = cells.codes(classes, values).astype(np.int32)
    return Target((name,), "classes", codes, classes=classes)


def _numbers(found: Sheet, given: dict) -> Target:
    parts = []
    for name, values in given.items():
        column = Column(name, decimal=found.decimal)
        own = cells.find(name, values, found.decimal)
        if own and own.kind == "boolean" and len(given) > 1:  # labels, as yes and no
            parts.append(cells.truths(own, values)[:, None])
            continue
        if own and own.kind == "number":
            column = own
        parts.append(cells.encode(column, values, f"{found.name}, "))
    values = np.concatenate(parts, axis=1)
    names = tuple(given)
    for name, column in zip(names, values.T, strict=True):
        if judged.known() or not len(column):
            continue
        if column.min() == column.max():
            alike = cells.constant(column[0], given[name])
            raise Mistake(f"the target '{name}' is {alike}; nothing is to be learned")
    return Target(names, "numbers", values, outputs=names)


def _label_lists(name: str, values) -> Target:
    lists = [_labels(name, *row) for row in enumerate(values.to_pylist(), 1)]
    classes = tuple(sorted({each for row in lists for each in row}))
    fewest = 0 if judged.known() else 1
    if not fewest <= len(classes) <= MOST:
        raise Mistake(
            f"the target '{name}' has {len(classes):,} different labels; accepted: 1 "
            f"to {MOST:,}"
        )
    places = {each: i for i, each in enumerate(classes)}
    targets = np.zeros((len(lists), len(classes)), np.float32)
    for row, labels in enumerate(lists):
        targets[row, [places[each] for each in labels]] = 1
    return Target((name,), "labels", targets, classes=classes)


def _labels(name: str, number: int, row: list) -> list[str]:
    """The labels of a row as text, without spaces around, as cells are."""
    labels = ["" if each is None else str(each).strip() for each in row]
    if not all(labels):
        raise Mistake(
            f"row {number}: the target '{name}' holds an empty label, {row!r:.60}; "
            "give it a name, or leave it out"
        )
    return labels
