"""Any TensorFlow Datasets name: its splits, columns and classes, from the cache."""

import os
import warnings

import numpy as np

from zoo.core.paths import expand
from zoo.data.cache import place, remember
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds import picture_files, tables
from zoo.data.kinds.tokens import Tokens
from zoo.data.sources import masses, tfds_prepare
from zoo.data.sources.tfds_convert import SIZE, convert, fresh
from zoo.data.splits import carved
from zoo.errors import Mistake, unknown


def read(
    name: str,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    features: tuple[str, ...] | None = None,
    classes: tuple[str, ...] | None = None,
    test: float | None = None,
    file: str | os.PathLike | None = None,
    complete: bool = False,
) -> Dataset:
    """A TFDS data set: pictures, texts or rows of numbers, with one class label each.

    TFDS's "train" is the training split. The test split is "test" if it has labels, or
    else "validation", or else a part of "train": stratified, always the same. If "test"
    has labels, a labeled "validation" is the validation split. A warning names other
    splits with labels; they are not used.

    Args:
        name: as TFDS takes it, such as "mnist" or "glue/sst2".
        size: height and width of pictures in pixels; default as they are, 224 where
            they differ. See `zoo.data.kinds.picture_files` for how.
        channels: 1 for gray, 3 for RGB; default as the pictures are.
        features: columns of a table to use, in this order; default all, or what the
            zoo's own builder names.
        classes: classes to use, in this order; default all.
        test: share of "train" to carve out where there is no test split; default 0.2,
            or what the zoo's own builder names; 0 for none.
        file: mammographic_masses only: UCI's file, where there is no network.
        complete: use only the rows of a table in which no value is missing.

    Returns:
        The data set; texts are still `zoo.data.kinds.tokens.Tokens`.

    Raises:
        Mistake: the name is unknown, cannot be downloaded or prepared, holds something
            else than pictures, texts or rows, or an argument does not fit it.
    """
    if file and name != "mammographic_masses":
        raise Mistake(f"file={file} is for mammographic_masses, not for {name}")
    if file and not expand(file).is_file():
        raise Mistake(f"there is no file {file}")
    if file:  # what was prepared once is not read again, and another file would pass
        masses.read(file)
    if size or channels:
        picture_files.checked(size or SIZE, channels or 3)
    arrays, facts = remember(
        name,
        _identity(name, size, channels),
        lambda to: convert(name, size, channels, file, to),
        fresh,
    )
    kind, columns = facts["kind"], tuple(facts["features"])
    if unused := facts.get("unused"):
        warnings.warn(
            f"{name} has other splits that are not used: {', '.join(unused)}; zoo "
            "reads train, validation and test",
            stacklevel=3,
        )
    if (size or channels) and kind != "image":
        raise Mistake(f"size and channels are for pictures; {name} holds {kind} data")
    if features and kind != "tabular":
        raise Mistake(f"features are for tables; {name} holds {kind} data")
    if complete and kind != "tabular":
        raise Mistake(f"complete is for tables; {name} holds {kind} data")
    splits = {part: _split(arrays, facts, part) for part in facts["parts"]}
    if kind == "tabular":
        chosen = _among(features or facts["used"], columns, "column")
        index = [columns.index(column) for column in chosen]
        splits = {k: Split(s.inputs[:, index], s.targets) for k, s in splits.items()}
        columns = chosen
        if complete:
            splits = {part: _complete(split) for part, split in splits.items()}
        for part, split in splits.items():
            tables.check(split.inputs, columns, facts["missing"], f"{name}, {part}")
    labels = tuple(facts["classes"])
    if classes:
        labels = _among(classes, labels, "class")
        if len(labels) < 2:
            raise Mistake(f"classes={classes}; two classes are needed, or more")
        numbers = [facts["classes"].index(label) for label in labels]
        splits = {part: _only(split, numbers) for part, split in splits.items()}
    if "test" not in splits and test is None:
        test = facts["test"]
    dataset = Dataset(
        name=name,
        kind=kind,
        train=splits["train"],
        validation=splits.get("validation"),
        test=splits.get("test"),
        classes=labels,
        features=columns,
        license=facts["license"],
        citation=facts["citation"],
        description=facts["description"],
        missing=facts["missing"],
        border=facts["border"],
    )
    return carved(dataset, test)


def kept(name: str, size=None, channels: int | None = None) -> bool:
    """Whether zoo's cache has a copy of what `read` would decode."""
    return place(name, _identity(name, size, channels)).exists()


def _identity(name: str, size, channels: int | None) -> dict:
    roots = tfds_prepare.roots(name)
    return {"name": name, "roots": roots, "size": size, "channels": channels}


def _split(arrays: dict[str, np.ndarray], facts: dict, part: str) -> Split:
    inputs, targets = arrays[f"{part}_inputs"], np.array(arrays[f"{part}_targets"])
    if facts["kind"] == "text":
        lengths = np.array(arrays[f"{part}_lengths"])
        starts = np.cumsum(lengths) - lengths
        return Split(Tokens(inputs, starts, lengths, facts["words"]), targets)
    return Split(inputs, targets)


def _among(given, accepted: tuple[str, ...], kind: str) -> tuple[str, ...]:
    given = (given,) if isinstance(given, str) else tuple(given)
    for name in given:
        if name not in accepted:
            raise unknown(kind, str(name), accepted)
    if len(set(given)) < len(given):
        raise Mistake(f"a {kind} is given twice: {', '.join(given)}")
    return given


def _complete(split: Split) -> Split:
    return split.take(np.flatnonzero(~np.isnan(split.inputs).any(axis=1)))


def _only(split: Split, numbers: list[int]) -> Split:
    """The examples of these classes, numbered in this order."""
    chosen = split.take(np.flatnonzero(np.isin(split.targets, numbers)))
    renumbered = np.zeros(max(numbers) + 1, np.int32)
    renumbered[numbers] = np.arange(len(numbers))
    return Split(chosen.inputs, renumbered[chosen.targets])
