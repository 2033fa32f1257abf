"""Rows and texts that are given more than once: in two splits, or in two classes.

Pictures of a folder are told by `zoo.data.sources.copies`, which names their files.
"""

import math
import warnings

import numpy as np

from zoo.core.columns import places
from zoo.core.kept import name_of
from zoo.data.dataset import SPLITS, Dataset, Split
from zoo.data.kinds import rows as written
from zoo.data.kinds.tokens import Tokens

SHORT = 5  # words; shorter texts are equal by chance
# Rows are equal by nature in a table of few possible rows, such as one of four small
# whole numbers, or of iris: its columns could hold fewer than so many different rows
# for each of its rows, and no column tells at least half of the rows apart.
ROOM = 10_000
BLOCK = 1000  # pictures that are read at a time
# By the task of the data: what is said of one input with two answers, and what to do.
TORN = {
    "classes": ("in two classes or more", "keep each in the class that is right"),
    "labels": ("with different labels", "keep each with those that are right"),
    "strings": ("with two strings or more", "keep each with what is said in it"),
}
NOUNS = {"text": "text", "image": "picture", "sound": "sound", "sequence": "sequence"}


def tell(dataset: Dataset) -> None:
    """Warn of equal rows or texts, each kind in one line with a count and an example.

    Tables in which rows are equal by nature, see `ROOM`, are passed over, and so are
    texts of fewer than `SHORT` words, rows with an unknown category, which may be any,
    and pictures without fingerprints. Equal texts have equal words.
    """
    if dataset.kind == "series":
        return
    printed = dataset.kind in ("image", "sound")
    splits = {name: part for name in SPLITS if (part := getattr(dataset, name))}
    if printed and any(part.prints is None for part in splits.values()):
        return
    prints = {
        name: part.prints.view(np.int64) if printed else _known(part, dataset)
        for name, part in splits.items()
    }
    together = np.concatenate(list(prints.values()))
    together = together[together != 0]
    if len(np.unique(together)) == len(together):
        return
    seen = prints["train"]
    lines, called = [], name_of(dataset.name)
    for name in list(splits)[1:]:
        both = np.flatnonzero(np.isin(prints[name], seen) & (prints[name] != 0))
        seen = np.concatenate([seen, prints[name]])
        if len(both):
            example = _shown(splits[name].inputs, both[0], dataset)
            where = "train" if name != "test" or len(splits) == 2 else "other splits"
            lines.append(
                f"found {_count(both, dataset)} of {called}'s {name} split "
                f"({len(both) / len(prints[name]):.1%} of it) in {where} as well, such "
                f"as {example}; its accuracy flatters the network: remove them"
            )
    torn = seen[:0]
    if dataset.task in TORN:
        torn = _torn(seen, np.concatenate([part.targets for part in splits.values()]))
    if len(torn):
        split, place = _place(splits, torn[0])
        what, then = TORN[dataset.task]
        lines.append(
            f"found {_count(torn, dataset)} of {called} {what}, such as "
            f"{_shown(splits[split].inputs, place, dataset)}; {then}"
        )
    if lines and (printed or not _are_equal_by_nature(splits, len(np.unique(seen)))):
        for line in lines:
            warnings.warn(line, stacklevel=3)


def copies(dataset: Dataset, split: Split) -> np.ndarray | None:
    """uint64 of shape (n,), equal for equal inputs; None if equal ones say nothing."""
    if dataset.kind in ("image", "sound"):
        count = len(split)
        blocks = (np.arange(count)[i : i + BLOCK] for i in range(0, count, BLOCK))
        found = [hash(each.tobytes()) for part in blocks for each in split.inputs[part]]
        return np.array(found, np.int64).view(np.uint64)
    prints = _prints(split.inputs)
    alone = np.flatnonzero(prints == 0)
    different = len(np.unique(prints))
    if _are_equal_by_nature({"train": split}, different):
        return None
    free = np.setdiff1d(np.arange(1, 2 * len(prints) + 1), prints)  # of other inputs
    prints[alone] = free[: len(alone)]
    return prints.view(np.uint64)


def _known(split: Split, dataset: Dataset) -> np.ndarray:
    """As `_prints`, and 0 for rows with an unknown category."""
    prints = _prints(split.inputs)
    for column, place in places(dataset.columns):
        if column.categories:
            prints[(np.asarray(split.inputs[:, place]) == -1).any(axis=1)] = 0
    return prints


def _prints(inputs) -> np.ndarray:
    """int64 of shape (n,): equal for equal inputs, 0 for texts that are short."""
    if isinstance(inputs, Tokens):
        spans = zip(inputs.starts.tolist(), inputs.lengths.tolist(), strict=True)
        return np.array(
            [
                hash(inputs.flat[start : start + n].tobytes()) if n >= SHORT else 0
                for start, n in spans
            ],
            np.int64,
        )
    rows = np.ascontiguousarray(inputs) + np.float32(0)  # -0.0 is 0.0
    return np.array([hash(row.tobytes()) for row in rows], np.int64)


def _torn(prints: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The first place of each input that occurs with two answers or more."""
    if targets.ndim > 1:
        targets = np.unique(targets, axis=0, return_inverse=True)[1].reshape(-1)
    pairs = np.unique(np.stack([prints, targets.astype(np.int64)]), axis=1)[0]
    found, counts = np.unique(pairs[pairs != 0], return_counts=True)
    torn = found[counts > 1]
    if not len(torn):
        return torn
    known, first = np.unique(prints, return_index=True)
    return np.sort(first[np.isin(known, torn)])


def _place(splits: dict, place: int) -> tuple[str, int]:
    for name, part in splits.items():
        if place < len(part):
            return name, place
        place -= len(part)
    raise IndexError(place)


def _are_equal_by_nature(splits: dict, different: int) -> bool:
    """Whether equal rows say nothing, see `ROOM`; `different` rows are not equal."""
    inputs = splits["train"].inputs
    if isinstance(inputs, Tokens) or len(inputs.shape) > 2:
        return False
    rows = np.concatenate([np.asarray(part.inputs[:]) for part in splits.values()])
    values = [len(np.unique(column)) for column in rows.T]
    return 2 * max(values) < different and math.prod(values) < ROOM * len(rows)


def _count(found: np.ndarray, dataset: Dataset) -> str:
    what = NOUNS.get(dataset.kind, "row")
    return f"1 {what}" if len(found) == 1 else f"{len(found):,} {what}s"


def _shown(inputs, place: int, dataset: Dataset) -> str:
    if isinstance(inputs, Tokens):
        start = inputs.starts[place]
        words = inputs.flat[start : start + min(inputs.lengths[place], 8)]
        return f"'{' '.join(inputs.words[i] for i in words)} ...'"
    if dataset.kind in NOUNS:
        return f"{NOUNS[dataset.kind]} {place + 1}"
    row = np.asarray(inputs[place])
    if dataset.columns:
        return written.shown(row, dataset.columns)
    return ", ".join(f"{value:g}" for value in row)
