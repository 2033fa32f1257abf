"""Two classes at every threshold: the ROC curve, and precision over recall."""

import numpy as np


def receiver(score: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ROC curve, as scikit-learn's `roc_curve` without dropped points has it.

    Args:
        score: float (n,), larger for what is more likely positive; equal scores are one
            step.
        positive: bool (n,); both kinds occur.

    Returns:
        The share of the negatives and of the positives that are at or above each
        threshold, both ascending from 0 to 1.
    """
    hits, alarms = _counts(score, positive)
    return alarms / alarms[-1], hits / hits[-1]


def precision_recall(
    score: np.ndarray, positive: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Recall, ascending to 1, and precision at each threshold, see `receiver`."""
    hits, alarms = (counts[1:] for counts in _counts(score, positive))
    return hits / hits[-1], hits / (hits + alarms)


def sensitivity_at(curve: tuple[np.ndarray, np.ndarray], specificity: float) -> float:
    """The largest share of positives found, where so many negatives are left alone.

    Args:
        curve: what `receiver` gave.
        specificity: the least share of the negatives below the threshold, 0 to 1.
    """
    alarms, hits = curve
    return float(hits[alarms <= 1 - specificity + 1e-12].max())


def _counts(score, positive) -> tuple[np.ndarray, np.ndarray]:
    """How many positives and negatives lie at or above each score; 0 first."""
    order = np.argsort(-score, kind="stable")
    score, positive = score[order], np.asarray(positive)[order]
    last = np.append(score[1:] != score[:-1], True)  # of equal scores
    hits = np.cumsum(positive)[last]
    alarms = np.flatnonzero(last) + 1 - hits
    return np.insert(hits, 0, 0), np.insert(alarms, 0, 0)
