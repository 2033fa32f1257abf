"""Rows of measurements as float32 arrays, from CSV files, text, dicts or sequences."""

import csv
import io
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from zoo.errors import Mistake

MISSING = ("", "?", "nan", "na")
WIDEST = 2**16  # cells of a line

Table = str | os.PathLike | Mapping | Sequence


def decode(
    raw: Iterable[Table], features: tuple[str, ...], missing: bool
) -> np.ndarray:
    """Rows as a network's input.

    Args:
        raw: each a CSV file, the text of one, one line of values in the order of
            `features`, a mapping from column to value, or a sequence of values. CSV
            with a header may have its columns in any order, and others besides; an
            empty cell, "?", "NaN" or "NA" is a missing value.
        features: the columns, in the order in which the network takes them.
        missing: whether values may be missing.

    Returns:
        float32 array of shape (rows, features); NaN where a value is missing.

    Raises:
        Mistake: no such file, a missing column, a row of the wrong length, a word where
            a number belongs, an infinite value, or a missing one that may not be.
    """
    rows = [
        [
            _number(cell, f"{where}, column {name}", missing)
            for cell, name in zip(row, features, strict=True)
        ]
        for item in raw
        for where, row in _rows(item, features)
    ]
    return np.array(rows, np.float32).reshape(len(rows), len(features))


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


def _rows(item: Table, features: tuple[str, ...]) -> list[tuple[str, list]]:
    """The values of each row in the order of `features`, with words saying where."""
    if isinstance(item, Mapping):
        return [("the row", _pick(item, features, "the row"))]
    if not isinstance(item, str | os.PathLike):
        return [("the row", _fit(list(item), features, "the row"))]
    where, text = _text(item, features)
    lines = list(_lines(where, text))
    header = [cell.strip() for cell in lines[0]] if lines else []
    named = set(header) & set(features) or not any(map(_numeric, header))
    if len(lines) <= bool(named):
        raise Mistake(f"{where}no rows; give a row of values for {', '.join(features)}")
    found = []
    for number, line in enumerate(lines[1:] if named else lines, 1):
        place = f"{where}row {number}"
        if named:
            cells = dict(zip(header, _fit(line, header, place), strict=True))
            found.append((place, _pick(cells, features, place)))
        else:
            found.append((place, _fit(line, features, place)))
    return found


def _lines(where: str, text: str) -> Iterator[list[str]]:
    """The lines of a CSV text that are not empty."""
    try:
        for line in csv.reader(io.StringIO(text)):
            if len(line) > WIDEST:
                raise Mistake(
                    f"{where}a line has {len(line):,} cells; accepted: {WIDEST:,}"
                )
            if any(map(str.strip, line)):
                yield line
    except csv.Error as error:
        raise Mistake(f"{where}no CSV that can be read: {error}") from error


def _text(item: str | os.PathLike, features: tuple[str, ...]) -> tuple[str, str]:
    """The name of the file, if it is one, and the text."""
    if os.path.isfile(item):
        try:
            return f"{Path(item).name}, ", Path(item).read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise Mistake(f"{item} is not a text file in UTF-8") from error
        except OSError as error:
            raise Mistake(f"{item} cannot be read: {error.strerror}") from error
    if isinstance(item, str) and ("\n" in item or "," in item or _numeric(item)):
        return "", item
    raise Mistake(
        f"there is no file '{_shown(item)}'; give a CSV file with the columns "
        f"{', '.join(features)}, or one row of values in that order"
    )


def _pick(cells: Mapping, features: tuple[str, ...], where: str) -> list:
    lacking = [name for name in features if name not in cells]
    if lacking:
        raise Mistake(
            f"{where}: missing column '{lacking[0]}'; found: "
            f"{_shown(', '.join(map(str, cells)))}; needed: {', '.join(features)}"
        )
    return [cells[name] for name in features]


def _fit(cells: list, names: Sequence[str], where: str) -> list:
    if len(cells) != len(names):
        raise Mistake(
            f"{where} has {len(cells)} values where {len(names)} belong: "
            f"{_shown(', '.join(names))}"
        )
    return cells


def _number(cell, where: str, missing: bool) -> float:
    text = "" if cell is None else str(cell).strip()
    if text.lower() in MISSING:
        if missing:
            return math.nan
        raise Mistake(f"{where}: a value is missing")
    try:
        value = float(text)
    except ValueError:
        raise Mistake(f"{where}: '{_shown(text)}' where a number belongs") from None
    if not math.isfinite(value):
        raise Mistake(f"{where}: {_shown(text)} is not finite")
    return value


def _shown(value) -> str:
    """What was given, in the words of an error: at most 200 letters, all printable."""
    text = str(value)
    text = text if len(text) <= 200 else f"{text[:200]}..."
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )


def _numeric(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell.strip().lower() in MISSING
    return True
