"""Parts in turn: each is answered by a network that learned from the others.

What belongs together, copies and groups, is never on both sides. Examples with times
are answered by what learned from earlier ones alone.
"""

import bisect
from dataclasses import replace

import numpy as np

from zoo.core.random import order
from zoo.data import repeats
from zoo.data.dataset import SPLITS, Dataset, Joined, Split
from zoo.data.kinds.tokens import Tokens
from zoo.data.splits import together
from zoo.errors import Mistake


def split(dataset: Dataset, fold: tuple[int, ...], seed: int) -> Dataset:
    """The data set with part i of k, `fold=(i, k)`, as test and the rest as training.

    All examples, those of the data set's own splits, are joined first. The parts are a
    function of (data, k, seed), see `cut`; `fold=(i, k, s)` takes s for the seed.

    Raises:
        Mistake: `fold` is out of range.
    """
    whole = join(dataset)
    count = len(whole)
    match fold:
        case (int(part), int(parts), int(own)):
            return split(dataset, (part, parts), own)
        case (int(part), int(parts)) if 0 <= part < parts and 2 <= parts <= count:
            kept, held = cut(dataset, whole, parts, order(count, seed, 0))[part]
            train, test = whole.take(kept), whole.take(held)
            return replace(dataset, train=train, validation=None, test=test)
        case (int(part), int(parts)) if 0 <= part < parts:
            raise Mistake(
                f"{parts} folds of {count:,} examples; accepted: 2 to {count}"
            )
    raise Mistake(
        f"fold={fold}; accepted: (i, k), or (i, k, seed), part i of k, with "
        f"0 <= i < k and 2 <= k <= {count}, as there are examples"
    )


def join(dataset: Dataset) -> Split:
    """All examples of a data set's splits, with the prints of copies, if any may be."""
    splits = [part for name in SPLITS if (part := getattr(dataset, name))]
    inputs = _joined([part.inputs for part in splits])
    about = {}
    for name in ("prints", "groups", "times"):
        values = [getattr(part, name) for part in splits]
        if all(each is not None for each in values):
            about[name] = np.concatenate(values)
    targets = np.concatenate([part.targets for part in splits])
    whole = Split(inputs, targets, **about)
    if whole.prints is None:
        whole = replace(whole, prints=repeats.copies(dataset, whole))
    return whole


def with_more(dataset: Dataset) -> Dataset:
    """The data set with what is only learned from at the end of its training split.

    It belongs to no group and to no time.
    """
    if dataset.more is None:
        return dataset
    both = join(replace(dataset, validation=None, test=dataset.more))
    train = both.take(np.arange(len(both)))  # of what lies on a disk, rows
    return replace(dataset, train=train, more=None)


def cut(
    dataset: Dataset, whole: Split, parts: int, rank: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The positions to learn from and to answer, for each of `parts`, all ascending.

    Every example is answered once. Parts of classes are stratified: of each class, and
    in all, they hold equally many examples or one more, as far as what belongs together
    allows. With times, the examples are cut into `parts` + 1 blocks, one after the
    other; every block but the first is answered by what learned from those before it.

    Args:
        dataset: of which `whole` is.
        whole: the examples.
        parts: how many, at least 2.
        rank: int (n,), a permutation that decides who goes where.

    Raises:
        Mistake: there are fewer groups, or moments, than parts need.
    """
    count = len(whole)
    if whole.times is not None:
        block = _blocks(whole.times, parts)
        return [
            (np.flatnonzero(block <= part), np.flatnonzero(block == part + 1))
            for part in range(parts)
        ]
    strata = np.zeros(count, int)
    if dataset.task == "classes":
        strata = np.asarray(whole.targets)
    members = together(whole.groups, whole.prints)
    if members is None or len(np.unique(members)) == count:
        number = np.empty(count, int)
        number[np.lexsort((rank, strata))] = np.arange(count) % parts
    else:
        number = _dealt(members, strata, parts, rank)
    return [
        (np.flatnonzero(number != part), np.flatnonzero(number == part))
        for part in range(parts)
    ]


def _dealt(members, strata, parts: int, rank) -> np.ndarray:
    """The part of each example; those with one number in `members` have one part.

    Groups come first, the largest ones before the others, each to the part that has
    the fewest of its classes; single examples then even out each class.
    """
    sizes = np.bincount(members)
    if len(sizes) < parts:
        raise Mistake(
            f"{parts} folds of {len(sizes)} groups; give {len(sizes)} folds or fewer, "
            "for what belongs together stays in one"
        )
    number = np.empty(len(members), int)
    totals = np.bincount(strata)
    held = np.zeros((parts, len(totals)))
    grouped = np.lexsort((rank, members))
    starts = np.cumsum(sizes) - sizes
    large = np.flatnonzero(sizes > 1)
    for unit in large[np.lexsort((rank[grouped[starts[large]]], -sizes[large]))]:
        own = grouped[starts[unit] : starts[unit] + sizes[unit]]
        kinds, counts = np.unique(strata[own], return_counts=True)
        grown = (2 * held[:, kinds] + counts) * counts / totals[kinds]
        part = np.lexsort((held.sum(axis=1), grown.sum(axis=1)))[0]
        number[own] = part
        held[part, kinds] += counts
    single = sizes[members] == 1
    for kind in np.unique(strata[single]):
        own = np.flatnonzero(single & (strata == kind))
        own = own[np.argsort(rank[own])]
        added = _level(held[:, kind], len(own), held.sum(axis=1))
        number[own] = np.repeat(np.arange(parts), added)
        held[:, kind] += added
    return number


def _level(heights: np.ndarray, count: int, sums: np.ndarray) -> np.ndarray:
    """How many of `count` go on each height so that all become as equal as they can."""
    reached = range(count + int(heights.max()) + 1)

    def needed(height: int) -> int:
        return np.maximum(0, height - heights).sum()

    level = bisect.bisect_right(reached, count, key=needed) - 1
    added = np.maximum(0, level - heights).astype(int)
    low = np.flatnonzero(heights <= level)
    added[low[np.argsort(sums[low], kind="stable")[: count - added.sum()]]] += 1
    return added


def _blocks(times: np.ndarray, parts: int) -> np.ndarray:
    """The block of each example, 0 to `parts`; those of one moment are in one."""
    starts = np.sort(times)[np.arange(1, parts + 1) * len(times) // (parts + 1)]
    if not times.min() < starts[0] or not (np.diff(starts) > 0).all():
        raise Mistake(
            f"{parts} folds in the order of time need {parts + 1} blocks of examples, "
            f"and there are {len(np.unique(times))} different moments, many of which "
            "are those of many examples; give fewer folds"
        )
    return np.searchsorted(starts, times, side="right")


def _joined(inputs: list):
    if len(inputs) == 1:
        return inputs[0]
    if isinstance(inputs[0], Tokens):  # their words are the same list
        found = [each.joined() for each in inputs]
        flat = np.concatenate([each.flat for each in found])
        lengths = np.concatenate([each.lengths for each in found])
        return Tokens(flat, np.cumsum(lengths) - lengths, lengths, inputs[0].words)
    if all(type(each) is np.ndarray for each in inputs):
        return np.concatenate(inputs)
    return Joined(tuple(inputs))


def of_series(dataset: Dataset, fold: tuple[int, ...], validation: float) -> Dataset:
    """The windows of one series with part i of k, `fold=(i, k)`, as test.

    The rows are cut into k + 1 blocks, one after the other. Part i, a block, is
    answered by what learned from the rows before it, the last of which, a share of
    them, are the validation. No window crosses a border.

    Args:
        dataset: all windows of a series, in its `train`.
        fold: i and k; a seed behind them changes nothing, as time has one order.
        validation: share of the rows before the part, from 0.

    Raises:
        Mistake: `fold` is out of range, or a part has no window.
    """
    line, whole = dataset.timeline, dataset.train
    assert line, "series have a timeline"
    rows, needed = len(whole.inputs.rows), line.window + line.horizon
    most = max(0, rows // needed - 1)
    match fold:
        case (int(part), int(parts), *_) if 0 <= part < parts and 2 <= parts <= most:
            start, end = ((part + more) * rows // (parts + 1) for more in (1, 2))
        case (int(part), int(parts), *_) if 0 <= part < parts:
            raise Mistake(
                f"{parts} folds of {rows:,} steps; accepted: 2 to {most}, as a window "
                f"and its horizon take {needed:,}"
            )
        case _:
            raise Mistake(
                f"fold={fold}; accepted: (i, k), part i of k, with 0 <= i < k and "
                f"2 <= k <= {most}"
            )
    middle = start - round(validation * start)
    borders = {
        "train": (0, middle),
        "validation": (middle, start),
        "test": (start, end),
    }
    begins, made = whole.inputs.starts, {}
    for name, (first, last) in borders.items():
        inside = np.flatnonzero((begins >= first) & (begins + needed <= last))
        made[name] = whole.take(inside) if len(inside) else None
        if made[name] is None and (name != "validation" or middle < start):
            raise Mistake(
                f"part {part} of {parts}: no window of {needed:,} steps with its "
                f"horizon lies in the {last - first:,} steps of {name}; give "
                "fewer folds, a smaller data.window, or another validation"
            )
    return replace(dataset, **made)
