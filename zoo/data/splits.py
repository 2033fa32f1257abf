"""Who is held out: a share of the examples, and what belongs together on one side."""

import warnings
from dataclasses import replace

import numpy as np

from zoo.core.random import words
from zoo.data.dataset import Dataset
from zoo.errors import Mistake

TEST = 0.2  # the share that is carved out as the test, where none is given


def carve(
    targets: np.ndarray,
    share: float,
    seed: int,
    classes: tuple[str, ...],
    what: str,
    prints: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    times: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Hold out a share of the examples, of classes each in proportion.

    Copies of an example stay on one side, and count as one. Only if a class has no
    other example do they go to both sides.

    With `groups`, whole groups are held out, the classes as near to the share as they
    allow; with `times`, the latest examples are.

    Args:
        targets: int array of shape (n,), classes; or of shape (n, k), numbers or
            labels, of which any are held out.
        share: at least 0 and below 1; round(share * n) examples are held out.
        seed: decides which; the same seed, the same examples.
        classes: their names, for the errors.
        what: the name of the split held out, for the errors.
        prints: array of shape (n,), equal for copies; None if none are looked for.
        groups, times: see `zoo.data.dataset.Split`.

    Returns:
        The positions kept and the positions held out, both ascending.

    Raises:
        Mistake: the share is out of range or too small, or a class has one example.
    """
    if not isinstance(share, int | float) or not 0 <= share < 1:
        raise Mistake(
            f"{what}={share} is not a share of the training data; give a number from 0 "
            "(no such split) to below 1, such as 0.1"
        )
    count = len(targets)
    if share == 0:
        return np.arange(count), np.arange(0)
    if targets.ndim > 1:
        targets, classes = np.zeros(count, np.int32), (f"all of {what}",)
    if times is not None and round(share * count):
        return _latest(times, share, what)
    if groups is not None:
        units = together(groups, prints)
        if len(np.unique(units)) < 2 <= (several := len(np.unique(groups))):
            raise Mistake(
                f"{what}={share}: the {several:,} groups hold copies of each other's "
                f"examples, which stay on one side; remove copies, or give {what}=0"
            )
        return _whole_groups(targets, units, share, seed, what)
    if prints is not None:
        firsts, members = _distinct(targets, prints)
        if len(firsts) < count:
            _, held = carve(targets[firsts], share, seed, classes, what)
            out = np.isin(members, held)
            return np.flatnonzero(~out), np.flatnonzero(out)
    total = round(share * count)
    if total == 0:
        raise Mistake(
            f"{what}={share} of {count} examples is none; give {what}=0, or more"
        )
    sizes = np.bincount(targets, minlength=len(classes))
    few = [classes[i] for i in np.flatnonzero(sizes == 1)]
    if few:
        raise Mistake(
            f"class '{few[0]}' has 1 example, which cannot be both trained on and held "
            f"out; add examples or give {what}=0"
        )
    exact = sizes * (total / count)
    held = np.floor(exact).astype(int)
    spare = np.argsort(held - exact, kind="stable")[: total - held.sum()]
    held[spare] += 1
    held = np.minimum(held, np.maximum(sizes - 1, 0))
    drawn = words(count, seed, 2**64 - 1)
    ranked = np.lexsort((drawn, targets))
    starts = np.cumsum(sizes) - sizes
    chosen = [ranked[s : s + k] for s, k in zip(starts, held, strict=True)]
    out = np.zeros(count, bool)
    out[np.concatenate(chosen)] = True
    return np.flatnonzero(~out), np.flatnonzero(out)


def carved(dataset: Dataset, test: float | None = None) -> Dataset:
    """The data set with a test split, if it has none: a share of its training rows."""
    if dataset.test is not None:
        if test is not None:
            raise Mistake(f"{dataset.name} has its own test; leave out test={test}")
        return dataset
    default = 0.0 if dataset.validation is not None else TEST
    share = default if test is None else test
    whole = dataset.train
    if test is None and share and not round(share * len(whole)):
        warnings.warn(
            f"{dataset.name} has {len(whole)} examples, too few for a test: none are "
            "held out",
            stacklevel=5,
        )
        return dataset
    about = whole.prints, whole.groups, whole.times
    kept, held = carve(whole.targets, share, 0, dataset.classes, "test", *about)
    if not len(held):
        return dataset
    how = _how(dataset, len(held))
    return replace(
        dataset,
        train=whole.take(kept),
        test=whole.take(held),
        description=f"{dataset.description} {how}".strip(),
    )


def _how(dataset: Dataset, held: int) -> str:
    """How the test was chosen among the training rows."""
    whole = dataset.train
    if whole.times is not None:
        return f"The latest {held} of {len(whole)} examples are the test split."
    said = f"{held} of {len(whole)} examples were carved out as the test split"
    if whole.groups is not None:
        return f"{said}, whole groups, seed 0."
    said += ", stratified, seed 0." if whole.targets.ndim == 1 else ", seed 0."
    dates = [each.name for each in dataset.columns if each.kind == "date"]
    if dates:
        said += (
            " Earlier and later rows are on both sides; where rows go on from each "
            f"other, data.time={dates[0]} tests on the latest."
        )
    return said


def _distinct(targets: np.ndarray, prints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first example of each group of copies, and the group of each example.

    The groups are in the order of their first examples. Equal inputs of two classes
    are two groups; the copies in a class without other examples are a group each.
    """
    pairs = np.stack([targets.astype(np.uint64), prints.astype(np.uint64)], axis=1)
    _, first, group = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    first = first[group.ravel()]
    kinds = np.bincount(targets[np.unique(first)], minlength=targets.max() + 1)
    alone = kinds[targets] == 1
    first[alone] = np.flatnonzero(alone)
    return np.unique(first, return_inverse=True)


def _latest(times: np.ndarray, share: float, what: str) -> tuple:
    """Hold out the latest examples; those of one moment stay on one side."""
    count = len(times)
    first = np.sort(times)[count - round(share * count)]
    kept, held = np.flatnonzero(times < first), np.flatnonzero(times >= first)
    if not len(kept):
        raise Mistake(
            f"{what}={share}: all examples before the latest are of one moment, so "
            "none would be left to train on; give another time column"
        )
    return kept, held


def _whole_groups(targets, groups, share: float, seed: int, what: str) -> tuple:
    """Hold out groups, one after the other while they bring every class closer."""
    count, sizes = len(targets), np.bincount(groups)
    if len(sizes) < 2:
        raise Mistake(
            f"{what}={share}: all {count} examples are of one group, which cannot be "
            f"both trained on and held out; give {what}=0"
        )
    grouped = np.split(np.argsort(groups, kind="stable"), np.cumsum(sizes)[:-1])
    wanted = share * np.bincount(targets)
    lacking = wanted.copy()
    out = np.zeros(count, bool)
    for unit in np.argsort(words(len(sizes), seed, 2**64 - 1)):
        kinds, counts = np.unique(targets[grouped[unit]], return_counts=True)
        # By how much it shrinks the squares of what each class lacks.
        gain = (2 * lacking[kinds] - counts) * counts / wanted[kinds]
        if gain.sum() > 0:
            out[grouped[unit]] = True
            lacking[kinds] -= counts
    if not out.any():  # every group is larger than the share
        out[grouped[sizes.argmin()]] = True
    return np.flatnonzero(~out), np.flatnonzero(out)


def together(*labels: np.ndarray | None) -> np.ndarray | None:
    """Numbers of what stays together, int (n,), in the order of the first examples.

    Examples with one label in any of the arrays belong together, and so do those that
    each belong with a third one.

    Args:
        labels: arrays of shape (n,); None says nothing.
    """
    known = [_numbered(each) for each in labels if each is not None]
    if len(known) < 2:
        return known[0] if known else None
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    one, two = known[0], known[1] + known[0].max() + 1
    shape = (two.max() + 1,) * 2
    edges = coo_matrix((np.ones(len(one), bool), (one, two)), shape)
    return together(connected_components(edges)[1][one], *known[2:])


def _numbered(labels: np.ndarray) -> np.ndarray:
    _, first, number = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number]
