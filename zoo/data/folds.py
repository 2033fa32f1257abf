"""Cross-validation: training and test examples as parts, each the test once."""

from dataclasses import replace

import numpy as np

from zoo.data.dataset import Dataset, Split, order
from zoo.errors import Mistake


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
            shuffled = np.lexsort((order(count, seed, 0), targets))
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
