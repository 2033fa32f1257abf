"""Which examples are these? Classes and columns by name, and a fingerprint.

A run keeps both, so that it is evaluated and resumed on what it learned from, or says
that this is not so.
"""

import hashlib
import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from zoo.core import columns as described
from zoo.core.columns import Column
from zoo.core.kept import called
from zoo.data import categories
from zoo.data.dataset import SPLITS, Dataset, Split
from zoo.data.kept_facts import restore
from zoo.data.kinds.values import listed
from zoo.data.windows import Windows
from zoo.errors import Mistake

WHOLE = 64 * 2**20  # bytes; of a larger split a sample is read: 0.1 s at 0.6 GB/s
SAMPLE = 4096  # examples


def examples(dataset: Dataset) -> dict[str, dict]:
    """For each split its number of examples and their fingerprint, JSON values."""
    return {
        name: {"examples": len(split), "sha256": fingerprint(split)}
        for name in SPLITS
        if (split := getattr(dataset, name))
    }


def fingerprint(split: Split) -> str:
    """The SHA-256 of the shape, the type, all targets, and the inputs in their order.

    All inputs are read up to 64 MiB; of more, 4,096 examples at equal distances, the
    first and the last among them: a change that keeps the number of examples and all
    classes can then be overlooked.
    """
    inputs, count = split.inputs, len(split)
    if isinstance(inputs, Windows):
        return _of_windows(inputs)
    digest = hashlib.sha256(f"{inputs.dtype.str} {tuple(inputs.shape)}".encode())
    targets = np.asarray(split.targets)
    kept = "<f4" if targets.dtype.kind == "f" else "<i8"
    digest.update(np.ascontiguousarray(targets, kept))
    size = int(np.prod(inputs.shape, dtype=object)) * inputs.dtype.itemsize
    if size > WHOLE and count > SAMPLE:
        places = np.linspace(0, count - 1, SAMPLE).astype(int)
        digest.update(np.ascontiguousarray(inputs[places]))
    else:
        if type(inputs) is not np.ndarray:  # what lies on a disk reads rows
            inputs = inputs[np.arange(count)]
        digest.update(np.ascontiguousarray(inputs))
    return digest.hexdigest()


def _of_windows(windows: Windows) -> str:
    """That of the rows, answers among them, and of where the windows begin."""
    digest = hashlib.sha256(f"{windows.dtype.str} {windows.shape}".encode())
    digest.update(np.ascontiguousarray(windows.seen()))
    digest.update(np.ascontiguousarray(windows.starts - windows.starts[:1], "<i8"))
    return digest.hexdigest()


def kept(folder: Path) -> dict | None:
    """What a run keeps of its data: names and fingerprints; None if there is nothing.

    JSON values: "classes" and "features", lists of names; "columns", see
    `zoo.core.columns.to_json`; and "examples", see `examples`, which is {} for a run of
    zoo 0.2 or older.
    """
    if not (folder / "data.json").is_file():
        return None
    known = restore(folder)
    names = {"classes": list(known.classes), "features": list(known.features)}
    columns = described.to_json(known.columns)
    return {**names, "columns": columns, "examples": known.examples}


def align(
    dataset: Dataset,
    classes: Sequence[str],
    features: Sequence[str],
    columns: Sequence = (),
    fewer: bool = False,
) -> Dataset:
    """`dataset` with these classes and columns in this order, matched by name.

    Args:
        dataset: as it was loaded.
        classes, features, columns: what a run learned from, see `kept`.
        fewer: whether some of the classes may have no example, as in a small test, and
            columns that the run does not know are left out.

    Raises:
        Mistake: the classes or the columns have other names.
    """
    classes, features = tuple(classes), tuple(features)
    numbers = _places("classes", dataset.name, dataset.classes, classes, fewer)
    if fewer and dataset.columns:
        dataset = _without_others(dataset, features)
    moved = _places("columns", dataset.name, dataset.features, features)
    then = described.of(columns)
    if fewer:
        _tell_unknown(dataset, then)
    if numbers is None and moved is None:
        return _with_columns(dataset, then)
    if moved is not None:
        dataset = _picked(dataset, np.argsort(moved))
    splits = {}
    for name in SPLITS:
        split = getattr(dataset, name)
        if split and numbers is not None:
            targets = split.targets
            if targets.ndim == 1:
                targets = numbers[targets].astype(np.int32)
            else:
                given, targets = targets, np.zeros((len(targets), len(classes)))
                targets[:, numbers] = given
                targets = targets.astype(given.dtype)
            splits[name] = replace(split, targets=targets)
    dataset = replace(dataset, classes=classes, features=features, **splits)
    return _with_columns(dataset, then)


def check_steps(dataset: Dataset, known: Dataset) -> None:
    """Refuse a series whose rows are farther apart, or nearer, than a run's own."""
    now, then = dataset.timeline, known.timeline
    if now and then and str(now.step) != str(then.step):
        raise Mistake(
            f"the steps of {called(dataset.name)} are of {now.step}, and the network "
            f"learned from steps of {then.step}"
        )


def _without_others(dataset: Dataset, features: tuple[str, ...]) -> Dataset:
    """The data set without the columns that have none of these names."""
    known = [i for i, name in enumerate(dataset.features) if name in features]
    if len(known) == len(dataset.features):
        return dataset
    left = tuple(name for name in dataset.features if name not in features)
    warnings.warn(
        f"{called(dataset.name)}: not used: {listed(left)}; the network learned "
        f"from {listed(features)}",
        stacklevel=4,
    )
    return _picked(dataset, np.array(known, int))


def _picked(dataset: Dataset, index: np.ndarray) -> Dataset:
    """The data set with the columns at these places, in this order."""
    taken, splits = _taken(dataset, index), {}
    for name in SPLITS:
        if split := getattr(dataset, name):
            inputs = split.inputs
            windows = isinstance(inputs, Windows)
            inputs = (
                inputs.on(inputs.rows[:, taken], taken) if windows else inputs[:, taken]
            )
            splits[name] = replace(split, inputs=inputs)
    columns = tuple(dataset.columns[i] for i in index) if dataset.columns else ()
    names = tuple(dataset.features[i] for i in index)
    return replace(dataset, features=names, columns=columns, **splits)


def _tell_unknown(dataset: Dataset, then: tuple[Column, ...]) -> None:
    """Warn of categories that a run has not met, as `zoo predict` does."""
    now = {each.name: each for each in dataset.columns}
    for column in then:
        if column.kind != "category" or column.name not in now:
            continue
        new = sorted({*now[column.name].categories} - {*column.categories})
        if new:
            more = f" and {len(new) - 1:,} more are" if new[1:] else " is"
            warnings.warn(
                f"column {column.name}: '{new[0]}'{more} unknown to the network, which "
                f"learned from {listed(column.categories)}",
                stacklevel=4,
            )


def _with_columns(dataset: Dataset, then: tuple[Column, ...]) -> Dataset:
    """The data set with the categories that a run learned.

    Raises:
        Mistake: a column holds something else than it did.
    """
    for now, before in zip(dataset.columns, then, strict=False):
        if now.kind != before.kind:
            raise Mistake(
                f"column '{now.name}' of {dataset.name} holds kind {now.kind}, and the "
                f"run learned it as {before.kind}; give the run the data that it was "
                f"trained on, or set data.columns.{now.name}={before.kind}"
            )
    same = len(then) == len(dataset.columns)
    return categories.recoded(dataset, then) if then and same else dataset


def _taken(dataset: Dataset, order: np.ndarray) -> np.ndarray:
    """Where the numbers of the columns in this order stand in a row."""
    if not dataset.columns:
        return order
    found = [np.r_[place] for _, place in described.places(dataset.columns)]
    return np.concatenate([found[i] for i in order])


def differences(then: dict[str, dict], now: dict[str, dict]) -> str:
    """How the examples differ from those that a run began with; "" if they do not.

    Args:
        then: what a run kept, see `kept`; {} if it kept nothing.
        now: what `examples` gives for the aligned data.
    """
    words = []
    for name in SPLITS if then else ():
        if then.get(name) == now.get(name):
            continue
        counts = [part.get(name, {}).get("examples", 0) for part in (then, now)]
        if counts[0] != counts[1]:
            words.append(f"{name} had {counts[0]:,} examples and has {counts[1]:,}")
        else:
            words.append(f"{name} has {counts[0]:,} examples as before, but others")
    return "; ".join(words)


def _places(
    kind: str, data: str, now: tuple, then: tuple, fewer: bool = False
) -> np.ndarray | None:
    """Where each of the names `now` stands in `then`; None if all stand as before."""
    now, then = (
        tuple(unicodedata.normalize("NFC", n) for n in ns) for ns in (now, then)
    )
    if now == then:
        return None
    if fewer and (new := sorted({*now} - {*then})):
        raise Mistake(
            f"the {kind} of {called(data)} are not all known to the run: new: "
            f"{', '.join(new)}; it learned {listed(then)}; call them so, or "
            "leave them out"
        )
    if fewer and kind == "columns" and (gone := sorted({*then} - {*now})):
        raise Mistake(
            f"{called(data)} lacks columns that the run learned from: "
            f"{', '.join(gone)}; add them"
        )
    if sorted(now) != sorted(then) and not fewer:
        gone = ", ".join(sorted(set(then) - set(now))) or "none"
        new = ", ".join(sorted(set(now) - set(then))) or "none"
        raise Mistake(
            f"the {kind} of {data} are no longer those that the run learned: gone: "
            f"{gone}; new: {new}; give the run the data that it was trained on, or "
            "train again"
        )
    return np.array([then.index(name) for name in now], int)
