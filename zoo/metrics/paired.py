"""Two networks on the same examples: how sure is it that one is better?"""

import math

import numpy as np

RESAMPLES, AT_ONCE = 2000, 2**22  # draws; positions in memory at a time


def mcnemar(first: np.ndarray, second: np.ndarray) -> float:
    """The exact two-sided p-value that both are right equally often.

    Only examples that one answers rightly and the other wrongly count: each falls to
    either side like a coin (McNemar 1947, doi:10.1007/BF02295996; exact, by the
    binomial distribution).

    Args:
        first, second: bool (n,), whether each answered the example rightly.
    """
    first, second = np.asarray(first, bool), np.asarray(second, bool)
    only = int((first & ~second).sum()), int((second & ~first).sum())
    total = sum(only)
    ways = term = 1
    for taken in range(min(only)):  # the sum of the binomial coefficients up to there
        term = term * (total - taken) // (taken + 1)
        ways += term
    return min(1.0, 2 * ways / 2**total)


def mean_interval(
    values: np.ndarray, seed: int = 0, groups: np.ndarray | None = None
) -> tuple[float, float]:
    """The 95 % percentile interval of a mean, by the bootstrap.

    Of the differences of two networks on each example it is the paired bootstrap
    (Efron & Tibshirani 1993).

    Args:
        values: float (n,), one an example.
        seed: of the 2,000 resamples.
        groups: int (n,), equal for examples that belong together, which are drawn
            together; None if none do.
    """
    values = np.asarray(values, "float64")
    counts = np.ones(len(values))
    if groups is not None:
        _, places = np.unique(groups, return_inverse=True)
        values, counts = np.bincount(places, values), np.bincount(places).astype(float)
    random = np.random.Generator(np.random.Philox(seed))
    size = len(values)
    rows = max(1, AT_ONCE // size)
    means: list[np.ndarray] = []
    for begin in range(0, RESAMPLES, rows):
        drawn = random.integers(0, size, (min(rows, RESAMPLES - begin), size))
        means.append(values[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975])
    return float(low), float(high)


def binomial_interval(right: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (1927, doi:10.2307/2276774)."""
    z = 1.959964
    share, scale = right / count, 1 + z * z / count
    middle = (share + z * z / (2 * count)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / count + (z / count / 2) ** 2)
    return max(0.0, middle - half), min(1.0, middle + half)
