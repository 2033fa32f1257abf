"""The charts of a search's report."""

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zoo.metrics import better
from zoo.reporting.charts import BLUE, GRAY, ORANGE, new_figure, to_svg
from zoo.tuning.search import metric_of, rank

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT = 9.0, 3.3  # inches
_AXES = 9  # of hyperparameters, beside each other
_FAR = 2  # interquartile ranges beyond the quartiles, for what is drawn at the edge


def scale(values: Sequence) -> list[float]:
    """Values of a hyperparameter as numbers that can be drawn and learned from.

    Positive numbers that span more than a factor of 30 become logarithms; words and
    truth values their place in alphabetical order; a missing value the lowest.
    """
    known = [value for value in values if value is not None]
    if any(isinstance(value, str | bool) for value in known):
        words = sorted({str(value) for value in known})
        return [words.index(str(v)) if v is not None else 0.0 for v in values]
    lowest = min(known, default=0.0)
    positive = [value for value in known if value > 0]
    if positive and max(positive) / min(positive) > 30 and lowest >= 0:
        floor = math.log10(min(positive))
        zero = floor - 1 if lowest == 0 else floor
        return [math.log10(value) if value else zero for value in values]
    return [float(lowest if value is None else value) for value in values]


def progress(trials: Sequence[dict], name: str) -> str:
    """Each trial's value over its number, and the best so far.

    Values far worse than most are triangles at the edge; so they are in `scatter`.
    """
    values = [trial[name] for trial in trials]
    numbers = [trial["trial"] for trial in trials]
    is_high_best = _is_high_best(name)
    choose = max if is_high_best else min
    best = [choose(values[: i + 1]) for i in range(len(values))]
    figure = new_figure(_WIDTH, _HEIGHT)
    axes = _axes(figure, "trial", name.replace("_", " "))
    axes.step(numbers, best, where="post", color=ORANGE, linewidth=2)
    titles = _points(
        axes, numbers, values, trials, [BLUE] * len(trials), is_high_best, "progress"
    )
    return to_svg(figure, titles, "progress")


def scatter(
    costs: Sequence[float],
    values: Sequence[float],
    chosen: Sequence[int],
    trials: Sequence[dict],
    cost: str,
    value: str,
) -> str:
    """Values over costs on a logarithmic axis, with the Pareto set joined."""
    figure = new_figure(_WIDTH, _HEIGHT)
    axes = _axes(figure, cost, value)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda at, _: f"{at:,.0f}" if at >= 1 else f"{at:g}")
    axes.plot([costs[i] for i in chosen], [values[i] for i in chosen], color=ORANGE)
    colors = [ORANGE if i in chosen else BLUE for i in range(len(trials))]
    name = f"over-{cost.partition(' ')[0]}"
    is_high_best = _is_high_best(value.replace(" ", "_"))
    titles = _points(axes, costs, values, trials, colors, is_high_best, name)
    return to_svg(figure, titles, name)


def bars(shares: dict[str, float]) -> str:
    """A bar for each name, with its share of 1."""
    figure = new_figure(_WIDTH, 0.4 + 0.26 * len(shares))
    axes = figure.subplots()
    drawn = axes.barh([*shares], [*shares.values()], color=BLUE, height=0.7)
    axes.bar_label(drawn, [f"{share:.0%}" for share in shares.values()], padding=4)
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.spines[:].set_visible(False)
    axes.tick_params(left=False)
    return to_svg(figure, {}, "bars")


def parallel(
    trials: Sequence[dict], name: str, columns: dict[str, Sequence[float]]
) -> str:
    """A line a trial through an axis for each hyperparameter, and the value's axis.

    Where there are many, the axes stand in rows, each with the value's at its end.
    """
    varied = [(k, column) for k, column in columns.items() if len(set(column)) > 1]
    rows = max(1, math.ceil(len(varied) / _AXES))
    size = math.ceil(len(varied) / rows)
    figure = new_figure(_WIDTH, _HEIGHT * rows)
    titles = {}
    for row, axes in enumerate(figure.subplots(rows, 1, squeeze=False)[:, 0]):
        part = dict(varied[row * size : (row + 1) * size])
        titles |= _parallel_axes(axes, trials, name, part, f"parallel-{row}")
    return to_svg(figure, titles, "parallel")


def _parallel_axes(axes, trials, name, columns, prefix) -> dict[str, str]:
    """Draw one row of axes; what its lines stand for, by their gids."""
    near = _near([trial[name] for trial in trials], _is_high_best(name))
    columns = {**columns, name: near}
    heights = []
    for place, (each, column) in enumerate(columns.items()):
        low, high = min(column), max(column)
        height = [(value - low) / ((high - low) or 1) for value in column]
        heights.append(height)
        axes.axvline(place, color=GRAY, linewidth=0.8)
        raw = near if each == name else [t["values"].get(each) for t in trials]
        for label, y in _ends(raw, height):
            axes.annotate(str(label), (place, y), (3, 3), textcoords="offset points")
    order = sorted(
        range(len(trials)),
        key=lambda i: rank(trials[i], name.removeprefix("validation_")),
        reverse=True,
    )
    titles = {}
    for place, i in enumerate(order):
        part = place / max(1, len(order) - 1)
        [line] = axes.plot(
            [height[i] for height in heights],
            color=_mixed(part),
            linewidth=3 if place == len(order) - 1 else 1,
            alpha=0.35 + 0.65 * part,
        )
        gid = f"{prefix}-{trials[i]['trial']}"
        line.set_gid(gid)
        titles[gid] = _title(trials[i])
    names = [each.replace("_", " ") for each in columns]
    lifted = [f"{each}\n" if i % 2 else each for i, each in enumerate(names)]
    axes.set_xticks(range(len(columns)), lifted)
    axes.xaxis.tick_top()
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.margins(x=0.07)
    return titles


def _ends(raw, heights):
    """The labels of an axis: the lowest and the highest, or every word."""
    known = [
        (y, value) for y, value in zip(heights, raw, strict=True) if value is not None
    ]
    if not known:
        return []
    if any(isinstance(value, str | bool) for _, value in known):
        return list({value: y for y, value in known}.items())
    low, high = min(known), max(known)
    return [(f"{low[1]:.3g}", low[0]), (f"{high[1]:.3g}", high[0])]


def _near(values, is_high_best):
    """The values, those that are far worse than most replaced by a limit."""
    lower, _, upper = statistics.quantiles(2 * [*values], method="inclusive")
    far = _FAR * (upper - lower)
    if not far:
        return values
    if is_high_best:
        return [max(value, lower - far) for value in values]
    return [min(value, upper + far) for value in values]


def _axes(figure, x_label, y_label) -> "Axes":
    axes = figure.subplots()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(axis="y", color="#eef1f4")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRAY)
    return axes


def _points(axes, xs, ys, trials, colors, is_high_best, prefix) -> dict[str, str]:
    """Draw a point a trial; what each stands for, by its gid.

    A value far worse than most is a triangle at the edge that points to where it is.
    """
    near = _near(ys, is_high_best)
    titles = {}
    for x, y, edge, trial, color in zip(xs, ys, near, trials, colors, strict=True):
        marker = "o" if y == edge else "v" if is_high_best else "^"
        [point] = axes.plot([x], [edge], marker, color=color, alpha=0.85, zorder=3)
        point.set_gid(f"{prefix}-{trial['trial']}")
        titles[point.get_gid()] = _title(trial)
    return titles


def _title(trial) -> str:
    metric = metric_of(trial)
    value, loss = trial[f"validation_{metric}"], trial["validation_loss"]
    what = trial["overrides"] or "the recipe as it is"
    named = metric.replace("_", " ")
    return f"trial {trial['trial']}: {named} {value:.4f}, loss {loss:.4f}; {what}"


def _is_high_best(name: str) -> bool:
    return better(name.removeprefix("validation_"), 1) > 0


def _mixed(part: float) -> str:
    """From blue, 0, to orange, 1."""
    blue, orange = (bytes.fromhex(color[1:]) for color in (BLUE, ORANGE))
    mixed = (round(a + (b - a) * part) for a, b in zip(blue, orange, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)
