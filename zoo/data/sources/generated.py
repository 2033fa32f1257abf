"""Points in the plane, drawn on the spot: circles, moons, blobs, spirals.

The first three are scikit-learn's; 80 % train, 20 % test, by its `train_test_split`.
Every set is a pure function of its arguments, whatever the seed of a training run.
"""

import importlib

import numpy as np

from zoo.data.dataset import Dataset, Split
from zoo.errors import Mistake

NAMES = ("circles", "moons", "blobs", "spirals")
TEST = 0.2
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
    points = _sklearn("datasets").make_circles(
        samples, noise=noise, factor=factor, random_state=data_seed
    )
    return _points("circles", *points, ("outer", "inner"), data_seed)


def moons(samples: int = 1000, noise: float = 0.1, data_seed: int = 42) -> Dataset:
    """Two interleaving half circles of radius 1.

    Args:
        samples: points in all.
        noise: standard deviation of the noise.
        data_seed: seed of the points and of the test split.
    """
    _check(samples, noise, data_seed)
    points = _sklearn("datasets").make_moons(
        samples, noise=noise, random_state=data_seed
    )
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
    if centers < 2:
        raise Mistake(f"centers={centers}; give 2 or more, each is a class")
    points = _sklearn("datasets").make_blobs(
        samples, centers=centers, cluster_std=std, random_state=data_seed
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
    if arms < 2:
        raise Mistake(f"arms={arms}; give 2 or more, each is a class")
    targets = np.arange(samples) % arms
    along = np.linspace(0, 1, samples)
    turn = np.random.RandomState(data_seed).normal(0, noise, samples)
    angle = 2 * np.pi * targets / arms + 4 * along + turn
    radius = 0.1 + 0.9 * along
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    names = tuple(f"arm {i}" for i in range(arms))
    return _points("spirals", points, targets, names, data_seed)


def _points(
    name: str,
    points: np.ndarray,
    targets: np.ndarray,
    classes: tuple[str, ...],
    data_seed: int,
) -> Dataset:
    split = _sklearn("model_selection").train_test_split
    train, test, train_targets, test_targets = split(
        points.astype(np.float32),
        targets.astype(np.int32),
        test_size=TEST,
        random_state=data_seed,
    )
    return Dataset(
        name=name,
        kind="points",
        train=Split(train, train_targets),
        test=Split(test, test_targets),
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
    if not isinstance(spread, int | float) or not spread >= 0:
        raise Mistake(f"noise or std is {spread}; give a number from 0")
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise Mistake(f"data_seed={seed}; give a whole number from 0 to below 2**32")


def _sklearn(module: str):
    try:
        return importlib.import_module(f"sklearn.{module}")
    except ImportError as error:
        raise Mistake(
            "circles, moons, blobs and spirals need scikit-learn: "
            "pip install scikit-learn"
        ) from error
