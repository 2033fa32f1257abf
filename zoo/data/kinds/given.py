"""What users hold their inputs in: lists, arrays, tensors, series, frames."""

import os
from collections.abc import Collection, Iterable, Mapping
from numbers import Number

import numpy as np

from zoo.core.arrays import of_tensor, without_mask
from zoo.errors import Mistake


def is_frame(given) -> bool:
    """Whether this is a table with named columns, of pandas or polars."""
    return hasattr(given, "columns") and hasattr(given, "to_dict")


def check_index(frame, names: Collection[str]) -> None:
    """Refuse a frame of pandas with one of these columns as its index."""
    for name in getattr(getattr(frame, "index", None), "names", ()):
        if name in names and name not in frame.columns:
            raise Mistake(
                f"'{name}' is the index of the table; table.reset_index() makes it a "
                "column"
            )


def is_series(given) -> bool:
    """Whether this is one column or row of such a table."""
    return hasattr(given, "to_list") and not is_frame(given)


def is_array(given) -> bool:
    """Whether this is an array or a tensor, of any framework."""
    return hasattr(given, "__array__") and not is_frame(given) and not is_series(given)


def array(given) -> np.ndarray:
    """An array or tensor of any framework, on any device, as a NumPy array.

    What is masked is NaN, or None where there are no numbers.

    Raises:
        Mistake: it is a tensor without values, or of a kind that NumPy has not.
    """
    if not is_array(given):
        return np.asarray(given)
    try:
        return without_mask(np.asanyarray(of_tensor(given)))
    except (TypeError, ValueError, RuntimeError) as error:
        reason = str(error).split(". ")[0].splitlines()[0]
        raise Mistake(
            f"{described(given)} cannot be read as an array: {reason}"
        ) from error


def numbers(given: np.ndarray) -> np.ndarray:
    """An array of Python's objects that are numbers as an array of numbers."""
    if given.dtype != object or not isinstance(next(given.flat, None), Number):
        return given
    return np.array(given.tolist())


def by_name(given):
    """A tuple whose values have names as a dictionary; anything else as it is."""
    return given._asdict() if hasattr(given, "_asdict") else given


def several(given, wanted: str) -> list:
    """The items of a list, series or generator, in order.

    Args:
        given: what the user gave.
        wanted: what to give instead, for the errors.

    Raises:
        Mistake: it is nothing that can be walked through in order.
    """
    if is_series(given):
        return given.to_list()
    if is_frame(given):
        return column(given, wanted)
    single = isinstance(given, Mapping | set | frozenset)
    if single or not isinstance(given, Iterable):
        raise Mistake(f"{described(given)} cannot be read; give {wanted}")
    return list(given)


def column(frame, wanted: str) -> list:
    """The values of a frame's one column.

    Raises:
        Mistake: the frame has several columns.
    """
    names = list(frame.columns)
    if len(names) != 1:
        shown = ", ".join(map(str, names[:10]))
        raise Mistake(
            f"the table has {len(names)} columns ({shown}); give {wanted}: choose one "
            "column, as in table['name']"
        )
    return frame[names[0]].to_list()


def is_missing(value) -> bool:
    """Whether this is None, NaN, or the missing value of pandas."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def described(value) -> str:
    """A value in a few words, for an error."""
    if is_missing(value):
        return "a missing value" if value is not None else "None"
    if isinstance(value, str | bytes | Number | os.PathLike):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}..."
    return f"a value of type {type(value).__name__}"
