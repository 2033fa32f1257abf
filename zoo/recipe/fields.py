"""The fields of a recipe: plain values of Python, which `recipe.json` can hold."""

import dataclasses
import math
import os
import types
from collections.abc import Mapping

from zoo.errors import Mistake

LARGEST = 2**63 - 1  # of whole numbers


def set_fields(instance, what: str) -> None:
    """Store the fields of a frozen dataclass as plain values of their types."""
    for item in dataclasses.fields(instance):
        try:
            value = _plain(getattr(instance, item.name))
        except RecursionError as error:  # such as a list that holds itself
            raise Mistake(f"{what} field {item.name} is nested too deeply") from error
        _check_size(value, f"{what} field {item.name}")
        if item.type in (float, float | None) and type(value) is int:
            value = float(value)
        if isinstance(item.type, types.UnionType):
            fits = isinstance(value, item.type)
        else:
            fits = type(value) is item.type  # for `isinstance`, True is an int
        if not fits:
            wanted = getattr(item.type, "__name__", str(item.type))
            wanted = wanted.replace("zoo.recipe.record.", "").replace(" | ", " or ")
            raise Mistake(
                f"{what} field {item.name} is of type {wanted}; "
                f"given: {value!r}, of type {type(value).__name__}"
            )
        if isinstance(value, dict | tuple):
            _check_json(value, f"{what} field {item.name}")
        object.__setattr__(instance, item.name, value)


def _plain(value):
    """`value` without types of NumPy, lists and paths."""
    if hasattr(value, "tolist"):  # numbers and arrays, of any framework
        value = value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


def _check_size(value, where: str) -> None:
    """Refuse a whole number that no framework can hold."""
    if isinstance(value, int) and not -LARGEST <= value <= LARGEST:
        raise Mistake(
            f"{where} is a number of {len(str(abs(value)))} digits; "
            f"accepted: whole numbers up to {LARGEST:,}"
        )


def _check_json(value, where: str) -> None:
    """Refuse what `recipe.json` cannot hold."""
    _check_size(value, where)
    if isinstance(value, tuple):
        for each in value:
            _check_json(each, where)
    elif isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str):
                raise Mistake(
                    f"{where} has the key {key!r}; accepted: text, such as '{key}'"
                )
            _check_json(each, f"{where}, {key}")
    elif not isinstance(value, str | int | float | None) or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        raise Mistake(
            f"{where} holds {value!r}, of type {type(value).__name__}; accepted: text, "
            "finite numbers, True, False, None, and tuples and dictionaries of them"
        )
