"""Two networks on the same examples: how sure is it that one is better?"""

import math

import numpy as np

from zoo.metrics.summary import student

Z = 1.959964  # of 97.5 % of a normal distribution
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
    """The 95 % percentile interval of a mean, by the bootstrap; of groups `widened`.

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
    if groups is not None:
        return widened((low, high), values.sum() / counts.sum(), size)
    return float(low), float(high)


def widened(
    ends: tuple[float, float], middle: float, groups: int
) -> tuple[float, float]:
    """A percentile interval of resampled groups, as far as Student's is of so few.

    A resample varies less than a sample by the root of n / (n - 1), and its percentiles
    are those of endless groups (Hesterberg 2015, doi:10.1080/00031305.2015.1089789).

    Args:
        ends: of the interval.
        middle: the value of all examples.
        groups: how many; of 1 nothing is known, and nothing is changed.
    """
    low, high = map(float, ends)
    if groups < 2:
        return low, high
    factor = student(groups - 1, 0.975) / Z * math.sqrt(groups / (groups - 1))
    return (
        min(low, float(middle - factor * (middle - low))),
        max(high, float(middle + factor * (high - middle))),
    )


def binomial_interval(right: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (1927, doi:10.2307/2276774)."""
    share, z = right / count, Z
    scale = 1 + z * z / count
    middle = (share + z * z / (2 * count)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / count + (z / count / 2) ** 2)
    return max(0.0, middle - half), min(1.0, middle + half)
