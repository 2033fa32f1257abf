"""The categories of columns: those of the training split, in the order of a run."""

from dataclasses import replace

import numpy as np

from zoo.core.columns import Column, places
from zoo.data.dataset import SPLITS, Dataset
from zoo.data.kinds import words
from zoo.data.windows import Windows

MOST = 200  # columns that are shown
DONE = {
    "number": "standardized",
    "category": "a number for each",
    "boolean": "a number for each",
    "date": "day, month, weekday, hour",
    "text": "8 numbers, the sum of those of its words",
}


def learned(dataset: Dataset) -> Dataset:
    """The data set with the categories that its training split holds, and no others.

    A category of another split alone becomes unknown, as it would be in a table that
    is read later, and so does a word that the training split holds once. Whether values
    are missing is that of the training split, too.
    """
    columns, train = [], dataset.train.rows
    for column, place in places(dataset.columns):
        values = train[:, place.start]
        gone = np.isnan(values)
        column = replace(column, missing=bool(gone.any()))
        if column.kind == "category":
            seen = np.unique(values[~gone]).astype(int)
            kept = tuple(column.categories[i] for i in seen[seen >= 0])
            column = replace(column, categories=kept or column.categories[:1])
        elif column.kind == "text":
            kept = words.frequent(column, dataset.train.inputs[:, place])
            column = replace(column, categories=kept or column.categories[:1])
        columns.append(column)
    return recoded(dataset, tuple(columns))


def recoded(dataset: Dataset, columns: tuple[Column, ...]) -> Dataset:
    """The data set with these columns, which are its own with other categories.

    A category that they do not have is unknown. Texts have as many words as there.
    """
    changed = {}
    for (now, place), then in zip(places(dataset.columns), columns, strict=True):
        if now.categories != then.categories:
            codes = {name: i for i, name in enumerate(then.categories)}
            numbers = [codes.get(name, -1) for name in now.categories]
            numbers = np.array([*numbers, -1], np.float32)  # unknown stays so
            changed |= dict.fromkeys(range(place.start, place.stop), numbers)
    splits = {}
    same = [each.width for each in dataset.columns] == [each.width for each in columns]
    for name in SPLITS if changed or not same else ():
        if split := getattr(dataset, name):
            inputs = split.inputs
            windows = isinstance(inputs, Windows)
            rows = np.array(inputs.rows if windows else inputs)
            for at, numbers in changed.items():
                known = ~np.isnan(rows[:, at])
                rows[known, at] = numbers[rows[known, at].astype(int)]
            if not same:
                rows = _as_wide(rows, dataset.columns, columns)
            splits[name] = replace(split, inputs=inputs.on(rows) if windows else rows)
    return replace(dataset, columns=columns, **splits)


def _as_wide(rows: np.ndarray, now: tuple, then: tuple) -> np.ndarray:
    """Rows whose texts are cut off, or filled up with NaN, to the lengths of `then`."""
    parts = []
    for (_, place), after in zip(places(now), then, strict=True):
        part = rows[:, place][:, : after.width]
        filling = ((0, 0), (0, after.width - part.shape[1]))
        parts.append(np.pad(part, filling, constant_values=np.nan))
    return np.concatenate(parts, axis=1)


def about(dataset: Dataset) -> list[tuple[str, str, str]]:
    """Of each column its name, its kind, and what becomes of it, in words."""
    found, train = [], dataset.train.rows
    for column, place in places(dataset.columns):
        gone = float(np.isnan(train[:, place.start]).mean())
        kind, done = column.kind, DONE[column.kind]
        if kind == "text":
            kind = f"text, {len(column.categories):,} words"
        elif column.categories:
            kind = f"{kind}, {len(column.categories):,} values"
            more = ", ..." if len(column.categories) > 4 else ""
            done += f": {', '.join(column.categories[:4])}{more}"
        elif kind == "date":
            done += f"; read as {column.format or 'ISO 8601'}"
        elif column.decimal == ",":
            done += "; decimal comma"
        if kind == "number" and column.format:
            done += f"; in {column.format}"
        if column.missing:
            done += f"; {gone:.1%} missing"
        found.append((column.name, kind, done))
    return found


def table(dataset: Dataset) -> list[str]:
    """The same as lines of text, below what was found about the file."""
    rows = [("column", "kind", "what is done"), *about(dataset)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(n) for cell, n in zip(row, widths, strict=True)).rstrip()
        for row in (rows if len(rows) <= MOST else [*rows[:MOST], ("...", "", "")])
    ]
    return [dataset.description, *lines]
