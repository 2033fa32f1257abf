"""Columns from which a network should not learn: those that count, name or tell."""

import re

import numpy as np

from zoo.core.columns import Column
from zoo.data.sources.targets import Target

INDEX = 20  # rows, from which a column that counts, names or tells is suspected
ID = re.compile(r"(^|[_\s.-])(?i:id|nr|no|key|index)$|[a-z]I[dD]$")
ROUNDED = 1e-6  # a correlation lacks so much if one of two equal columns is rounded
ONE = "it has one value"
LOOK = 1024  # rows by which two columns are told apart before all are compared


def suspicion(column: Column, numbers: np.ndarray, answers: Target, twin) -> str:
    """Why a network should not learn from a column; "" if nothing speaks against it."""
    first = numbers[:, 0]
    known = first[~np.isnan(first)]
    whole = len(known) == len(first)
    if twin:
        return f"it repeats {twin}"
    if whole and (numbers == numbers[0]).all():
        return ONE
    if whole and len(first) >= INDEX:  # of fewer rows, any column may do so by chance
        if column.kind == "category" and len(column.categories) == len(first):
            return "it has another value in each row, as a name has"
        if column.kind == "number" and _counts(first):
            return "it counts the rows"
        if column.kind == "number" and ID.search(column.name) and _differ(first):
            return "it has another number in each row, as an id has"
        if _tells(first, column, answers):
            return f"it tells the target {answers.names[0]}: a leak"
    return ""


def _counts(numbers: np.ndarray) -> bool:
    """Whether these are whole numbers in a row, in any order."""
    if numbers.max() - numbers.min() + 1 != len(numbers):
        return False
    return bool((np.diff(np.sort(numbers)) == 1).all())


def _differ(numbers: np.ndarray) -> bool:
    """Whether these are whole numbers, each another one."""
    whole = (numbers == np.floor(numbers)).all()
    return bool(whole) and len(np.unique(numbers)) == len(numbers)


def _tells(numbers: np.ndarray, column: Column, answers: Target) -> bool:
    """Whether a column is the target in other words, one to one."""
    if answers.task == "labels":
        return any((numbers == label).all() for label in answers.values.T)
    if answers.task == "numbers":
        return column.kind == "number" and any(
            _is_line(numbers, each) for each in answers.values.T
        )
    if len(np.unique(numbers[:LOOK])) > len(answers.classes):
        return False
    values = np.unique(numbers)
    if len(values) != len(answers.classes):
        return False
    pairs = np.unique(np.stack([numbers, answers.values.astype(np.float32)]), axis=1)
    return pairs.shape[1] == len(values)


def _is_line(numbers: np.ndarray, target: np.ndarray) -> bool:
    """Whether the target is a number times the column, plus another."""
    first, second = (each.astype("float64") - each.mean() for each in (numbers, target))
    length = np.sqrt((first**2).sum() * (second**2).sum())
    return bool(length) and abs(first @ second) / length > 1 - ROUNDED
