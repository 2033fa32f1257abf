"""Whether probabilities mean what they say, and what makes them."""

import math

import numpy as np

from zoo.metrics.classes import (
    BINS,
    bins,
    distance,
    of_all_classes,
    probabilities,
)

HOTTEST = 100.0


def temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """What logits are divided by so that probabilities mean what they say.

    It has the least mean cross-entropy on these examples, which training has not seen
    (Guo et al. 2017, arXiv:1706.04599). The cross-entropy is convex in its inverse,
    whose derivative is halved to its zero.

    Args:
        logits: float (n, classes), or (n, 1): the logit of class 1; n >= 1.
        targets: int (n,), class numbers from 0.

    Returns:
        From 1 / HOTTEST to HOTTEST; 1 if all answers are right, as then nothing says
        how often they are wrong.
    """
    logits = of_all_classes(logits)
    if (logits.argmax(axis=1) == targets).all():
        return 1.0
    truth = logits[np.arange(len(logits)), targets]
    low, high = -math.log(HOTTEST), math.log(HOTTEST)
    while high - low > 1e-6:
        middle = (low + high) / 2
        shares = probabilities(logits * math.exp(middle))
        if ((shares * logits).sum(axis=1) - truth).mean() < 0:
            low = middle
        else:
            high = middle
    return math.exp(-(low + high) / 2)


def calibration_error(logits: np.ndarray, targets: np.ndarray) -> float:
    """The mean distance between how sure answers are and how often they are right.

    That of the probability of the most probable class, see `zoo.metrics.distance`. From
    0 to 1.
    """
    shares = probabilities(logits)
    return distance(shares.max(axis=1), shares.argmax(axis=1) == targets)


def reliability(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, ...]:
    """Ten bins of equal width over the probability of the most probable class.

    Returns:
        For each bin, float64 (10,), the number of its examples, the sum of their
        probabilities, and how many of them are right.
    """
    shares = probabilities(logits)
    sure = shares.max(axis=1)
    right = (shares.argmax(axis=1) == targets).astype("float64")
    values = np.ones(len(sure)), sure, right
    return tuple(np.bincount(bins(sure), each, BINS) for each in values)


def calibration(
    held_out: tuple[np.ndarray, np.ndarray], answered: tuple[np.ndarray, np.ndarray]
) -> dict[str, float]:
    """A temperature, and what it does to the calibration error of other examples.

    Args:
        held_out: logits and targets that the temperature is fitted to.
        answered: logits and targets that the errors are measured on.
    """
    fitted = temperature(*held_out)
    logits, targets = np.asarray(answered[0], "float64"), answered[1]
    return {
        "temperature": fitted,
        "error_before": calibration_error(logits, targets),
        "error_after": calibration_error(logits / fitted, targets),
    }
