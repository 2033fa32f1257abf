"""The sections of numbers: predicted beside true, what is left, and the intervals."""

import numpy as np

from zoo.errors import Mistake
from zoo.metrics import binomial_interval, bound, of_quantiles
from zoo.metrics.conformal import KEPT
from zoo.reporting import kept
from zoo.reporting.blocks import Cell, Chart, Charts, Section, Table, Words
from zoo.reporting.charts import BLUE, GRAY, ORANGE
from zoo.reporting.drawing import drawing
from zoo.reporting.seen import Seen

SHOWN = 4  # numbers at most that are drawn
POINTS = 800  # at most in a drawing
LEVELS = (0.5, 0.8, 0.9, 0.95)


def answers(seen: Seen) -> Section | None:
    """Predicted against true, and the residuals, of each number."""
    if seen.lacking or seen.task != "numbers":
        return None
    count = len(seen.targets)
    chosen = np.unique(np.linspace(0, count - 1, min(count, POINTS)).astype(int))
    charts = []
    for i, name in enumerate(seen.dataset.outputs[:SHOWN]):
        pair = seen.targets[:, i].astype("float64"), seen.outputs[:, i]
        charts += [_beside(i, name, *pair, chosen), _residuals(i, name, *pair, chosen)]
        charts.append(_spread(i, name, *pair))
    blocks: list = [Charts(charts)]
    if len(chosen) < count:
        blocks.append(Words([f"Drawn are {len(chosen):,} of {count:,} examples."]))
    if (more := len(seen.dataset.outputs) - SHOWN) > 0:
        blocks.append(Words([f"{more:,} further numbers are not drawn."]))
    return Section("Answers and truth", blocks)


def _beside(i, name, truth, said, chosen) -> Chart:
    with drawing(f"beside-{i}", "true", "predicted") as drawn:
        ends = [min(truth.min(), said.min()), max(truth.max(), said.max())]
        drawn.axes.plot(ends, ends, color=GRAY, linewidth=1)
        drawn.axes.plot(
            truth[chosen], said[chosen], ".", color=BLUE, alpha=0.6, markeredgewidth=0
        )
    return Chart(drawn.svg, f"{name}: predicted against true; on the line they agree.")


def _residuals(i, name, truth, said, chosen) -> Chart:
    with drawing(f"residuals-{i}", "predicted", "predicted - true") as drawn:
        drawn.axes.axhline(0, color=GRAY, linewidth=1)
        left = (said - truth)[chosen]
        drawn.axes.plot(
            said[chosen], left, ".", color=BLUE, alpha=0.6, markeredgewidth=0
        )
    return Chart(
        drawn.svg,
        f"{name}: what is left over each answer; a bend or a funnel means that the "
        "network misses something.",
    )


def _spread(i, name, truth, said) -> Chart:
    left = said - truth
    with drawing(f"spread-{i}", "predicted - true", "examples") as drawn:
        drawn.axes.hist(left, bins=min(40, max(8, len(left) // 10)), color=BLUE)
        drawn.axes.axvline(left.mean(), color=ORANGE)
    return Chart(
        drawn.svg,
        f"{name}: how far answers are off; mean {left.mean():.3g} (orange), standard "
        f"deviation {left.std():.3g}.",
    )


def coverage(seen: Seen) -> Section | None:
    """How often the truth lies in the intervals that `zoo predict` gives."""
    if seen.lacking or seen.task != "numbers":
        return None
    about = seen.run.metrics.get("conformal")
    about = about if isinstance(about, dict) else {}
    errors = about.get("errors")
    names = seen.dataset.outputs
    count = kept.group(seen.run.metrics, "conformal").get("examples", 0)
    if not _fit(errors, names, count):
        words = "The run keeps no errors of a validation split, so it has no intervals."
        return Section("Intervals", [Words([words])])
    rows: list[list[Cell]] = []
    for i, name in enumerate(names):
        far = np.abs(seen.outputs[:, i] - seen.targets[:, i])
        for level in LEVELS:
            try:
                half = bound(about, name, level)
            except Mistake:  # too few examples for the level
                continue
            shares = _shares(seen, far <= half)
            rows.append([name, f"{level:.0%}", f"± {half:.4g}", *shares])
    heads = ["number", "level", "interval", "truth inside", "95 % interval of that"]
    note = (
        f"The intervals come from the errors on {count:,.0f} examples of the "
        "validation split; `zoo predict --confidence 0.9` gives them."
    )
    return Section("Intervals", [Table(heads, rows, note=note)])


def spread(seen: Seen) -> Section | None:
    """How often the truth lies below each quantile that the network gives."""
    if seen.lacking or seen.quantiles is None:
        return None
    rows: list[list[Cell]] = [
        [name, f"{share:g}", *_shares(seen, seen.targets[:, i] <= said)]
        for i, name in enumerate(seen.dataset.outputs)
        for share, said in zip(seen.run.quantiles, seen.quantiles[:, i].T, strict=True)
    ]
    found = of_quantiles(seen.quantiles, seen.targets, seen.run.quantiles)
    note = (
        f"Pinball loss {found['pinball']:.4g}; {found['coverage']:.1%} of the numbers "
        f"lie from the first quantile to the last, and {found['asked']:.0%} should."
    )
    heads = ["number", "quantile", "truth below", "95 % interval of that"]
    return Section("Quantiles", [Table(heads, rows, note=note)])


def _shares(seen: Seen, those: np.ndarray) -> list[str]:
    """The share of examples, and its interval: windows that overlap count as one."""
    count = len(those) if seen.groups is None else len(np.unique(seen.groups))
    low, high = binomial_interval(those.mean() * count, count)
    return [f"{those.mean():.1%}", f"{low:.1%} to {high:.1%}"]


def _fit(errors, names: tuple[str, ...], count: float) -> bool:
    """Whether the errors that a run keeps are those of its numbers."""
    if not isinstance(errors, dict) or {*errors} != {*names} or count < 1:
        return False
    sizes = {len(each) if isinstance(each, list) else 0 for each in errors.values()}
    return sizes == {min(int(count), KEPT)}
