"""The section "Forecasts": beside what came, and beside what needs no network."""

import numpy as np

from zoo.data import features
from zoo.reporting.blocks import Chart, Charts, Section
from zoo.reporting.charts import BLUE, GRAY, ORANGE
from zoo.reporting.drawing import drawing
from zoo.reporting.seen import Seen

SHOWN = 4  # windows, from the first one to the last
BEFORE = 4  # horizons of history at most


def section(seen: Seen) -> Section | None:
    """Some windows of a series, each with its forecast, the truth and a floor."""
    line = seen.dataset.timeline
    if seen.lacking or line is None:
        return None
    split = seen.dataset.split(seen.split)
    count = len(split)
    chosen = np.unique(np.linspace(0, count - 1, min(count, SHOWN)).astype(int))
    season = line.season if 0 < line.season <= line.window else 1
    floor = features.repeated(split.take(chosen), season, line.horizon)
    past = features.values(split, chosen)[:, -BEFORE * line.horizon :]
    name = f"season before, {season:,} steps" if season > 1 else "last value"
    shaded, charts = "", []
    if seen.quantiles is not None:
        first, *_, last = seen.run.quantiles
        shaded = f"; shaded: from the quantile {first} to {last}"
    for row, place in enumerate(chosen):
        lines = past[row], seen.targets[place], seen.outputs[place], floor[row]
        many = None if seen.quantiles is None else seen.quantiles[place]
        caption = f"Window {place + 1:,} of {count:,}; dotted: what came{shaded}."
        legend = [(BLUE, "the series"), (ORANGE, "forecast"), (GRAY, name)]
        charts.append(Chart(_one(row, *lines, many), caption, legend))
    return Section("Forecasts", [Charts(charts)])


def _one(row: int, past, truth, said, floor, many) -> str:
    with drawing(f"ahead-{row}", "steps after the last known one", "value") as drawn:
        axes, ahead = drawn.axes, np.arange(1, len(truth) + 1)
        dot = "o" if len(truth) == 1 else None  # no line has one point
        axes.plot(np.arange(1 - len(past), 1), past, color=BLUE)
        axes.plot(ahead, floor, color=GRAY, linestyle="--", marker=dot)
        axes.plot(ahead, said, color=ORANGE, marker=dot)
        if many is not None:
            ends = {"y1": many[:, 0], "y2": many[:, -1]}
            axes.fill_between(ahead, **ends, color=ORANGE, alpha=0.2)
        axes.plot(ahead, truth, color=BLUE, linestyle=":", marker=dot)
        drawn.count_across()
    return drawn.svg
