"""Changes to a recipe, as they are typed: `epochs=2`, `model.variant=relu`."""

import ast
import dataclasses
import os
import warnings
from collections.abc import Sequence

from zoo.core.arguments import readable
from zoo.errors import Mistake
from zoo.recipe.record import FIELDS, FIXED, Recipe, check_name, unknown_field

PATHS = ("path", "file", "more")
"""The arguments of data sets that are paths."""
COLUMNS = ("target", "text", "groups", "time", "key", "split", "sheet")
"""Those that name a column, or several, or a sheet."""
WORDS = ("classes", "features", "ahead", "task", "step", "encoding", "separator")
"""Those that are other words: as numbers, 1_0 and 1e3 would be 10 and 1000.0."""
_NESTED = {
    "model": "model_arguments",
    "data": "data_arguments",
    "optimizer": "optimizer_arguments",
    "augment": "augment",
}


def override(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """`recipe` with changes such as "epochs=2", "model.variant=relu", "augment.flip=0".

    A value is Python (`3e-4`, `True`, `64,64`) or else text; that of a field of text,
    such as `data`, a path, and names of columns and classes are text in any case.
    `model.NAME` sets an argument of the model, `data.NAME` and `optimizer.NAME` one of
    the data set and of the optimizer, `data.columns.NAME` one in a dictionary,
    `augment.NAME` an augmentation's strength and `stage.2.NAME` a field of the second
    stage. Another optimizer has none of the last one's arguments.

    Raises:
        Mistake: not of the form field=value, no such field or stage, a wrong type, or
            a field that the recipe's stages set.
    """
    given: dict[str, str] = {}
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            what = f"'{change}' is not field=value; for example: epochs=2"
            if os.path.exists(change):
                what = (
                    f"'{change}' is a second file or folder, and one is learned from: "
                    "lay files in one folder, or join texts or tables into one file"
                )
            raise Mistake(what)
        if given.setdefault(key, text) != text:
            warnings.warn(
                f"{key} is given twice: {key}={text} is used, not {key}={given[key]}",
                stacklevel=2,
            )
            given[key] = text
        recipe = dataclasses.replace(recipe, **_change(recipe, change, key, text))
    return recipe


def _change(recipe: Recipe, change: str, key: str, text: str) -> dict:
    """The field of `recipe` that a change is about, and its new value."""
    head, dot, tail = key.partition(".")
    if dot and head in _NESTED:
        name = _NESTED[head]
        value = _of_data(tail, text) if head == "data" else _parse(readable(text))
        return {name: _changed(getattr(recipe, name), tail, value)}
    stages = list(recipe.stages)
    if dot and head == "stage":
        number, _, name = tail.partition(".")
        if number not in map(str, range(1, len(stages) + 1)):
            raise Mistake(f"'{change}': this recipe has {len(stages)} stages")
        place = int(number) - 1
        stages[place] = {**stages[place], name: _value(name, text)}
        return {"stages": tuple(stages)}
    value = _value(key, text)
    if places := [n for n, stage in enumerate(stages, 1) if key in stage]:
        raise Mistake(
            f"'{change}': this recipe's stages set {key}; "
            f"change it there: stage.{places[-1]}.{change}"
        )
    if key == "optimizer" and value != recipe.optimizer:
        return {"optimizer": value, "optimizer_arguments": {}}
    return {key: value}


def _changed(values: dict, key: str, value) -> dict:
    """`values` with one changed; that of "columns.zip" is one in a dictionary."""
    key, dot, inside = key.partition(".")
    if dot:
        inner = values.get(key) or {}
        value = _changed(inner if isinstance(inner, dict) else {}, inside, value)
    return {**values, key: value}


def _value(name: str, text: str):
    """The value of the field `name` that was written as `text`."""
    check_name(name)
    value = _parse(text)
    if name in FIXED and not isinstance(value, dict):
        raise unknown_field(name)
    if name == "class_weight" and isinstance(value, dict):
        return {_class(key): each for key, each in value.items()}
    if name == "class_weight" and text.startswith("{"):
        raise Mistake(
            f"class_weight={text} is no dictionary; write the names in quotes, and all "
            "of it in others, which a shell takes away: "
            "\"class_weight={'defect': 9}\""
        )
    return text if FIELDS[name].type is str else value


def _class(key) -> str:
    """The name of a class that was typed without quotes, as 3 for the class '3'."""
    return str(key) if type(key) in (int, float) else key


def _of_data(name: str, text: str):
    """The value of an argument of the data."""
    if name in PATHS + COLUMNS and not text:
        raise Mistake(f"data.{name}= is empty; give a name, or leave it out")
    if name in PATHS:
        return text
    text = readable(text)
    value = _parse(text)
    if name not in COLUMNS + WORDS or (value is None and name in WORDS):
        return value
    quoted = [value] if isinstance(value, str) else value
    several = isinstance(quoted, tuple | list)
    return value if several and any(isinstance(v, str) for v in quoted) else text


def _parse(text: str):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {"true": True, "false": False}.get(text.lower(), text)
