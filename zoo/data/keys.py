"""Columns that decide who goes where, and are no inputs: groups, and time."""

import itertools
import warnings
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from zoo.core import columns as described
from zoo.core.columns import Column
from zoo.core.kept import called
from zoo.data.dataset import SPLITS, Dataset, Split
from zoo.data.folds import join
from zoo.data.kinds import cells
from zoo.data.splits import carve
from zoo.errors import Mistake, unknown

DAY = 86_400  # seconds


def take(dataset: Dataset, groups: str = "", time: str = "") -> Dataset:
    """The data set with these columns as `Split.groups` and `Split.times`.

    Args:
        dataset: a table.
        groups, time: the names of the columns; "" is none.

    Raises:
        Mistake: both are given, there is no such column, nothing is left beside it, a
            value is missing, or the time is neither a number nor a date.
    """
    name = one_of(groups, time)
    if not dataset.features:
        raise Mistake(
            f"{'groups' if groups else 'time'}={name} names a column, and "
            f"{dataset.name} has none: it holds {dataset.kind} data"
        )
    if name not in dataset.features:
        raise unknown(f"column of {called(dataset.name)}", name, dataset.features)
    if len(dataset.features) == 1:
        raise Mistake(
            f"{called(dataset.name)} has no other column than {name} to learn from"
        )
    columns = dataset.columns or tuple(map(Column, dataset.features))
    at = dataset.features.index(name)
    column, place = list(described.places(columns))[at]
    if time:
        _check_kind(time, column)
    splits = {part: each for part in SPLITS if (each := getattr(dataset, part))}
    values = {
        part: _values(np.asarray(each.inputs[:, place], float), dataset.name, name)
        for part, each in splits.items()
    }
    known = np.unique(np.concatenate(list(values.values())))
    for part, each in splits.items():
        splits[part] = replace(
            each,
            inputs=np.delete(np.asarray(each.inputs), place, axis=1),
            groups=np.searchsorted(known, values[part]) if groups else None,
            times=values[part] if time else None,
        )
    features, columns = (
        given[:at] + given[at + 1 :] for given in (dataset.features, dataset.columns)
    )
    return replace(dataset, **splits, features=features, columns=columns)


def one_of(groups: str, time: str) -> str:
    """The name of the column that is given; "" if none is.

    Raises:
        Mistake: both are given.
    """
    if groups and time:
        raise Mistake(
            f"groups={groups} and time={time}: give one of them; examples are held out "
            "by group, or by time"
        )
    return groups or time


def beside(
    plain: Mapping, data: str, decimal: str, groups: str = "", time: str = ""
) -> dict[str, np.ndarray]:
    """`Split.groups` or `Split.times` of texts or files, from a column beside them.

    Args:
        plain: the columns of their table, as `cells.plain` gives them.
        data: the name of the table, for errors.
        decimal: the sign before the decimals of numbers.
        groups, time: the name of the column, of one of the two; "" is none.

    Raises:
        Mistake: there is no such column, a value is missing, or the time is neither a
            number nor a date.
    """
    name = groups or time
    if not name:
        return {}
    if name not in plain:
        raise unknown(f"column of {data}", name, list(plain))
    if gone := plain[name].null_count:
        raise _missing(name, data, gone)
    if groups:
        members = cells.texts(plain[name]).to_pylist()
        return {"groups": np.unique(members, return_inverse=True)[1].astype(np.int64)}
    values = cells.typed(plain[name], decimal)
    column = cells.find(name, values, decimal)
    assert column, "no cell is missing"
    _check_kind(name, column)
    return {"times": _values(cells.encode(column, values).astype(float), data, name)}


def _check_kind(time: str, column: Column) -> None:
    if column.kind not in ("number", "date"):
        raise Mistake(
            f"time={time} is a column of kind {column.kind}; accepted: numbers or dates"
        )


def _missing(name: str, data: str, count: int) -> Mistake:
    return Mistake(
        f"column {name} of {called(data)} has no value in {count:,} rows, so nobody "
        "knows where they belong; fill them in, or leave these rows out"
    )


def apart(dataset: Dataset, name: str) -> Dataset:
    """The data set; its test split is drawn again if its splits are not apart.

    It is then as large as it was, the validation split is joined with the training, and
    a warning says so.

    Args:
        dataset: as `take` gives it.
        name: of the column that was taken, for the warning.
    """
    splits = [each for part in SPLITS if (each := getattr(dataset, part))]
    return dataset if _are_apart(splits) else _drawn(dataset, name)


def _values(numbers: np.ndarray, data: str, name: str) -> np.ndarray:
    """One number for each row, from that of a cell, or from day and second."""
    if missing := int(np.isnan(numbers).any(axis=1).sum()):
        raise _missing(name, data, missing)
    if numbers.shape[1] == 2:
        return numbers[:, 0] * DAY + numbers[:, 1]
    return numbers[:, 0]


def _are_apart(splits: list[Split]) -> bool:
    """Whether no group is in two splits, or each split comes after the one before."""
    if splits[0].times is not None:
        return all(
            one.times.max() < two.times.min() for one, two in itertools.pairwise(splits)
        )
    found = np.concatenate([np.unique(split.groups) for split in splits])
    return len(np.unique(found)) == len(found)


def _drawn(dataset: Dataset, name: str) -> Dataset:
    """The data set with a test split that is apart from the training."""
    whole = join(dataset)
    share = len(dataset.test or ()) / len(whole)
    about = whole.prints, whole.groups, whole.times
    kept, held = carve(whole.targets, share, 0, dataset.classes, "test", *about)
    warnings.warn(
        f"the splits of {called(dataset.name)} are not apart in {name}: test is drawn "
        f"again, {len(held):,} of {len(whole):,} examples",
        stacklevel=4,
    )
    test = whole.take(held) if len(held) else None
    return replace(dataset, train=whole.take(kept), validation=None, test=test)
