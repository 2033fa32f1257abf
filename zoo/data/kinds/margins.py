"""What stands around a table in a file: a title above, empty rows, a total below."""

from collections.abc import Sequence

import numpy as np

TITLE = 20  # lines that may stand above a table
TOTAL = 4  # rows above a total, at least
EXACT = 1e-9  # by so much a sum may differ from a total, relative


def above(lines: Sequence[Sequence], known: tuple[str, ...]) -> int | None:
    """How many lines stand above the header, such as a title; None if there is none.

    The header is the first line that holds a known name; each line above it has fewer
    cells that are not empty.

    Args:
        lines: the first ones, as cells.
        known: columns that the table should have.
    """
    for number, line in enumerate(lines[: TITLE + 1]):
        words = [_text(cell) for cell in line]
        if set(words) & set(known):
            width = _filled(line)
            is_title = all(_filled(each) < width for each in lines[:number])
            return number if is_title else 0
    return None


def _text(cell) -> str:
    return "" if cell is None else str(cell).strip().lstrip("\ufeff")


def _filled(line: Sequence) -> int:
    return sum(bool(_text(cell)) for cell in line)


def without_empty(columns: list):
    """Columns of text without the rows of which all cells are empty.

    Spreadsheets write such rows where cells were once used.
    """
    from pyarrow import compute

    empty = compute.equal(columns[0], "")
    for column in columns[1:]:
        if not compute.any(empty).as_py():
            return columns
        empty = compute.and_(empty, compute.equal(column, ""))
    if not compute.any(empty).as_py():
        return columns
    return [column.filter(compute.invert(empty)) for column in columns]


def totals(values: dict[str, np.ndarray]) -> list[str]:
    """The columns whose last number is the sum of all above it.

    Args:
        values: numbers by the names of their columns, each of shape (n,).
    """
    found = []
    for name, numbers in values.items():
        others, last = numbers[:-1].astype(np.float64), float(numbers[-1])
        known = others[~np.isnan(others)]
        if len(known) < TOTAL or not abs(last) > np.abs(known).max():
            continue
        # The numbers have 32 bits: each may be off by half of its last bit.
        room = 2.0**-24 * (np.abs(known).sum() + abs(last)) + EXACT * abs(last)
        if abs(known.sum() - last) <= room:
            found.append(name)
    return found
