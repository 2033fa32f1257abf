"""How far a number may be off, and which classes may be meant: conformal prediction.

The errors on examples that training has not seen, the validation split, are a fair
sample of those to come, if these are drawn like them. So an interval as wide as the
k-th smallest of n such errors, k = ceil((n + 1) c), holds the truth with a
probability of at least c, whatever the network and the distribution (Papadopoulos
et al. 2002, doi:10.1007/3-540-36755-1_29; Vovk et al. 2005, doi:10.1007/b106715).

Of classes the error is the surprise, minus the logarithm of the probability of the true
class. A class whose surprise would be larger than that of so many examples can be
excluded (Sadinle et al. 2019, doi:10.1080/01621459.2017.1395341).
"""

import math
from collections.abc import Collection

import numpy as np

from zoo.core.measured import is_finite
from zoo.errors import Mistake
from zoo.metrics.classes import of_all_classes

KEPT = 1000  # errors of each number; of more, their quantiles
CLASS = "class"


def errors_of(outputs: np.ndarray, targets: np.ndarray, names: tuple[str, ...]) -> dict:
    """The absolute errors of each number, ascending, as JSON values.

    Args:
        outputs, targets: float (n, k), of examples that training has not seen.
        names: of the k numbers.

    Returns:
        "examples", n, and "errors", by the number's name min(n, 1000) errors: those of
        the ranks ceil(j n / 1000) where there are more.
    """
    return _kept(np.abs(np.asarray(outputs, "float64") - targets), names)


def surprises(logits: np.ndarray) -> np.ndarray:
    """How surprising each class would be, from 0 on, float64 (n, classes).

    Without a temperature, as that is fitted to the examples that are held out.

    Args:
        logits: float (n, classes), or (n, 1): the logit of class 1 of two.
    """
    logits = of_all_classes(logits)
    return np.logaddexp.reduce(logits, axis=1, keepdims=True) - logits


def surprises_of(logits: np.ndarray, targets: np.ndarray) -> dict:
    """Those of the true classes, as `errors_of`, by the name "class".

    Args:
        logits: see `surprises`, of examples that training has not seen.
        targets: int (n,).
    """
    found = surprises(logits)[np.arange(len(targets)), targets]
    return _kept(found[:, None], (CLASS,))


def are_errors(found, names: Collection[str]) -> bool:
    """Whether a value of JSON is what `errors_of` gives of numbers of these names."""
    if not isinstance(found, dict) or found.keys() != {"examples", "errors"}:
        return False
    count, errors = found["examples"], found["errors"]
    if type(count) is not int or count < 1 or not isinstance(errors, dict):
        return False
    return errors.keys() == {*names} and all(
        isinstance(each, list)
        and len(each) == min(count, KEPT)
        and all(is_finite(value) and value >= 0 for value in each)
        and each == sorted(each)
        for each in errors.values()
    )


def _kept(errors: np.ndarray, names: tuple[str, ...]) -> dict:
    errors = np.sort(errors, axis=0)
    kept = errors[_ranks(len(errors)) - 1]
    named = dict(zip(names, kept.T.tolist(), strict=True))
    return {"examples": len(errors), "errors": named}


def bound(about: dict, name: str, confidence: float) -> float:
    """The error that the truth's stays below or at, with so much confidence.

    Of a number it is half the width of an interval around the answer.

    Args:
        about: what `errors_of` or `surprises_of` gave.
        name: of the number, or "class".
        confidence: the least probability of that, above 0 and below 1.

    Raises:
        Mistake: there are too few examples for so much confidence.
    """
    count = about["examples"]
    place = math.ceil((count + 1) * confidence - 1e-9)  # 20 * 0.95 is a little above 19
    if place > count:
        raise Mistake(
            f"confidence={confidence} needs {needed_for(confidence)} validation "
            "examples and the run "
            f"had {count}; accepted: up to {count / (count + 1):.3g}, or train with a "
            "larger validation="
        )
    ranks = _ranks(count)
    return about["errors"][name][int(np.searchsorted(ranks, place))]


def needed_for(confidence: float) -> int:
    """Of how many errors, which say nothing of each other, the largest is enough."""
    return math.ceil(confidence / (1 - confidence) - 1e-9)


def _ranks(count: int) -> np.ndarray:
    """Which of the sorted errors are kept, counted from 1."""
    kept = min(count, KEPT)
    return -(-np.arange(1, kept + 1) * count // kept)
