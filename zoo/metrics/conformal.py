"""How far a number may be off: split conformal prediction.

The errors on examples that training has not seen, the validation split, are a fair
sample of those to come, if these are drawn like them. So an interval as wide as the
k-th smallest of n such errors, k = ceil((n + 1) level), holds the truth with a
probability of at least `level`, whatever the network and the distribution (Papadopoulos
et al. 2002, doi:10.1007/3-540-36755-1_29; Vovk et al. 2005, doi:10.1007/b106715).
"""

import math

import numpy as np

from zoo.errors import Mistake

KEPT = 1000  # errors of each number; of more, their quantiles


def errors_of(outputs: np.ndarray, targets: np.ndarray, names: tuple[str, ...]) -> dict:
    """The absolute errors of each number, ascending, as JSON values.

    Args:
        outputs, targets: float (n, k), of examples that training has not seen.
        names: of the k numbers.

    Returns:
        "examples", n, and "errors", by the number's name min(n, 1000) errors: those of
        the ranks ceil(j n / 1000) where there are more.
    """
    errors = np.sort(np.abs(np.asarray(outputs, "float64") - targets), axis=0)
    kept = errors[_ranks(len(errors)) - 1]
    named = dict(zip(names, kept.T.tolist(), strict=True))
    return {"examples": len(errors), "errors": named}


def half_width(about: dict, name: str, level: float) -> float:
    """How far from an answer the interval reaches that holds at a level.

    Args:
        about: what `errors_of` gave.
        name: of the number.
        level: the least probability that the truth is inside, above 0 and below 1.

    Raises:
        Mistake: there are too few examples for the level.
    """
    count = about["examples"]
    place = math.ceil((count + 1) * level - 1e-9)  # 20 * 0.95 is a little above 19
    if place > count:
        raise Mistake(
            f"level={level} needs {math.ceil(level / (1 - level) - 1e-9)} validation "
            f"examples and the run had {count}; accepted: up to "
            f"{count / (count + 1):.3g}, or train with a larger validation="
        )
    ranks = _ranks(count)
    return about["errors"][name][int(np.searchsorted(ranks, place))]


def _ranks(count: int) -> np.ndarray:
    """Which of the sorted errors are kept, counted from 1."""
    kept = min(count, KEPT)
    return -(-np.arange(1, kept + 1) * count // kept)
