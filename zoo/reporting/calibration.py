"""The section "Calibration": do the probabilities mean what they say?"""

import numpy as np

from zoo.metrics import calibration_error, reliability
from zoo.metrics.classes import BINS
from zoo.reporting.blocks import Chart, Charts, Section, Table, Words
from zoo.reporting.charts import BLUE, GRAY, ORANGE
from zoo.reporting.drawing import drawing
from zoo.reporting.seen import Seen


def section(seen: Seen) -> Section | None:
    """Reliability diagrams before and after the temperature of the run."""
    if seen.lacking or seen.task != "classes":
        return None
    temperature = seen.run.temperature
    when = "" if temperature == 1.0 else "before"
    before = [Chart(*_diagram(seen.outputs, seen.targets, when))]
    error = calibration_error(seen.outputs, seen.targets)
    row = ["expected calibration error", f"{error:.2%}"]
    other = []
    if seen.finding:
        other = [
            "This error is that of the answer's probability; the calibration error "
            f"under Result is that of the probability of {seen.finding}, without a "
            "temperature."
        ]
    if temperature == 1.0:
        words = "The run has no temperature of its own: logits are taken as they are."
        table = Table(["", "as it is"], [row])
        return Section("Calibration", [Charts(before), table, Words([*other, words])])
    cooled = np.asarray(seen.outputs, "float64") / temperature
    after = Chart(*_diagram(cooled, seen.targets, "after"))
    table = Table(
        ["", "before", "after"],
        [[*row, f"{calibration_error(cooled, seen.targets):.2%}"]],
    )
    words = (
        f"Logits are divided by the temperature {temperature:.3g}, which was fitted on "
        "the validation split; `zoo predict` answers with it."
    )
    if seen.split == "validation":
        words += " These are the same examples: of others the error is larger."
    return Section(
        "Calibration", [Charts([*before, after]), table, Words([*other, words])]
    )


def _diagram(outputs: np.ndarray, targets: np.ndarray, when: str) -> tuple[str, str]:
    counts, sure, right = reliability(outputs, targets)
    there = counts > 0
    middle = (np.arange(BINS) + 0.5) / BINS
    name = f"reliability-{when or 'only'}"
    with drawing(name, "probability of the answer", "share that is right") as drawn:
        axes = drawn.axes
        height = np.divide(right, counts, out=np.zeros(BINS), where=there)
        axes.bar(middle[there], height[there], 0.094, color=BLUE, alpha=0.85)
        share = counts / counts.sum()
        axes.bar(middle, share, 0.03, color=GRAY)
        axes.plot([0, 1], [0, 1], color=GRAY, linestyle="--", linewidth=1)
        points = sure[there] / counts[there], height[there]
        axes.plot(*points, "o", markersize=3.5, color=ORANGE)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
    which = f" {when} the temperature" if when else ""
    caption = (
        f"Reliability{which}. Blue: how often answers of about this probability are "
        "right; on the dashed line they are as sure as they should be. Orange: their "
        "mean probability. Gray: the share of examples in each bin."
    )
    return drawn.svg, caption
