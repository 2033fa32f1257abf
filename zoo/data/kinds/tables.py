"""Rows of measurements as float32 arrays, from CSV files, text, frames or sequences."""

import csv
import itertools
import os
import warnings
from array import array as Numbers
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from zoo.core import signatures
from zoo.core.kept import columns_of
from zoo.data.kinds.given import (
    array,
    by_name,
    check_index,
    described,
    is_array,
    is_frame,
    is_series,
    several,
)
from zoo.data.kinds.values import (
    LARGEST,
    SHOWN,
    is_cell,
    is_like_number,
    is_number,
    listed,
    read_cell,
    short,
)
from zoo.errors import Mistake

LARGEST_LEARNED = 1e18  # its square is a number in 32 bits, and so are their means
WIDEST = 2**16  # cells of a line
LONGEST = 2**23  # letters of a line

Table = str | os.PathLike | Mapping | Sequence


def items(given, features: tuple[str, ...]) -> list[Table]:
    """The rows, lines and files that a user gave, one or several.

    Args:
        given: a CSV file, or text as in one; a row: a mapping from column to value, a
            flat sequence or array with a value for each of `features`, or, for one
            feature, a value; several rows: an array (n, features), a frame of pandas
            or polars, a mapping from column to values, or a list of any of these.
        features: the columns, in the order in which the network takes them.

    Raises:
        Mistake: it is nothing of this.
    """
    wanted = f"a row of values for {listed(features)}, a list of rows, or a CSV file"
    given = by_name(given)
    if isinstance(given, str | os.PathLike):
        return [given]
    if is_frame(given):
        return _of_frame(given, features)
    if isinstance(given, Mapping):
        return _of_columns(given, features)
    if is_series(given) and set(features) <= set(getattr(given, "index", ())):
        return [given.to_dict()]
    if is_array(given):
        given = array(given)
        if given.dtype.names:
            given = np.atleast_1d(given)
            columns = {name: given[name] for name in given.dtype.names}
            return _of_columns(columns, features)
        if given.ndim > 2:
            raise Mistake(
                f"an array of shape {given.shape} holds no rows; give {wanted}"
            )
        given = given.tolist()
    if isinstance(given, bytes | bytearray):
        raise Mistake(f"{described(given)} cannot be read; give {wanted}")
    if is_cell(given, numeric=True) and len(features) == 1:
        return [[given]]
    found = several(given, wanted)
    if found and all(is_cell(each, numeric=True) for each in found):
        return [[value] for value in found] if len(features) == 1 else [found]
    texts = sum(isinstance(each, str) for each in found)
    if texts < len(found) == len(features) and all(map(is_cell, found)):
        return [found]  # of which a cell is no number, which is told
    for number, item in enumerate(found, 1):
        if is_cell(item) and not isinstance(item, str):
            raise Mistake(f"input {number} is {described(item)}; give {wanted}")
    return found


def decode(raw, features: tuple[str, ...], missing: bool) -> np.ndarray:
    """Rows as a network's input.

    Args:
        raw: see `items`. CSV may begin with a header; its columns may then be in any
            order, with others besides. Cells end with a comma, a semicolon or a tab.
            An empty cell, "?", "NaN", "NA", "null", None or pandas' own mark is a
            missing value.
        features: the columns, in the order in which the network takes them.
        missing: whether values may be missing.

    Returns:
        float32 array of shape (rows, features); NaN where a value is missing.

    Raises:
        Mistake: no such file, a missing column, a row of the wrong length, a word where
            a number belongs, an infinite value, or a missing one that may not be.
    """
    found = ready(raw, len(features), missing)
    if found is not None:
        return found
    given = items(raw, features)
    if all(type(row) in (list, tuple) for row in given):  # none with names
        found = ready(_as_array(given), len(features), missing)
    if found is not None:
        return found
    numbers = Numbers("f")
    for place, item in enumerate(given, 1):
        row_name = "the row" if len(given) == 1 else f"row {place}"
        for where, row in rows(item, features, row_name):
            for cell, name in zip(row, features, strict=True):
                numbers.append(read_cell(cell, f"{where}, column {name}", missing))
    return np.array(numbers, np.float32).reshape(-1, len(features))


def ready(given, width: int, missing: bool) -> np.ndarray | None:
    """An array of rows as float32 (n, width); None if a cell needs a closer look."""
    if type(given) is not np.ndarray or given.dtype.kind not in "iuf":
        return None
    if given.ndim != 2 or given.shape[1] != width or not len(given):
        return None
    short = given.dtype.itemsize <= 4  # whose every number is one of 32 bits
    fine = np.isfinite(given) if short else np.abs(given) <= LARGEST
    if missing:
        fine |= np.isnan(given)
    every = np.count_nonzero(fine) == fine.size  # in a third of the time of `all()`
    return given.astype(np.float32) if every else None


def _as_array(given: list) -> np.ndarray | None:
    try:
        return np.array(given)
    except (ValueError, TypeError, RuntimeError):  # rows of many lengths, or tensors
        return None


def shown(row: np.ndarray) -> str:
    """A decoded row as a line that `decode` takes."""
    return ",".join("" if value != value else f"{value:g}" for value in row.tolist())


def check(
    rows: np.ndarray, features: tuple[str, ...], missing: bool, what: str
) -> None:
    """Raise a `Mistake` for the first value that no network can learn from."""
    wrong = np.isinf(rows) if missing else ~np.isfinite(rows)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise Mistake(
            f"{what}, row {row + 1}, column {features[column]}: {rows[row, column]} is "
            "not a finite number; correct the data"
        )
    huge = np.abs(rows) > LARGEST_LEARNED
    if huge.any():
        row, column = np.argwhere(huge)[0]
        raise Mistake(
            f"{what}, row {row + 1}, column {features[column]}: {rows[row, column]} is "
            f"too large; accepted: up to {LARGEST_LEARNED:g}; use another unit"
        )


def _of_frame(frame, features: tuple[str, ...]) -> list[list]:
    check_index(frame, features)
    columns = {name: each.to_list() for name, each in columns_of(frame).items()}
    unnamed = all(isinstance(name, int | np.integer) for name in frame.columns)
    if unnamed and len(columns) == len(features):
        columns = dict(zip(features, columns.values(), strict=True))
    return _of_columns(columns, features)


def _of_columns(columns: Mapping, features: tuple[str, ...]) -> list[Table]:
    """The rows of a mapping from column to values, or the one row of values."""
    chosen = pick(columns, features, "the row")
    many = [not is_cell(values) for values in chosen]
    if not any(many):
        return [dict(zip(features, chosen, strict=True))]
    lists = [
        several(values, "a list") if more else [values]
        for values, more in zip(chosen, many, strict=True)
    ]
    lengths = {len(values) for values in lists}
    if len(lengths) > 1 or not all(many):
        found = ", ".join(
            f"{name}: {len(values)}"
            for name, values in zip(features[:SHOWN], lists, strict=False)
        )
        raise Mistake(
            f"the columns differ in length ({found}); give equally many values"
        )
    return list(map(list, zip(*lists, strict=True)))


def rows(
    item: Table, features: tuple[str, ...], row_name: str, words: bool = False
) -> Iterable[tuple[str, list]]:
    """The values of each row in the order of `features`, with words saying where.

    With `words`, a first line without numbers is a row, unless it names a feature.
    """
    if type(item) in (list, tuple) and len(item) == len(features):
        return [(row_name, list(item))]
    if is_series(item) and set(features) <= set(getattr(item, "index", ())):
        item = item.to_dict()
    item = by_name(item)
    if isinstance(item, Mapping):
        return [(row_name, pick(item, features, row_name))]
    if not isinstance(item, str | os.PathLike):
        if is_array(item):
            item = array(item).tolist()
        wanted = f"a value for each of {listed(features)}"
        row = several(item, wanted)
        return [(row_name, _fit(row, features, row_name))]
    return _lines(item, features, words)


def _lines(item: str | os.PathLike, features: tuple[str, ...], words: bool) -> Iterator:
    """The rows of a CSV file, or of text as in one, as they are read."""
    where = ""
    try:
        if os.path.isfile(item):
            where = f"{Path(item).name}, "
            signatures.check_text(item, signatures.beginning(item))
            with open(item, encoding="utf-8-sig", newline="") as file:
                yield from _parsed(_bounded(file, item), features, where)
            return
        if os.path.isdir(item):
            raise Mistake(f"{item} is a folder; give a CSV file")
    except UnicodeDecodeError as error:
        raise Mistake(f"{item} is not a text file in UTF-8") from error
    except OSError as error:
        raise Mistake(f"{item} cannot be read: {error.strerror}") from error
    text = isinstance(item, str) and (
        any(c in item for c in "\n,;\t") or is_number(item)
    )
    if not text:
        raise Mistake(
            f"there is no file '{short(item)}'; give a CSV file with the columns "
            f"{listed(features)}, or one row of values in that order"
        )
    yield from _parsed(iter(item.splitlines(keepends=True)), features, "", words)


def _bounded(file, name) -> Iterator[str]:
    """The lines of a file, none of which fills the memory."""
    while line := file.readline(LONGEST + 1):
        if len(line) > LONGEST:
            raise Mistake(
                f"{name} has a line of more than {LONGEST:,} letters; is it CSV?"
            )
        yield line


def _parsed(
    lines: Iterator[str], features: tuple[str, ...], where: str, words: bool = False
) -> Iterator[tuple[str, list]]:
    header, places, number, first = [], None, 0, True
    try:
        for cells in _cells(lines, len(features)):
            if first:
                first = False
                header = [cell.strip() for cell in cells]
                named = not (words or any(map(is_like_number, header)))
                if named or set(header) & set(features):
                    pick(dict.fromkeys(header), features, f"{where}row 1")
                    for name in features:
                        if header.count(name) > 1:
                            raise Mistake(
                                f"{where}row 1: {header.count(name)} columns are "
                                f"called '{short(name)}'; keep one"
                            )
                    places = [header.index(name) for name in features]
                    continue
            number += 1
            place = f"{where}row {number}"
            row = _fit(cells, header if places else features, place)
            yield place, [row[i] for i in places] if places else row
    except csv.Error as error:
        raise Mistake(f"{where}row {number + 1} is no CSV: {error}") from error
    if not number:
        raise Mistake(f"{where}no rows; give a row of values for {listed(features)}")


def _cells(lines: Iterator[str], count: int) -> Iterator[list[str]]:
    """The cells of the lines that are not blank.

    The first line says what ends a cell: what parts it into `count` cells, or else a
    semicolon or a tab, if it has one.
    """
    for first in lines:
        if first.strip():
            break
    else:
        return
    signs = [sign for sign in ";\t," if sign in first] or [","]
    ends = next((s for s in signs if len(_split(first, s)) == count), signs[0])
    for cells in csv.reader(itertools.chain([first], lines), delimiter=ends):
        if len(cells) > WIDEST:
            raise Mistake(
                f"a line of the table has {len(cells):,} cells; accepted: {WIDEST:,}"
            )
        if any(map(str.strip, cells)):
            yield cells


def _split(line: str, ends: str) -> list[str]:
    return next(csv.reader([line], delimiter=ends))


def pick(cells: Mapping, features: tuple[str, ...], where: str) -> list:
    lacking = [name for name in features if name not in cells]
    if lacking:
        raise Mistake(
            f"{where}: missing column '{lacking[0]}'; found: "
            f"{listed(list(cells))}; needed: {listed(features)}"
        )
    if len(cells) > len(features):
        left = [name for name in cells if name not in {*features}]
        warnings.warn(
            f"not used: {listed(left)}; the network learned from {listed(features)}",
            stacklevel=2,
        )
    return [cells[name] for name in features]


def _fit(cells: list, names: Sequence[str], where: str) -> list:
    if len(cells) != len(names):
        raise Mistake(
            f"{where} has {len(cells)} values where {len(names)} belong: "
            f"{listed(names)}"
        )
    return cells
