"""Rows of a table of one's own, as a user gives them, become a network's input."""

import os
import warnings
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from zoo.core import kept
from zoo.core.columns import Column, places, width
from zoo.data.kinds import cells, given, headers, separators, sheet, tables
from zoo.data.kinds.sheet import Sheet
from zoo.data.kinds.values import is_cell, listed
from zoo.errors import Mistake

BLOCK = 2**16  # rows of a list that are turned into numbers at a time


def items(raw, columns: tuple[Column, ...]) -> list:
    """The rows, lines, files and tables that a user gave, one or several.

    Args:
        raw: the file of a table, or text as in a CSV file; a row: a mapping from column
            to value, or a flat sequence with a value for each column; several rows: an
            array (n, columns), a frame of pandas or polars, a mapping from column to
            values, or a list of any of these.
        columns: in the order in which the network takes them.

    Raises:
        Mistake: it is nothing of this.
    """
    names = tuple(column.name for column in columns)
    wanted = f"a row of values for {listed(names)}, a list of rows, or a table"
    raw = given.by_name(raw)
    if not isinstance(raw, list):  # whose dictionaries need not have all columns
        raw = kept.named_columns(raw)
    if isinstance(raw, bytes | bytearray):
        raise Mistake(f"{given.described(raw)} cannot be read; give {wanted}")
    if isinstance(raw, str | os.PathLike):
        return [[raw]] if len(names) == 1 and not _is_file(raw) else [raw]
    if given.is_frame(raw):
        given.check_index(raw, names)
        there = list(raw.columns)
        found = kept.columns_of(raw)
        numbered = all(isinstance(name, int | np.integer) for name in there)
        if numbered and len(there) == len(names):
            found = dict(zip(names, found.values(), strict=True))
        return [sheet_of(found)]
    if isinstance(raw, Mapping):
        chosen = [raw[name] for name in names if name in raw]
        return [raw] if all(map(_is_cell, chosen)) else [sheet_of(raw)]
    if given.is_series(raw) and set(names) & set(getattr(raw, "index", ())):
        return [raw.to_dict()]
    if given.is_array(raw):
        raw = given.array(raw)
        raw = raw.tolist()
    if _is_cell(raw) and len(names) == 1:
        return [[raw]]
    found = given.several(raw, wanted)
    if found and all(map(_is_cell, found)):
        if len(names) == 1:
            return [each if _is_file(each) else [each] for each in found]
        texts = [each for each in found if isinstance(each, str)]
        lines = any(_is_line(each, columns) for each in texts)
        if len(found) == len(names) and not (lines and len(texts) == len(found)):
            return [found]
        if len(texts) < len(found):
            return [found]  # whose length is told
    for name, item in zip(names, found, strict=False):
        if not _is_cell(item) and _are_words(found, columns):
            what = f"{given.described(item)} where one value belongs"
            raise Mistake(f"the row, column {name}: {what}; give {wanted}")
    for number, item in enumerate(found, 1):
        if _is_cell(item) and not isinstance(item, str):
            raise Mistake(f"input {number} is {given.described(item)}; give {wanted}")
    return found


def _is_line(text: str, columns: tuple[Column, ...]) -> bool:
    return _is_file(text) or bool(set(text) & _marks(columns))


def _are_words(found: list, columns: tuple[Column, ...]) -> bool:
    """Whether these are the cells of one row: several, with a word among them."""
    texts = [each for each in found if isinstance(each, str)]
    words = texts and not any(_is_line(each, columns) for each in texts)
    return bool(words) and len(found) == len(columns) > 1


def _marks(columns: tuple[Column, ...]) -> set[str]:
    """The signs that tell a line of several cells from one cell of these columns."""
    if any(column.kind == "text" for column in columns):
        return set()
    return set(";\t" if any(each.decimal == "," for each in columns) else ",;\t")


def sheet_of(columns: Mapping) -> Sheet:
    for name, values in columns.items():
        if _is_cell(values) or isinstance(values, Mapping):
            raise Mistake(
                f"column '{name}' is {given.described(values)} and no list of values, "
                "as other columns are; give a list for each column, or one value"
            )
    found = {str(name): kept.array(values) for name, values in columns.items()}
    lengths = {name: len(values) for name, values in found.items()}
    if len(set(lengths.values())) > 1:
        several = ", ".join(f"{k}: {n}" for k, n in list(lengths.items())[:20])
        raise Mistake(
            f"the columns differ in length ({several}); give equally many values"
        )
    return Sheet("the table", found)


def _is_cell(value) -> bool:
    return is_cell(value) and not isinstance(value, Sheet)


def decode(raw, columns: tuple[Column, ...], form: Mapping | None = None) -> np.ndarray:
    """Rows as a network's input, in the order in which they are given.

    Args:
        raw: see `items`.
        columns: what each cell is.
        form: of the file that was learned from, which decides where another one does
            not say how it is read.

    Returns:
        float32 array (rows, width), see `zoo.core.columns`; NaN where a value is
        missing, -1 where a category is unknown.

    Raises:
        Mistake: a missing column, a row of the wrong length, or a cell that is not of
            its column's kind.
    """
    found = ready(raw, columns)
    if found is not None:
        return found
    parts, waiting = [], []
    for item in items(raw, columns):
        if whole := _table(item, columns, form):
            parts += [_of_rows(waiting, columns), _of_sheet(whole, columns)]
            waiting = []
        else:
            waiting.append(item)
            if len(waiting) == BLOCK:
                parts.append(_of_rows(waiting, columns))
                waiting = []
    return np.concatenate([*parts, _of_rows(waiting, columns)])


def ready(raw, columns: tuple[Column, ...]) -> np.ndarray | None:
    """An array of numbers for columns of numbers; None for anything else."""
    if any(column.kind != "number" for column in columns):
        return None
    return tables.ready(raw, len(columns), missing=True)


def _is_file(item) -> bool:
    if not isinstance(item, str | os.PathLike):
        return False
    text = os.fspath(item)
    return isinstance(item, os.PathLike) or (len(text) < 4096 and os.path.isfile(text))


def _table(item, columns: tuple[Column, ...], form: Mapping | None) -> Sheet | None:
    """A table, in a file or in a text with a header; None of rows."""
    if isinstance(item, Sheet):
        return item
    known = tuple(column.name for column in columns)
    if _is_file(item):
        return sheet.read(item, known=known, usual=form)
    if not isinstance(item, str) or len(item.strip().splitlines()) < 2:
        return None
    if headers.title_of(item[: separators.SAMPLE], None, known) is None:
        return None
    found = sheet.of_text(item, known, {**(form or {}), "header": False})
    return found if found.form["header"] else None


def _of_sheet(found: Sheet, columns: tuple[Column, ...]) -> np.ndarray:
    names = tuple(column.name for column in columns)
    sheet.check_header(found, names)
    tables.pick(found.columns, names, found.name)
    parts = []
    for column in columns:
        plain = cells.plain(found.columns[column.name])
        if found.found and column.kind == "number":  # a file has a sign of its own
            column = replace(column, decimal=found.decimal)
        parts.append(cells.encode(column, plain, f"{found.name}, "))
        tell_unknown(column, plain, parts[-1])
    return np.concatenate(parts, axis=1)


def _of_rows(several: list, columns: tuple[Column, ...]) -> np.ndarray:
    names = tuple(column.name for column in columns)
    rows, places = [], []
    for number, item in enumerate(several, 1):
        name = "the row" if len(several) == 1 else f"row {number}"
        for where, row in tables.rows(item, names, name, words=True):
            rows.append(row)
            places.append(where)
    if not rows:
        return np.zeros((0, width(columns)), np.float32)
    parts = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        parts.append(_of_values(column, list(values), places))
    return np.concatenate(parts, axis=1)


def _of_values(column: Column, values: list, places: list[str]) -> np.ndarray:
    found = cells.at_once(column, values)
    if found is not None:
        return found
    if column.decimal != "." and any(isinstance(value, str) for value in values):
        values = [
            str(value).replace(".", column.decimal) if type(value) is float else value
            for value in values
        ]
    try:
        plain = cells.plain(kept.array(values))
        found = cells.encode(column, plain)
        tell_unknown(column, plain, found)
        return found
    except Mistake:
        for value, place in zip(values, places, strict=True):
            try:
                cells.encode(column, cells.plain(kept.array([value])))
            except Mistake as mistake:
                text = str(mistake).replace("row 1", place, 1)
                raise Mistake(text) from None
        raise


def tell_unknown(column: Column, plain, numbers: np.ndarray) -> None:
    """Warn of cells that are no category of which the network has learned."""
    if column.kind not in ("category", "boolean"):
        return
    unknown = np.flatnonzero(numbers[:, 0] == -1)
    if len(unknown):
        cell = str(plain[int(unknown[0])].as_py())[: cells.SHOWN]
        more = "" if len(unknown) == 1 else f", as {len(unknown) - 1:,} more cells are,"
        warnings.warn(
            f"column {column.name}: '{cell}'{more} is unknown to the network, which "
            f"learned from {listed(column.categories)}",
            stacklevel=3,
        )


def shown(row: np.ndarray, columns: tuple[Column, ...]) -> str:
    """A decoded row as a line that `decode` takes."""
    found = [cells.shown(column, row[place]) for column, place in places(columns)]
    ends = ";" if any("," in cell for cell in found) else ","
    return ends.join(f'"{cell}"' if ends in cell else cell for cell in found)
