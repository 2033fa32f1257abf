"""How good the answers are for each class by itself."""

import numpy as np


def of_each(
    outputs: np.ndarray,
    targets: np.ndarray,
    names: tuple[str, ...],
    task: str = "classes",
    cuts: np.ndarray | float = 0.0,
) -> dict[str, dict[str, float]]:
    """Recall and precision of every class or label, as in scikit-learn.

    Args:
        outputs, targets: see `zoo.metrics.measure`.
        names: of the classes or labels.
        task: "classes" or "labels".
        cuts: of labels, the logits from which on they are given.

    Returns:
        By its name: "examples" that have it, "answered", how often it was given;
        "recall", the share of its examples that were recognized, if there are any; and
        "precision", the share of its answers that were right, if it was ever given.
    """
    outputs = np.asarray(outputs, "float64")
    if task == "labels":
        truth, said = np.asarray(targets) > 0.5, outputs >= cuts
        had, given = truth.sum(axis=0), said.sum(axis=0)
        right = (truth & said).sum(axis=0)
    else:
        chosen = answered(outputs)
        had, given, right = (
            np.bincount(each, minlength=len(names))
            for each in (targets, chosen, chosen[chosen == targets])
        )
    return {
        name: {
            "examples": int(had[i]),
            "answered": int(given[i]),
            **({"recall": float(right[i] / had[i])} if had[i] else {}),
            **({"precision": float(right[i] / given[i])} if given[i] else {}),
        }
        for i, name in enumerate(names)
    }


def answered(outputs: np.ndarray) -> np.ndarray:
    """The class that is answered to each example; a tie of one logit is class 1."""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] >= 0).astype(int)
    return outputs.argmax(axis=1)


def accuracy(outputs: np.ndarray, targets: np.ndarray) -> float:
    """The share of examples that are answered rightly."""
    return float((answered(outputs) == targets).mean())


def balanced_accuracy(outputs: np.ndarray, targets: np.ndarray) -> float:
    """The mean recall of the classes that have examples."""
    chosen, targets = answered(outputs), np.asarray(targets)
    examples = np.bincount(targets)
    right = np.bincount(targets[chosen == targets], minlength=len(examples))
    there = examples > 0
    return float((right[there] / examples[there]).mean())
