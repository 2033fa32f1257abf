"""One value of a row as a person writes it, and how errors show values and names."""

import math
import os
from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from zoo.core.numbers import read_float
from zoo.data.kinds.given import array, is_array, is_missing
from zoo.errors import Mistake

MISSING = ("", "?", "nan", "na", "n/a", "null", "none", "<na>", "nat")
LARGEST = float(np.finfo(np.float32).max)
SHOWN = 20  # columns named in an error
LETTERS = 40  # of a cell shown in an error


def is_cell(value, numeric: bool = False) -> bool:
    """Whether this is one cell of a row, as opposed to a row, a table or a file.

    With `numeric`, a text is one only if it is a number: it may name a file.
    """
    if is_array(value) and not isinstance(value, np.generic):
        return getattr(value, "ndim", 1) == 0
    if isinstance(value, str):
        return not numeric or is_number(value)
    if isinstance(value, bytes):
        return not numeric
    return isinstance(value, np.generic) or not isinstance(
        value, Iterable | os.PathLike
    )


def read_cell(cell, where: str, missing: bool) -> float:
    """The number in a cell; NaN where it is missing, and may be.

    Raises:
        Mistake: it is no number of 32 bits, or missing; it begins with `where`.
    """
    if isinstance(cell, bool | np.bool_ | Fraction):
        return float(cell)
    if is_cell(cell) and is_array(cell) and not isinstance(cell, np.generic):
        cell = array(cell)[()]  # a tensor of one number
    text = "" if is_missing(cell) else str(cell).strip()
    if text.lower() in MISSING:
        if missing:
            return math.nan
        raise Mistake(f"{where}: a value is missing")
    try:
        value = read_float(text)
    except ValueError:
        hint = "; write a decimal point" if is_like_number(text) else ""
        raise Mistake(
            f"{where}: '{short(text)}' where a number belongs{hint}"
        ) from None
    if not math.isfinite(value) or abs(value) > LARGEST:
        kind = "larger than 32 bits hold" if math.isfinite(value) else "not finite"
        raise Mistake(f"{where}: {short(text)} is {kind}")
    return value


def is_number(cell: str) -> bool:
    """Whether a text is a number, with a decimal point, or stands for a missing one."""
    try:
        read_float(cell)
    except ValueError:
        return cell.strip().lower() in MISSING
    return True


def is_like_number(cell: str) -> bool:
    """Whether a text is one as `is_number`, or would be with a decimal point."""
    return is_number(cell.replace(",", ".", 1))


def listed(names: Sequence) -> str:
    """Names in an error, of many the first ones and how many more there are."""
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(map(short, names[:SHOWN])) + more


def short(text) -> str:
    """A name or a cell in an error, in letters that can be seen."""
    text = os.fsdecode(text) if isinstance(text, os.PathLike) else str(text)
    text = text if text.isprintable() else ascii(text)[1:-1]
    return text if len(text) <= LETTERS else f"{text[:LETTERS]}..."
