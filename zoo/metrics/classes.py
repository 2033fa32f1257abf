"""How often classes are answered rightly, and with which probabilities."""

import math
from collections.abc import Callable

import numpy as np

from zoo.errors import Mistake
from zoo.metrics.each import accuracy, balanced_accuracy
from zoo.metrics.names import limits
from zoo.metrics.outputs import refuse_no_numbers
from zoo.metrics.paired import widened

RESAMPLES, FEWEST = 1000, 100
MOST = 10**8  # outputs in all resamples
BINS = 10


def of_classes(logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """Loss and accuracy, and for two classes the area under the ROC curve.

    Args:
        logits: float (n, classes), or (n, 1): the logit of class 1; n >= 1.
        targets: int (n,), class numbers from 0.

    Returns:
        "loss", the mean cross-entropy in nats; "accuracy", the share of right
        predictions, where a tie of (n, 1) logits counts for class 1;
        "balanced_accuracy", the mean recall of the classes that occur; for two classes
        that both occur also "auc", 0 to 1.

    Raises:
        Mistake: a logit is NaN or infinite, or shapes or targets have no meaning.
    """
    logits = np.asarray(logits, "float64")
    if logits.ndim != 2 or logits.shape[1] < 1 or len(logits) != len(targets):
        raise Mistake(
            f"outputs of shape {logits.shape} for {len(targets)} targets; accepted: "
            "(n, classes), or (n, 1), the logit of class 1"
        )
    refuse_no_numbers(logits)
    targets = _numbers_of_classes(targets)
    classes = max(2, logits.shape[1])
    if len(targets) and not 0 <= targets.min() <= targets.max() < classes:
        raise Mistake(
            f"targets from {targets.min()} to {targets.max()} for outputs of {classes} "
            f"classes; accepted: 0 to {classes - 1}"
        )
    if logits.shape[1] == 1:
        score = logits[:, 0]
        losses = np.logaddexp(0, np.where(targets == 1, -1.0, 1.0) * score)
    else:
        score = logits[:, 1] - logits[:, 0]
        losses = losses_of_classes(logits, targets)
    metrics = {
        "loss": float(losses.mean()),
        "accuracy": accuracy(logits, targets),
        "balanced_accuracy": balanced_accuracy(logits, targets),
    }
    if classes == 2 and 0 < (targets == 1).sum() < len(targets):
        metrics["auc"] = area_under_curve(score, targets)
    return metrics


def _numbers_of_classes(targets) -> np.ndarray:
    """Targets as int (n,); those of another task are refused."""
    targets = np.asarray(targets)
    plain = targets.ndim == 1 and targets.dtype.kind in "biuf"
    if not plain or (targets.astype("float64") % 1).any():
        raise Mistake(
            f"targets of shape {targets.shape} and type {targets.dtype} are no numbers "
            "of classes, (n,); set task to what they are: numbers or labels"
        )
    return targets.astype(int)


def losses_of_classes(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The cross-entropy of each example in nats, float64 (n,), see `of_classes`."""
    logits = of_all_classes(logits)
    truth = logits[np.arange(len(logits)), targets]
    return np.logaddexp.reduce(logits, axis=1) - truth


def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities of the classes, float64 (n, classes), from logits.

    Args:
        logits: float (n, classes); or (n, 1), the logit of class 1, which gives two
            columns.
        temperature: what they are divided by, in float64: in float32 the largest ones
            would overflow.
    """
    logits = of_all_classes(logits) / temperature
    return np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))


def of_all_classes(logits: np.ndarray) -> np.ndarray:
    """Logits of all classes, float64; 0 beside the logit of class 1 of two."""
    logits = np.asarray(logits, "float64")
    if logits.shape[1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    return logits


def area_under_curve(score: np.ndarray, targets: np.ndarray) -> float:
    """The area under the ROC curve: the chance that a positive scores above a negative.

    Ties count one half (the Mann-Whitney statistic; Hanley & McNeil 1982,
    doi:10.1148/radiology.143.1.7063747).

    Args:
        score: float (n,).
        targets: int (n,), 1 is positive; both classes must be present.
    """
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = targets == 1
    positives = int(positive.sum())
    above = rank[positive].sum() - positives * (positives + 1) / 2
    return float(above / (positives * (len(score) - positives)))


def rates(logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """What a screening test is judged by; class 1 is the finding.

    Args:
        logits: float (n, 1), of class 1, or (n, 2), of both classes.
        targets: int (n,), 0 or 1; both must occur.

    Returns:
        Besides those of `of_classes`: "sensitivity" and "specificity", the
        shares of the positives and of the negatives that are recognized at a
        probability of 0.5; "brier", the mean squared error of the probability; and
        "calibration_error", see `distance`.

    Raises:
        Mistake: the logits are those of one class, or of more than two.
    """
    logits = np.asarray(logits, "float64")
    if logits.ndim != 2 or logits.shape[1] not in (1, 2):
        raise Mistake(
            f"a screening test has two classes; these outputs are of shape "
            f"{logits.shape}; accepted: (n, 1) or (n, 2)"
        )
    if logits.shape[1] == 2:  # the softmax of two is the sigmoid of their difference
        logits = logits[:, 1:] - logits[:, :1]
    probability = probabilities(logits)[:, 1]
    positive = targets == 1
    said = logits[:, 0] >= 0
    return {
        **of_classes(logits, targets),
        "sensitivity": float(said[positive].mean()),
        "specificity": float((~said[~positive]).mean()),
        "brier": float(np.square(probability - positive).mean()),
        "calibration_error": distance(probability, positive),
    }


def distance(probability: np.ndarray, happened: np.ndarray) -> float:
    """The mean distance between probabilities and how often what they are of happened.

    In ten bins of equal width, weighted by their counts (Naeini et al. 2015, AAAI).

    Args:
        probability: float (n,), from 0 to 1.
        happened: bool (n,).
    """
    excess = np.bincount(bins(probability), probability - happened, BINS)
    return float(np.abs(excess).sum() / len(happened))


def bins(probability: np.ndarray) -> np.ndarray:
    """Which of ten bins of equal width a probability lies in, int (n,)."""
    return np.minimum((probability * BINS).astype(int), BINS - 1)


def standard_error(share: float, count: int) -> float:
    """How far a share of right answers is from that of endless examples, about.

    Two right and two wrong answers are added, so that it is not 0 if all are right
    (Agresti & Coull 1998, doi:10.1080/00031305.1998.10480550).

    Args:
        share: from 0 to 1.
        count: examples, of which this is the share.
    """
    share = (share * count + 2) / (count + 4)
    return math.sqrt(share * (1 - share) / (count + 4))


def intervals(
    statistic: Callable,
    outputs: np.ndarray,
    targets: np.ndarray,
    seed: int = 0,
    groups: np.ndarray | None = None,
) -> dict[str, list[float]]:
    """95 % percentile intervals of every number that `statistic` returns.

    From bootstrap resamples of the examples, stratified by class, or of whole groups
    (Efron & Tibshirani 1993): how much the numbers depend on which patients were in the
    data. Those of groups are `widened`, within what the number can be. There are 1,000
    resamples, or 100 at least if the outputs are many.

    Args:
        statistic: from outputs and targets to numbers by their names.
        outputs: float (n, k).
        targets: class numbers, int (n,), or numbers or labels, float (n, k).
        seed: of the resamples.
        groups: int (n,), equal for examples that belong together; None if none do.
    """
    random = np.random.Generator(np.random.Philox(seed))
    count, whole = len(targets), statistic(outputs, targets)
    strata = targets if targets.ndim == 1 else np.zeros(count, int)
    if groups is not None:
        grouped = np.argsort(groups, kind="stable")
        units = np.split(grouped, np.cumsum(np.unique_counts(groups).counts)[:-1])
    else:
        units = [np.flatnonzero(strata == each) for each in np.unique(strata)]
    values: dict[str, list[float]] = {name: [] for name in whole}
    for _ in range(min(RESAMPLES, max(FEWEST, MOST // outputs.size))):
        if groups is None:
            drawn = [random.choice(each, len(each)) for each in units]
        else:
            drawn = [units[i] for i in random.integers(0, len(units), len(units))]
        index = np.concatenate(drawn)
        if len(np.unique(strata[index])) < len(np.unique(strata)):
            continue  # a class is lacking, so that not all numbers have a meaning
        of_these = statistic(outputs[index], targets[index])
        for name in whole.keys() & of_these.keys():  # some may lack what it is of
            values[name].append(of_these[name])
    found = {
        name: np.quantile(each, [0.025, 0.975]).tolist()
        for name, each in values.items()
        if each
    }
    if groups is None:
        return found
    return {
        name: np.clip(widened(ends, whole[name], len(units)), *limits(name)).tolist()
        for name, ends in found.items()
    }
