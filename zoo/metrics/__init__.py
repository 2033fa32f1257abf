"""Numbers that say how good answers are, in NumPy, the same for every backend."""

import numpy as np

from zoo.errors import unknown
from zoo.metrics.classes import (
    area_under_curve,
    distance,
    intervals,
    losses_of_classes,
    of_classes,
    probabilities,
    rates,
    standard_error,
)
from zoo.metrics.conformal import bound, errors_of, surprises, surprises_of
from zoo.metrics.each import accuracy, of_each
from zoo.metrics.labels import (
    best_cuts,
    label_probabilities,
    noise_of_labels,
    of_labels,
    with_cuts,
)
from zoo.metrics.names import better, is_share, shown
from zoo.metrics.numbers import medians, of_numbers, of_quantiles, of_steps
from zoo.metrics.paired import binomial_interval, mcnemar, mean_interval
from zoo.metrics.strings import noise_of_strings, of_strings
from zoo.metrics.summary import Summary, summarize
from zoo.metrics.sureness import (
    calibration,
    calibration_error,
    reliability,
    temperature,
)
from zoo.metrics.thresholds import precision_recall, receiver, sensitivity_at
from zoo.metrics.tokens import noise_of_tokens, of_tokens, scores

__all__ = [
    "Summary",
    "area_under_curve",
    "best_cuts",
    "better",
    "binomial_interval",
    "bound",
    "calibration",
    "calibration_error",
    "counted",
    "distance",
    "errors_of",
    "intervals",
    "is_share",
    "label_probabilities",
    "losses_of_classes",
    "mcnemar",
    "mean_interval",
    "measure",
    "medians",
    "names",
    "noise",
    "of_classes",
    "of_each",
    "of_labels",
    "of_numbers",
    "of_quantiles",
    "of_steps",
    "of_strings",
    "of_tokens",
    "precision_recall",
    "probabilities",
    "rates",
    "receiver",
    "reliability",
    "scores",
    "sensitivity_at",
    "shown",
    "standard_error",
    "summarize",
    "surprises",
    "surprises_of",
    "temperature",
    "with_cuts",
]

TASKS = ("classes", "labels", "numbers", "strings", "tokens")


def measure(
    outputs: np.ndarray,
    targets: np.ndarray,
    task: str = "classes",
    spread: np.ndarray | float = 1.0,
    cuts: np.ndarray | float = 0.0,
) -> dict[str, float]:
    """How good a model's outputs are, by the task of its data.

    Args:
        outputs: float (n, k), n >= 1: of "classes" logits, or for k = 1 the logit of
            class 1; of "numbers" the answers; of "labels" a logit for each; of "tokens"
            their scores, (n, window, 2), see `scores`; of "strings" logits of each
            step, (n, steps, 1 + symbols).
        targets: as in `zoo.data.Split`, by the task.
        task: "classes", "numbers", "labels", "tokens" or "strings".
        spread: of numbers the unit of their loss, float (k,), see `zoo.building.unit`.
        cuts: of labels the logits from which on they are given, float (k,).

    Returns:
        Of "classes", see `of_classes`; of "numbers", see `of_numbers`; of "labels", see
        `of_labels`; of "tokens", see `of_tokens`; of "strings", see `of_strings`.

    Raises:
        Mistake: an output is NaN, shapes or targets have no meaning for the task, or
            there is no such task.
    """
    if task == "numbers":
        return of_numbers(outputs, targets, spread)
    if task == "labels":
        return of_labels(outputs, targets, cuts)
    if task == "tokens":
        return of_tokens(outputs, targets)
    if task == "strings":
        return of_strings(outputs, targets)
    if task != "classes":
        raise unknown("task", task, TASKS)
    return of_classes(outputs, targets)


def names(task: str, count: int) -> tuple[str, ...]:
    """The metrics that `measure` gives for so many classes, numbers or labels."""
    if task == "classes":
        return tuple(measure(np.zeros((2, 1 if count == 2 else count)), np.arange(2)))
    if task == "tokens":
        return tuple(of_tokens(np.zeros((1, 1, 2)), np.zeros((1, 1))))
    if task == "strings":
        return tuple(of_strings(np.zeros((1, 1, 2)), np.zeros((1, 1), int)))
    return tuple(measure(np.eye(2, count), np.eye(2, count), task))


def counted(task: str, sum_wrong: float, examples: int) -> dict[str, float]:
    """What the sums of `zoo.engine.counting` over an epoch say, by the metrics' names.

    They are of the weights as they were at each step.
    """
    if task == "numbers":
        return {"mae": sum_wrong / examples}
    if task == "labels":
        return {"label_accuracy": 1 - sum_wrong / examples}
    if task in ("tokens", "strings"):
        return {"accuracy": 1 - sum_wrong / examples}
    wrong = round(sum_wrong)
    return {"accuracy": 1 - wrong / examples, "wrong": wrong}


def noise(
    outputs: np.ndarray, targets: np.ndarray, task: str = "classes", overlap: int = 1
) -> dict[str, float]:
    """How far a task's first metric is from that of endless examples, about.

    Args:
        outputs, targets, task: see `measure`.
        overlap: of a series, how many windows answer the same step, its horizon. They
            say one thing together, so that windows count as those side by side do.

    Returns:
        By the metric's name its standard error over the examples: of "classes" that of
        "accuracy", see `standard_error`; of "numbers" that of "mae"; of "labels" that
        of "average_precision", see `noise_of_labels`; of "tokens" that of "loss"; of
        "strings" that of "error_rate".
    """
    count = len(targets)
    if task == "numbers":
        errors = np.abs(np.asarray(outputs, "float64") - targets).mean(axis=1)
        beside = (count + overlap - 1) / overlap
        return {"mae": float(errors.std(ddof=count > 1) / np.sqrt(beside))}
    if task == "labels":
        return noise_of_labels(outputs, targets)
    if task == "tokens":
        return {"loss": noise_of_tokens(outputs, targets)}
    if task == "strings":
        return {"error_rate": noise_of_strings(outputs, targets)}
    return {"accuracy": standard_error(accuracy(np.asarray(outputs), targets), count)}
