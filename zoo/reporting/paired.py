"""Two runs on the same examples: how much they differ, and how sure that is."""

from dataclasses import dataclass

import numpy as np

from zoo.metrics import losses_of_classes, mcnemar, mean_interval
from zoo.metrics.each import answered
from zoo.metrics.strings import counts_of
from zoo.reporting.seen import Seen


@dataclass(frozen=True)
class Difference:
    """How much better or worse a run is than the first one, on the same examples.

    Attributes:
        run: the name of the run that is compared with the first.
        metric: a mean over examples, such as "accuracy", "mae" or "loss".
        first, value: of the first run and of this one.
        interval: of value - first, 95 %, by the paired bootstrap.
        p: of the exact McNemar test that both are right equally often; None of numbers,
            labels and losses.
    """

    run: str
    metric: str
    first: float
    value: float
    interval: tuple[float, float]
    p: float | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the interval does not hold 0."""
        return not self.interval[0] <= 0 <= self.interval[1]


def differences(first: Seen, other: Seen, name: str) -> list[Difference]:
    """The differences of a run of this name to the first, for each metric."""
    found = []
    scores = _scores(other)
    for metric, before in _scores(first).items():
        after = scores[metric]
        p = mcnemar(before, after) if metric == "accuracy" else None
        left = np.asarray(after, "float64") - np.asarray(before, "float64")
        ends = mean_interval(left, groups=first.groups)
        means = float(np.mean(before)), float(np.mean(after))
        found.append(Difference(name, metric, *means, ends, p))
    return found


def _scores(seen: Seen) -> dict[str, np.ndarray]:
    """By the metric's name what each example adds to its mean."""
    outputs, targets = np.asarray(seen.outputs, "float64"), seen.targets
    if seen.task == "numbers":
        errors = outputs - targets
        return {
            "mae": np.abs(errors).mean(axis=1),
            "mean_squared_error": np.square(errors).mean(axis=1),
        }
    if seen.task == "tokens":
        counts = (targets >= 0).sum(axis=1)
        # So that the mean over windows is the loss of all tokens.
        return {"loss": -outputs[..., 0].sum(axis=1) / counts.mean()}
    if seen.task == "strings":
        errors, symbols, losses = counts_of(outputs, targets).T
        # So that the mean over strings is the error rate of all symbols.
        return {"error_rate": errors / symbols.mean(), "loss": losses}
    if seen.task == "labels":
        right = (outputs >= seen.cuts) == (targets > 0.5)
        sign = np.where(targets > 0.5, -1.0, 1.0)
        losses = np.logaddexp(0, sign * outputs).mean(axis=1)
        return {"label_accuracy": right.mean(axis=1), "loss": losses}
    return {
        "accuracy": answered(outputs) == targets,
        "loss": losses_of_classes(outputs, targets),
    }
