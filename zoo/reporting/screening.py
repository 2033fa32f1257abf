"""The section of two classes at every threshold: ROC, precision and recall."""

import numpy as np

from zoo.core.random import philox
from zoo.metrics import (
    intervals,
    precision_recall,
    receiver,
    sensitivity_at,
)
from zoo.metrics.labels import average_precision
from zoo.reporting.blocks import Chart, Charts, Section, Table
from zoo.reporting.charts import BLUE, GRAY
from zoo.reporting.drawing import drawing
from zoo.reporting.seen import Seen

SPECIFICITIES = (0.8, 0.9, 0.95)
RESAMPLES = 200  # of a curve
GRID = np.linspace(0, 1, 101)


def section(seen: Seen) -> Section | None:
    """Both curves with bands, and the sensitivity at fixed specificities."""
    if not seen.finding:
        return None
    positive = seen.targets == 1
    outputs = np.asarray(seen.outputs, "float64")
    score = outputs[:, -1] - (outputs[:, 0] if outputs.shape[1] == 2 else 0.0)
    found = _summary(score[:, None], seen.targets)
    ends = intervals(_summary, score[:, None], seen.targets, groups=seen.groups)
    rows = [
        [name, f"{value:.1%}", f"{ends[name][0]:.1%} to {ends[name][1]:.1%}"]
        for name, value in found.items()
    ]
    note = f"The finding, or positive class, is {seen.finding}."
    charts = [_roc(score, positive), _precision(score, positive)]
    table = Table(["", "value", "95 % interval"], rows, note=note)
    return Section("Thresholds", [Charts(charts), table])


def _summary(outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    score, positive = outputs[:, 0], targets == 1
    curve = receiver(score, positive)
    return {
        "area under the ROC curve": float(np.trapezoid(curve[1], curve[0])),
        "average precision": average_precision(score[:, None], positive[:, None]),
        **{
            f"sensitivity at {least:.0%} specificity": sensitivity_at(curve, least)
            for least in SPECIFICITIES
        },
    }


def _roc(score: np.ndarray, positive: np.ndarray) -> Chart:
    with drawing("roc", "1 - specificity", "sensitivity") as drawn:
        axes = drawn.axes
        _band(axes, receiver, score, positive)
        x, y = receiver(score, positive)
        axes.plot(x, y, color=BLUE, drawstyle="steps-post")
        axes.plot([0, 1], [0, 1], color=GRAY, linestyle="--", linewidth=1)
        _whole(axes)
    return Chart(
        drawn.svg,
        f"ROC curve; the band holds 95 % of {RESAMPLES} resamples. Dashed: chance.",
    )


def _precision(score: np.ndarray, positive: np.ndarray) -> Chart:
    with drawing("precision", "recall", "precision") as drawn:
        axes = drawn.axes
        _band(axes, precision_recall, score, positive)
        x, y = precision_recall(score, positive)
        axes.plot(x, y, color=BLUE)
        axes.axhline(positive.mean(), color=GRAY, linestyle="--", linewidth=1)
        _whole(axes)
    return Chart(
        drawn.svg,
        "Precision over recall, with its band. Dashed: every example is a finding.",
    )


def _whole(axes) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)


def _band(axes, curve, score: np.ndarray, positive: np.ndarray) -> None:
    """Shade where the curve of resampled examples runs."""
    random = np.random.Generator(philox((0, 0)))
    kinds = [np.flatnonzero(positive), np.flatnonzero(~positive)]
    found = []
    for _ in range(RESAMPLES):
        index = np.concatenate([random.choice(each, len(each)) for each in kinds])
        found.append(np.interp(GRID, *curve(score[index], positive[index])))
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    axes.fill_between(GRID, low, high, color=BLUE, alpha=0.2, linewidth=0)
