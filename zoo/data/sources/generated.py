"""Points in the plane, drawn on the spot: circles, moons, blobs, spirals.

The first three have the bits of scikit-learn's, whose import takes a second and more;
80 % train, 20 % test, as its `train_test_split` does it.
Every set is a pure function of its arguments, whatever the seed of a training run.
"""

import math

import numpy as np

from zoo.data.dataset import Dataset, Split
from zoo.errors import Mistake

NAMES = ("circles", "moons", "blobs", "spirals")
TEST = 0.2
WIDEST = 1e9  # noise or std
MOST = 10**8  # samples, which take 3 GB while they are made


def circles(
    samples: int = 1000, noise: float = 0.03, factor: float = 0.8, data_seed: int = 42
) -> Dataset:
    """Two circles, one within the other.

    Args:
        samples: points in all.
        noise: standard deviation of the noise; the outer radius is 1.
        factor: the inner radius, above 0 and below 1.
        data_seed: seed of the points and of the test split.
    """
    _check(samples, noise, data_seed)
    if not 0 < factor < 1:
        raise Mistake(f"factor={factor}; the inner radius lies between 0 and 1")
    outer, inner = (
        np.linspace(0, 2 * np.pi, n, endpoint=False)
        for n in (samples // 2, samples - samples // 2)
    )
    x = np.append(np.cos(outer), factor * np.cos(inner))
    y = np.append(np.sin(outer), factor * np.sin(inner))
    targets = np.repeat([0, 1], [len(outer), len(inner)])
    points = _noisy(np.stack([x, y], axis=1), targets, noise, data_seed)
    return _points("circles", *points, ("outer", "inner"), data_seed)


def moons(samples: int = 1000, noise: float = 0.1, data_seed: int = 42) -> Dataset:
    """Two interleaving half circles of radius 1.

    Args:
        samples: points in all.
        noise: standard deviation of the noise.
        data_seed: seed of the points and of the test split.
    """
    _check(samples, noise, data_seed)
    upper, lower = (
        np.linspace(0, np.pi, n) for n in (samples // 2, samples - samples // 2)
    )
    x = np.append(np.cos(upper), 1 - np.cos(lower))
    y = np.append(np.sin(upper), 1 - np.sin(lower) - 0.5)
    targets = np.repeat([0, 1], [len(upper), len(lower)])
    points = _noisy(np.stack([x, y], axis=1), targets, noise, data_seed)
    return _points("moons", *points, ("upper", "lower"), data_seed)


def blobs(
    samples: int = 2000, centers: int = 4, std: float = 1.5, data_seed: int = 42
) -> Dataset:
    """Normally distributed clouds around random centers in [-10, 10].

    Args:
        samples: points in all.
        centers: clouds, that is classes, at least 2.
        std: standard deviation of a cloud.
        data_seed: seed of the points and of the test split.
    """
    _check(samples, std, data_seed)
    _check_classes("centers", centers, samples)
    random = np.random.RandomState(data_seed)
    middles = random.uniform(-10, 10, (centers, 2))
    sizes = [len(range(i, samples, centers)) for i in range(centers)]
    clouds = [
        random.normal(middle, std, (size, 2))
        for middle, size in zip(middles, sizes, strict=True)
    ]
    points = _shuffled(
        np.concatenate(clouds), np.repeat(np.arange(centers), sizes), random
    )
    names = tuple(f"blob {i}" for i in range(centers))
    return _points("blobs", *points, names, data_seed)


def spirals(
    samples: int = 900, noise: float = 0.2, arms: int = 3, data_seed: int = 42
) -> Dataset:
    """Spiral arms around the origin, radius 0.1 to 1, each winding by 4 radians.

    Args:
        samples: points in all, as many on each arm as on the others or one more.
        noise: standard deviation of the angle, in radians.
        arms: classes, at least 2.
        data_seed: seed of the points and of the test split.
    """
    _check(samples, noise, data_seed)
    _check_classes("arms", arms, samples)
    targets = np.arange(samples) % arms
    along = np.linspace(0, 1, samples)
    turn = np.random.RandomState(data_seed).normal(0, noise, samples)
    angle = 2 * np.pi * targets / arms + 4 * along + turn
    radius = 0.1 + 0.9 * along
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    names = tuple(f"arm {i}" for i in range(arms))
    return _points("spirals", points, targets, names, data_seed)


def _noisy(points, targets, noise, seed):
    random = np.random.RandomState(seed)
    points, targets = _shuffled(points, targets, random)
    return points + random.normal(0, noise, points.shape), targets


def _shuffled(points, targets, random):
    order = np.arange(len(points))
    random.shuffle(order)
    return points[order], targets[order]


def _points(
    name: str,
    points: np.ndarray,
    targets: np.ndarray,
    classes: tuple[str, ...],
    data_seed: int,
) -> Dataset:
    points, targets = points.astype(np.float32), targets.astype(np.int32)
    order = np.random.RandomState(data_seed).permutation(len(points))
    test, train = np.split(order, [math.ceil(TEST * len(points))])
    return Dataset(
        name=name,
        kind="points",
        train=Split(points[train], targets[train]),
        test=Split(points[test], targets[test]),
        classes=classes,
        features=("x", "y"),
        license="none needed: generated",
        citation="Pedregosa et al., Scikit-learn: Machine Learning in Python, "
        "JMLR 12, 2825-2830, 2011",
        description=f"{len(points)} points in the plane, generated with seed "
        f"{data_seed}; {TEST:.0%} are the test split.",
    )


def _check(samples: int, spread: float, seed: int) -> None:
    if type(samples) is not int or not 20 <= samples <= MOST:
        raise Mistake(
            f"samples={samples}; give a whole number from 20 to {MOST:,}, 20 % of them "
            "are the test"
        )
    if not isinstance(spread, int | float) or not 0 <= spread <= WIDEST:
        raise Mistake(f"noise or std is {spread}; give a number from 0 to {WIDEST:g}")
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise Mistake(f"data_seed={seed}; give a whole number from 0 to below 2**32")


def _check_classes(name: str, count: int, samples: int) -> None:
    if not 2 <= count <= samples:
        raise Mistake(
            f"{name}={count}; give 2 or more, each is a class, and at most one for "
            f"each of the {samples} samples"
        )
