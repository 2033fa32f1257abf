"""data.json: what a run keeps of its data, read as if a stranger had written it."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from zoo.core import columns as described
from zoo.core import files, seal
from zoo.data.dataset import KINDS, SPLITS, TASKS, Dataset, Split
from zoo.data.kinds import streams
from zoo.data.kinds.series import Timeline
from zoo.data.kinds.texts import LONGEST, Vocabulary
from zoo.errors import Mistake


def restore(folder: str | os.PathLike) -> Dataset:
    """The data set that `Dataset.save` wrote, without its examples.

    Raises:
        Mistake: the folder has no data.json, or one that cannot be read.
    """
    path = Path(folder) / "data.json"
    if (path.parent / "part-0").is_dir() and not path.exists():
        raise Mistake(
            f"{folder} is a cross-validation, which has no network of its own; give "
            f"that of a part, such as {path.parent / 'part-0'}, or train one on all of "
            "the data"
        )
    if not path.is_file():
        if (part := Path(folder, "part-0")).is_dir():
            raise Mistake(
                f"{folder} is a cross-validation, which has no network of its own; "
                f"give the run of a part, such as {part}"
            )
        raise Mistake(f"{folder} is not the folder of a run: it has no data.json")
    about = files.read_json(path, LARGEST)
    later = _LATER if _is_old(path.parent) else ()
    if about.get("kind") != "image":
        later = (*later, "ink")
    if not about.get("columns") and about.get("kind") != "text":  # of files to be read
        later = (*later, "form")
    _check_fields(path, about, later)
    shape, dtype = about.pop("input_shape"), about.pop("dtype")
    for name in ("classes", "features", "outputs"):
        about[name] = tuple(about.get(name, ()))
    about = {"task": "classes", "unit": ""} | about
    about["columns"] = described.of(about.get("columns", ()))
    if about.get("timeline") is not None:
        about["timeline"] = Timeline.of(about["timeline"])
    for why in _contradictions(about, shape):
        raise Mistake(f"{path} is damaged: {why}")
    encoder = Vocabulary.restore(folder) if about["kind"] == "text" else None
    if encoder and [encoder.length] != shape:
        raise Mistake(
            f"{path} is damaged: input_shape is {shape}, and vocabulary.json has "
            f"texts of {encoder.length} tokens"
        )
    targets = np.zeros(0, np.int32)
    if about["task"] != "classes":
        targets = np.zeros((0, len(about["classes"] or about["outputs"])), np.float32)
    empty = Split(np.zeros((0, *shape), dtype), targets)
    return Dataset(**about, train=empty, encoder=encoder)


def _is_old(folder: Path) -> bool:
    """Whether it is a run of zoo 0.1, which has no sums; or the facts of an export."""
    return (folder / "recipe.json").exists() and not (folder / seal.NAME).exists()


def _check_fields(path: Path, about: dict, later: tuple[str, ...]) -> None:
    """Refuse fields that are missing, unknown, or of another type or range.

    Args:
        path: of the fields.
        about: the fields.
        later: names of those that may be missing besides, as zoo had none of them.
    """
    for name in sorted(about.keys() | _CHECKS.keys()):
        if name not in about and name in (*OPTIONAL, *later):
            continue
        if name not in about:
            raise Mistake(f"{path} is damaged: it has no {name}; train again")
        if name not in _CHECKS:
            raise Mistake(
                f"{path} has {name[:40]!r}, which this zoo does not know; "
                "install the zoo that made the run, or a newer one"
            )
        accepted, holds = _CHECKS[name]
        if not holds(about[name]):
            raise Mistake(
                f"{path} is damaged: {name} is {str(about[name])[:60]!r}; "
                f"accepted: {accepted}"
            )


def _contradictions(about: dict, shape: list[int]) -> Iterator[str]:
    """In which words one field contradicts another; nothing if none does."""
    kind, task, columns = about["kind"], about["task"], about["columns"]
    lengths = {"image": 3, "series": 2, "sequence": 2}.get(kind, 1)
    if len(shape) != lengths:
        yield (
            f"an input of {kind} data has {lengths} dimensions, input_shape is {shape}"
        )
    classes, outputs = len(about["classes"]), len(about["outputs"])
    few, many = _COUNTS[task]
    if not few <= classes <= many or bool(outputs) != (task == "numbers"):
        yield f"its task is {task}, with {classes} classes and {outputs} outputs"
    names = tuple(column.name for column in columns)
    wide = described.width(columns) if columns else len(about["features"])
    if kind in ("tabular", "points") and (
        [wide] != shape or (columns and names != about["features"])
    ):
        yield (
            f"it names {len(about['features'])} columns and its input_shape is {shape}"
        )
    if len({kind == "language", task == "tokens", bool(about["unit"])}) > 1:
        yield "only a language, and each, has tokens"
    if (kind == "sound") != bool(about.get("rate")):
        yield "only sounds, and all, have a rate"
    line = about.get("timeline")
    if (kind == "series") != (line is not None):
        yield "only series, and all, have a timeline"
    if line is not None:
        known = outputs == line.horizon and {*line.ahead} <= {*names}
        if shape != [line.length, wide] or not known or names[:1] != (line.target,):
            yield (
                f"its columns and its input_shape {shape} are not those of its timeline"
            )


# What data.json does not hold of data that have none; and of runs of zoo 0.1.
OPTIONAL = ("timeline", "unit", "rate")
_LATER = ("examples", "ink", "task", "outputs", "columns", "form")
TRUTHS = ("header", "lines")  # of a form; the others are text
FORM = (*TRUTHS, "separator", "decimal", "encoding", "sheet", "text")
LARGEST = 64 * 2**20  # bytes of data.json; 10,000 names of columns have 1 MB
_WIDEST = 2**26  # numbers in one input; 4,096 x 4,096 pixels in color have 50 million


def _is_text(value) -> bool:
    return isinstance(value, str)


def _is_shape(value) -> bool:
    return (
        isinstance(value, list)
        and all(type(n) is int and n > 0 for n in value)
        and math.prod(value) <= _WIDEST
    )


def _are_names(value) -> bool:
    return (
        isinstance(value, list)
        and all(map(_is_text, value))
        and len(set(value)) == len(value)
    )


def are_examples(value) -> bool:
    """Whether a value of JSON is what `zoo.data.identity.examples` gives."""
    return isinstance(value, dict) and all(
        name in SPLITS
        and isinstance(each, dict)
        and each.keys() == {"examples", "sha256"}
        and type(each["examples"]) is int
        and isinstance(each["sha256"], str)
        for name, each in value.items()
    )


def _are_columns(value) -> bool:
    try:
        found = described.of(value) if isinstance(value, list) else None
    except Mistake:
        return False
    return found is not None and all(
        len(set(column.categories)) == len(column.categories)
        and bool(column.categories) == (column.kind not in ("number", "date"))
        and bool(column.length) == (column.kind == "text")
        and 0 <= column.length <= LONGEST
        and column.decimal in (".", ",")
        for column in found
    )


def _is_form(value) -> bool:
    return isinstance(value, dict) and all(
        name in FORM and isinstance(each, bool if name in TRUTHS else str)
        for name, each in value.items()
    )


def _is_timeline(value) -> bool:
    try:
        return value is None or bool(Timeline.of(value))
    except (ValueError, TypeError, Mistake):
        return False


# How many classes there are at least, and at most, in each task.
_COUNTS = {"classes": (2, math.inf), "numbers": (0, 0), "labels": (1, math.inf)}
_COUNTS |= {"tokens": (2, math.inf), "strings": (1, math.inf)}
# What data.json holds: its name, what is accepted, and whether a value is.
_CHECKS = {
    "examples": ("for each split its number and fingerprint", are_examples),
    "name": ("text", _is_text),
    "kind": (", ".join(KINDS), lambda value: value in KINDS),
    "input_shape": ("lengths above 0, not too large", _is_shape),
    "dtype": (
        "uint8, int16, int32, float32",
        lambda value: value in ("uint8", "int16", "int32", "float32"),
    ),
    "classes": ("different names", _are_names),
    "task": (", ".join(TASKS), lambda value: value in TASKS),
    "outputs": ("different names", _are_names),
    "columns": ("objects with name, kind and categories", _are_columns),
    "features": ("different names", _are_names),
    "form": ("how a file of a table was read", _is_form),
    "license": ("text", _is_text),
    "citation": ("text", _is_text),
    "description": ("text", _is_text),
    "rate": (
        "a whole number from 0",
        lambda value: type(value) is int and 0 <= value < 2**31,
    ),
    "timeline": ("null, or how windows are cut from a series", _is_timeline),
    "unit": (", ".join(streams.UNITS), lambda value: value in ("", *streams.UNITS)),
    "missing": ("true or false", lambda value: isinstance(value, bool)),
    "ink": ("true or false", lambda value: isinstance(value, bool)),
    "border": (
        "null, or a brightness of 0 to 255",
        lambda value: (
            value is None or (type(value) in (int, float) and 0 <= value <= 255)
        ),
    ),
}
