"""Charts of forecasts: what a series ends with, what comes next, and what came."""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo.core import files
from zoo.core.folders import check_place
from zoo.core.paths import expand
from zoo.errors import Mistake, unknown
from zoo.reporting import labels
from zoo.reporting.charts import BLUE, GRAY, ORANGE, new_figure

ENDINGS = (".svg", ".png", ".pdf")
SHOWN = 9  # series at most
BEFORE = 4  # horizons of history at most
TICKS = 5  # times written along an axis


def check(path: str | Path) -> None:
    """Refuse a chart that cannot be written, before anything is computed.

    Raises:
        Mistake: another ending, no such folder, or matplotlib is not installed.
    """
    path = expand(path)
    if path.suffix.lower() not in ENDINGS:
        raise unknown("ending of a chart", path.suffix or path.name, ENDINGS)
    if not path.parent.is_dir():
        raise Mistake(
            f"there is no folder {path.parent} for {path.name}; make it first"
        )
    check_place(path)
    new_figure(1, 1)


def draw(predictions: Sequence[Any], path: str | Path) -> None:
    """Draw the first nine forecasts, each with its history, intervals and the truth.

    A warning says so where there are more.

    Args:
        predictions: `zoo.predict`'s, of series.
        path: of the chart, .svg, .png or .pdf.

    Raises:
        Mistake: see `check`.
    """
    check(path)
    chosen = list(predictions)[:SHOWN]
    if len(predictions) > SHOWN:
        warnings.warn(
            f"{path} has the first {SHOWN} of {len(predictions):,} series",
            stacklevel=2,
        )
    across = math.ceil(math.sqrt(len(chosen)))
    down = -(-len(chosen) // across)
    figure = new_figure(max(8, 5 * across), 3 * down)
    with labels.as_text([each.input for each in chosen]) as readable:
        grid = figure.subplots(down, across, squeeze=False)
        for axes, each in zip(grid.flat, chosen, strict=False):
            _one(axes, each)
            axes.set_title(labels.shortened(readable(each.input)), fontsize="medium")
        for axes in grid.flat[len(chosen) :]:
            axes.set_axis_off()
        grid.flat[0].legend(fontsize="small")
        with files.replacing(expand(path)) as temporary:
            kind = expand(path).suffix[1:].lower()
            figure.savefig(temporary, format=kind, dpi=150)


def _one(axes, prediction) -> None:
    horizon = len(prediction.times)
    history = list(prediction.history.items())[-BEFORE * horizon :]
    before = range(-len(history), 0)
    ahead = range(horizon)
    axes.plot(before, [value for _, value in history], color=BLUE, label="history")
    numbers = list(prediction.numbers.values())
    axes.plot(ahead, numbers, color=ORANGE, label="forecast", marker=_dot(horizon))
    if prediction.intervals:
        low, high = zip(*prediction.intervals.values(), strict=True)
        axes.fill_between(ahead, low, high, color=ORANGE, alpha=0.2, label="interval")
    elif prediction.quantiles:
        (first, low), *_, (last, high) = prediction.quantiles.items()
        ends = list(low.values()), list(high.values())
        band = f"quantiles {first} to {last}"
        axes.fill_between(ahead, *ends, color=ORANGE, alpha=0.2, label=band)
    if prediction.truth:
        truth = list(prediction.truth.values())
        places = range(len(truth))
        axes.plot(places, truth, color=BLUE, linestyle=":", label="truth")
    axes.axvline(-0.5, color=GRAY, linewidth=1)
    named = [when for when, _ in history] + list(prediction.times)
    step = max(1, len(named) // TICKS)
    places = range(0, len(named), step)
    axes.set_xticks(
        [place - len(history) for place in places], [named[place] for place in places]
    )
    axes.tick_params(axis="x", labelrotation=20, labelsize="small")
    axes.grid(alpha=0.3)


def _dot(horizon: int) -> str | None:
    return "o" if horizon == 1 else None  # no line has one point
