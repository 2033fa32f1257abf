"""Evaluate a model or a run: metrics over all examples of a split."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo import backend
from zoo.errors import Mistake
from zoo.run import Run, open_run

if TYPE_CHECKING:
    import keras

    from zoo.data import Split


def evaluate(
    model: "keras.Model | Run | str | Path",
    split: "Split | str" = "test",
    *,
    batch: int = 500,
) -> dict[str, float]:
    """The metrics of a model on a split.

    They are computed in NumPy over all examples, so the last, partial batch counts
    like any other and every backend has the same definition.

    Args:
        model: a model whose outputs are logits, a run, or the folder of a run.
        split: the examples; for a run also "train", "validation" or "test" of the
            data set that it was trained on.
        batch: examples that are computed at a time.

    Returns:
        See `measure`.

    Raises:
        Mistake: the folder is not a run, its data set has no such split, or the split
            is empty.
    """
    if isinstance(model, str | Path):
        model = open_run(model)
    if isinstance(model, Run):
        split = _split(model, split) if isinstance(split, str) else split
        backend.use()
        model = model.model
    if len(split) == 0:
        raise Mistake("the split to evaluate on has no examples")

    from zoo import steps

    outputs = steps.predict(steps.forward(model), split.inputs, batch)
    return measure(outputs, split.targets)


def measure(logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """Loss and accuracy, and for one logit the area under the ROC curve.

    Args:
        logits: float (n, classes), or (n, 1): the logit of class 1; n >= 1.
        targets: int (n,), class numbers from 0.

    Returns:
        "loss", the mean cross-entropy in nats; "accuracy", the share of right
        predictions, where a tie of (n, 1) logits counts for class 1; for (n, 1) logits
        and targets of both classes also "auc", 0 to 1.

    Raises:
        Mistake: a logit is NaN.
    """
    logits = np.asarray(logits, "float64")
    if np.isnan(logits).any():
        count = int(np.isnan(logits).any(axis=1).sum())
        raise Mistake(
            f"the model's outputs are NaN for {count} of {len(logits)} examples; "
            "its weights or the data contain NaN: train again, with a smaller "
            "learning_rate if the loss became NaN"
        )
    targets = np.asarray(targets)
    if logits.shape[1] == 1:
        score = logits[:, 0]
        sign = np.where(targets == 1, -1.0, 1.0)
        metrics = {
            "loss": float(np.logaddexp(0, sign * score).mean()),
            "accuracy": float(((score >= 0) == (targets == 1)).mean()),
        }
        if 0 < (targets == 1).sum() < len(targets):
            metrics["auc"] = area_under_curve(score, targets)
        return metrics
    truth = logits[np.arange(len(logits)), targets]
    return {
        "loss": float((np.logaddexp.reduce(logits, axis=1) - truth).mean()),
        "accuracy": float((logits.argmax(axis=1) == targets).mean()),
    }


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Probabilities of the classes, float64 (n, classes), from logits.

    Args:
        logits: float (n, classes); or (n, 1), the logit of class 1, which gives two
            columns.
    """
    logits = np.asarray(logits, "float64")
    if logits.shape[1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    return np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))


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


def _split(run: Run, name: str) -> "Split":
    from zoo import data

    recipe = run.recipe
    dataset = data.load(
        recipe.data,
        validation=recipe.validation,
        seed=recipe.seed,
        **recipe.data_arguments,
    )
    return dataset.split(name)
