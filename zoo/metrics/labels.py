"""How good the answers are where an example has several labels, or none."""

from collections.abc import Sequence

import numpy as np

from zoo.errors import Mistake
from zoo.metrics.outputs import refuse_no_numbers

RESAMPLES, MOST = 100, 2000  # for the noise: draws, and examples in each


def of_labels(
    logits: np.ndarray, targets: np.ndarray, cuts: np.ndarray | float = 0.0
) -> dict[str, float]:
    """Loss, F1 and average precision, defined as in scikit-learn.

    Args:
        logits: float (n, classes), one for each label; or what `with_cuts` gives, for
            examples that several networks answered.
        targets: float (n, classes), 1 for a label that an example has, else 0.
        cuts: float (classes,), the logits from which on a label is given.

    Returns:
        "loss", the mean binary cross-entropy in nats; "label_accuracy", the share of
        all labels that are given or withheld rightly (1 - the Hamming loss);
        "micro_f1", over all labels together, and "macro_f1", the mean over labels, both
        0 where nothing is given or there; "average_precision", the mean over the labels
        that occur of the area under precision and recall, which no cut changes; left
        out if none occurs.

    Raises:
        Mistake: a logit is not finite, or the shapes differ.
    """
    logits, cuts = _apart(logits, cuts)
    targets = np.asarray(targets)
    if logits.ndim != 2 or logits.shape != targets.shape:
        raise Mistake(
            f"outputs of shape {logits.shape} for targets of shape {targets.shape}; "
            "accepted: (n, labels) both, a logit for each label"
        )
    refuse_no_numbers(logits)
    truth, said = targets > 0.5, logits >= cuts
    sign = np.where(truth, -1.0, 1.0)
    right = (truth & said).sum(axis=0)
    both = truth.sum(axis=0) + said.sum(axis=0)
    found = {
        "loss": float(np.logaddexp(0, sign * logits).mean()),
        "label_accuracy": float((truth == said).mean()),
        "micro_f1": float(2 * right.sum() / max(both.sum(), 1)),
        "macro_f1": float((2 * right / np.maximum(both, 1)).mean()),
    }
    if truth.any():
        found["average_precision"] = average_precision(logits, truth)
    return found


def label_probabilities(logits: np.ndarray) -> np.ndarray:
    """The probability of each label by itself, float64, of the shape of `logits`."""
    return np.exp(-np.logaddexp(0, -np.asarray(logits, "float64")))


def average_precision(logits: np.ndarray, truth: np.ndarray) -> float:
    """The mean, over the labels that occur, of the precision at each of their examples.

    Equal logits are one step, as in scikit-learn.

    Args:
        logits: float (n, classes).
        truth: bool (n, classes).
    """
    return float(
        np.mean(
            [
                _of_one(score, has)
                for score, has in zip(logits.T, truth.T, strict=True)
                if has.any()
            ]
        )
    )


def _of_one(score: np.ndarray, has: np.ndarray) -> float:
    order = np.argsort(-score, kind="stable")
    score, has = score[order], has[order]
    last = np.append(score[1:] != score[:-1], True)  # of equal scores
    right = np.cumsum(has)[last]
    precision = right / (np.flatnonzero(last) + 1)
    return float((np.diff(right, prepend=0) * precision).sum() / has.sum())


def best_cuts(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """For each label the logit from which on to give it, for the largest F1.

    A cut lies in the middle between two logits of these examples. A label that none of
    them has keeps 0, a probability of 0.5.

    Args:
        logits, targets: see `of_labels`; of examples that training has not seen.

    Returns:
        float64 (classes,).
    """
    logits, truth = np.asarray(logits, "float64"), np.asarray(targets) > 0.5
    return np.array([_cut(*pair) for pair in zip(logits.T, truth.T, strict=True)])


def _cut(score: np.ndarray, has: np.ndarray) -> float:
    if not has.any():
        return 0.0
    order = np.argsort(-score, kind="stable")
    score, has = score[order], has[order]
    last = np.flatnonzero(np.append(score[1:] != score[:-1], True))
    f1 = 2 * np.cumsum(has)[last] / (last + 1 + has.sum())
    place = last[int(f1.argmax())]
    if place + 1 == len(score):
        return float(min(score[place], 0.0))
    return float((score[place] + score[place + 1]) / 2)


def with_cuts(logits: np.ndarray, cuts: np.ndarray | Sequence[float]) -> np.ndarray:
    """Logits of one network, and its cuts, beside those of other networks.

    Args:
        logits: float (n, classes).
        cuts: float (classes,).

    Returns:
        What `of_labels` takes for them, float64 (n, 2, classes).
    """
    both = np.asarray(logits, "float64"), np.asarray(cuts, "float64")
    return np.stack(np.broadcast_arrays(*both), axis=1)


def _apart(
    logits: np.ndarray, cuts: np.ndarray | float = 0.0
) -> tuple[np.ndarray, np.ndarray | float]:
    """Logits and cuts, which `with_cuts` may have put together."""
    logits = np.asarray(logits, "float64")
    return (logits[:, 0], logits[:, 1]) if logits.ndim == 3 else (logits, cuts)


def noise_of_labels(logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """The standard error of the average precision, from 100 resamples of the examples.

    Of more than 2,000 examples, 2,000 are drawn, and the error of all is that much
    smaller. Where no example has a label, it is that of the "label_accuracy".
    """
    logits, cuts = _apart(logits)
    truth = np.asarray(targets) > 0.5
    if not truth.any():
        right = (truth == (logits >= cuts)).mean(axis=1)
        error = right.std(ddof=len(right) > 1) / np.sqrt(len(right))
        return {"label_accuracy": float(error)}
    random = np.random.Generator(np.random.Philox(0))
    count = min(len(logits), MOST)
    values = []
    for _ in range(RESAMPLES):
        index = random.integers(0, len(logits), count)
        if truth[index].any():
            values.append(average_precision(logits[index], truth[index]))
    spread = np.std(values) if values else 0.0
    return {"average_precision": float(spread * np.sqrt(count / len(logits)))}
