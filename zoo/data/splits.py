"""Who goes where: the order of an epoch, a part that is held out, parts in turn."""

from dataclasses import replace

import numpy as np

from zoo.core.random import order, words
from zoo.data.dataset import Dataset, Split
from zoo.errors import Mistake


def carve(
    targets: np.ndarray,
    share: float,
    seed: int,
    classes: tuple[str, ...],
    what: str,
    prints: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Hold out a share of the examples, of classes each in proportion.

    Copies of an example stay on one side, and count as one. Only if a class has no
    other example do they go to both sides.

    Args:
        targets: int array of shape (n,), classes; or of shape (n, k), numbers or
            labels, of which any are held out.
        share: at least 0 and below 1; round(share * n) examples are held out.
        seed: decides which; the same seed, the same examples.
        classes: their names, for the errors.
        what: the name of the split held out, for the errors.
        prints: array of shape (n,), equal for copies; None if none are looked for.

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


def split(dataset: Dataset, fold: tuple[int, ...], seed: int) -> Dataset:
    """The data set with part i of k, `fold=(i, k)`, as test and the rest as training.

    The parts are stratified: of each class, and in all, they hold equally many examples
    or one more. They are a function of (data, k, seed); `fold=(i, k, s)` takes s for
    the seed.

    Raises:
        Mistake: `fold` is out of range, or the examples are not rows.
    """
    if dataset.kind not in ("tabular", "points"):
        raise Mistake(f"fold is for rows; {dataset.name} holds {dataset.kind} data")
    splits = [part for part in (dataset.train, dataset.test) if part]
    inputs = np.concatenate([part.inputs for part in splits])
    targets = np.concatenate([part.targets for part in splits])
    count = len(targets)
    match fold:
        case (part, parts, int(own)):
            return split(dataset, (part, parts), own)
        case (int(part), int(parts)) if 0 <= part < parts and 2 <= parts <= count:
            strata = targets if targets.ndim == 1 else np.zeros(count)
            shuffled = np.lexsort((order(count, seed, 0), strata))
            test = np.zeros(count, bool)
            test[shuffled[part::parts]] = True
            return replace(
                dataset,
                train=Split(inputs[~test], targets[~test]),
                test=Split(inputs[test], targets[test]),
            )
    raise Mistake(
        f"fold={fold}; accepted: (i, k), or (i, k, seed), with 2 <= k <= {count} and "
        "0 <= i < k"
    )
