"""The fields of a recipe: plain values of Python, which `recipe.json` can hold."""

import dataclasses
import math
import os
import types
from collections.abc import Mapping

from zoo.errors import Mistake


def set_fields(instance, what: str) -> None:
    """Store the fields of a frozen dataclass as plain values of their types."""
    for item in dataclasses.fields(instance):
        value = _plain(getattr(instance, item.name))
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


def _check_json(value, where: str) -> None:
    """Refuse what `recipe.json` cannot hold."""
    if isinstance(value, tuple):
        for each in value:
            _check_json(each, where)
    elif isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str):
                raise Mistake(f"{where} has the key {key!r}; accepted: text")
            _check_json(each, f"{where}, {key}")
    elif not isinstance(value, str | int | float | None) or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        raise Mistake(
            f"{where} holds {value!r}, of type {type(value).__name__}; accepted: text, "
            "finite numbers, True, False, None, and tuples and dictionaries of them"
        )
