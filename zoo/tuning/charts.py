"""The charts of a search's report, as SVG."""

import html
import math
import statistics
from collections.abc import Sequence

from zoo.tuning.search import rank

WIDTH, HEIGHT = 900, 330
_AXES = 9  # of hyperparameters, beside each other
_FAR = 2  # interquartile ranges beyond the quartiles, for what is drawn at the edge
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 30, 20, 50
_BLUE, _ORANGE, _GRAY = (41, 98, 155), (235, 137, 18), "#aab4bf"


def scale(values: Sequence) -> list[float]:
    """Values of a hyperparameter as numbers that can be drawn and learned from.

    Positive numbers that span more than a factor of 30 become logarithms; words and
    truth values their place in alphabetical order; what a trial has not, the lowest.
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
    choose = max if name.endswith("accuracy") else min
    best = [choose(values[: i + 1]) for i in range(len(values))]
    label = name.replace("_", " ")
    plot = _Plot(numbers, values, "trial", label, is_high_best=choose is max)
    steps = []
    for i, (number, value) in enumerate(zip(numbers, best, strict=True)):
        steps += [(number, best[max(0, i - 1)]), (number, value)]
    path = " ".join(f"{plot.x(a):.1f},{plot.y(b):.1f}" for a, b in steps)
    line = (
        f'<polyline points="{path}" fill="none" stroke="{_rgb(1)}" stroke-width="2"/>'
    )
    dots = [
        plot.dot(n, v, _rgb(0), t)
        for n, v, t in zip(numbers, values, trials, strict=True)
    ]
    return plot.drawn([line, *dots])


def scatter(
    costs: Sequence[float],
    values: Sequence[float],
    chosen: Sequence[int],
    trials: Sequence[dict],
    cost: str,
    value: str,
) -> str:
    """Values over costs on a logarithmic axis, with the Pareto set joined."""
    plot = _Plot(costs, values, cost, value, log=True)
    path = " ".join(f"{plot.x(costs[i]):.1f},{plot.y(values[i]):.1f}" for i in chosen)
    shapes = [f'<polyline points="{path}" fill="none" stroke="{_rgb(1)}"/>']
    for i in sorted(range(len(trials)), key=lambda i: i in chosen):
        color = _rgb(1 if i in chosen else 0)
        shapes.append(plot.dot(costs[i], values[i], color, trials[i]))
    return plot.drawn(shapes)


def bars(shares: dict[str, float]) -> str:
    """A bar for each name, with its share of 1."""
    high, left = 24, 190
    shapes = []
    for row, (name, share) in enumerate(shares.items()):
        y = 10 + row * high
        width = share * (WIDTH - left - 80)
        shapes += [
            _text(left - 10, y + 13, name, "end"),
            f'<rect x="{left}" y="{y}" width="{width:.1f}" height="16" '
            f'fill="{_rgb(0)}"/>',
            _text(left + width + 8, y + 13, f"{share:.0%}"),
        ]
    return _svg(shapes, 20 + high * len(shares))


def parallel(
    trials: Sequence[dict], name: str, columns: dict[str, Sequence[float]]
) -> str:
    """A line a trial through an axis for each hyperparameter, and the value's axis.

    Where there are many, the axes stand in rows, each with the value's at its end.
    """
    varied = [(k, column) for k, column in columns.items() if len(set(column)) > 1]
    rows = max(1, math.ceil(len(varied) / _AXES))
    size = math.ceil(len(varied) / rows)
    parts = [dict(varied[row * size : (row + 1) * size]) for row in range(rows)]
    return "".join(_row_of_axes(trials, name, part) for part in parts)


def _row_of_axes(trials, name, columns) -> str:
    values = [trial[name] for trial in trials]
    near = _near(values, name.endswith("accuracy"))
    axes = {**columns, name: near}
    step = (WIDTH - 130) / max(1, len(axes) - 1)
    top, bottom = 50, HEIGHT - 30
    shapes, heights = [], {}
    for place, (axis, column) in enumerate(axes.items()):
        x = 60 + place * step
        low, high = min(column), max(column)
        heights[axis] = [
            bottom - (v - low) / ((high - low) or 1) * (bottom - top) for v in column
        ]
        shapes.append(
            f'<line x1="{x}" x2="{x}" y1="{top}" y2="{bottom}" stroke="{_GRAY}"/>'
        )
        shapes.append(_text(x, 16 + 15 * (place % 2), axis.replace("_", " "), "middle"))
        raw = near if axis == name else [t["values"].get(axis) for t in trials]
        for label, y in _ends(raw, heights[axis]):
            shapes.append(_text(x + 4, y + (12 if y > top + 9 else -4), label))
    objective = name.removeprefix("validation_")
    order = sorted(range(len(trials)), key=lambda i: rank(trials[i], objective))[::-1]
    for place, i in enumerate(order):
        path = " ".join(
            f"{60 + step * k:.1f},{heights[axis][i]:.1f}" for k, axis in enumerate(axes)
        )
        part = place / max(1, len(order) - 1)
        is_best = place == len(order) - 1
        shapes.append(
            f'<polyline points="{path}" fill="none" stroke="{_rgb(part)}" '
            f'stroke-width="{3 if is_best else 1}" opacity="{0.35 + 0.65 * part:.2f}">'
            f"<title>{_title(trials[i])}</title></polyline>"
        )
    return _svg(shapes, HEIGHT)


def _ends(raw, heights):
    """The labels of an axis: the lowest and the highest, or every word."""
    known = [
        (y, value) for y, value in zip(heights, raw, strict=True) if value is not None
    ]
    if not known:
        return []
    if any(isinstance(value, str | bool) for _, value in known):
        return list({value: y for y, value in known}.items())
    low, high = max(known), min(known)
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


class _Plot:
    """A frame with two axes."""

    def __init__(self, xs, ys, x_label, y_label, log=False, is_high_best=True):
        self.log, self.labels = log, (x_label, y_label)
        self.xs = self._range([math.log10(x) for x in xs] if log else xs)
        self.ys = self._range(_near(ys, is_high_best))

    def _range(self, values):
        low, high = min(values), max(values)
        margin = (high - low) * 0.05 or 0.5
        return low - margin, high + margin

    def x(self, value) -> float:
        low, high = self.xs
        value = math.log10(value) if self.log else value
        return _LEFT + (value - low) / (high - low) * (WIDTH - _LEFT - _RIGHT)

    def y(self, value) -> float:
        low, high = self.ys
        span = HEIGHT - _TOP - _BOTTOM
        part = (min(max(value, low), high) - low) / (high - low)
        return HEIGHT - _BOTTOM - part * span

    def dot(self, x, value, color, trial) -> str:
        """A circle, or at the edge a triangle that points to where the value is."""
        x, y = self.x(x), self.y(value)
        low, high = self.ys
        if low <= value <= high:
            shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"'
        else:
            tip = 5 if value < low else -5
            shape = f'<path d="M{x - 5:.1f},{y - tip:.1f}h10l-5,{2 * tip}z"'
        title = f"<title>{_title(trial)}</title>"
        end = shape.split()[0][1:]
        return f'{shape} fill="{color}" opacity="0.85">{title}</{end}>'

    def drawn(self, shapes) -> str:
        foot, end = HEIGHT - _BOTTOM, WIDTH - _RIGHT
        frame = [
            f'<path d="M{_LEFT},{_TOP}V{foot}H{end}" fill="none" stroke="{_GRAY}"/>',
            _text((_LEFT + end) / 2, HEIGHT - 8, self.labels[0], "middle"),
            f'<text transform="translate(14,{(foot + _TOP) / 2}) rotate(-90)" '
            f'text-anchor="middle">{html.escape(self.labels[1])}</text>',
        ]
        for tick in _ticks(*self.ys):
            y = self.y(tick)
            frame.append(
                f'<line x1="{_LEFT}" x2="{end}" y1="{y:.1f}" y2="{y:.1f}" '
                'stroke="#eef1f4"/>'
            )
            frame.append(_text(_LEFT - 6, y + 4, f"{tick:.4g}", "end"))
        for tick in _log_ticks(*self.xs) if self.log else _ticks(*self.xs):
            label = f"{tick:,.0f}" if tick >= 1 else f"{tick:g}"
            frame.append(_text(self.x(tick), foot + 18, label, "middle"))
        return _svg([*frame, *shapes], HEIGHT)


def _ticks(low, high):
    """Round numbers between two, four to eight of them."""
    step = 10 ** math.floor(math.log10((high - low) / 4))
    step *= next(f for f in (1, 2, 5, 10) if (high - low) / (step * f) <= 8)
    first = math.ceil(low / step)
    return [step * k for k in range(first, math.floor(high / step) + 1)]


def _log_ticks(low, high):
    """1, 2 and 5 times powers of ten between two exponents; if far apart, powers."""
    powers = range(math.floor(low), math.floor(high) + 1)
    ticks = [10.0**power * part for power in powers for part in (1, 2, 5)]
    if high - low > 3:
        ticks = ticks[::3]
    return [tick for tick in ticks if low <= math.log10(tick) <= high]


def _title(trial) -> str:
    accuracy, loss = trial["validation_accuracy"], trial["validation_loss"]
    what = trial["overrides"] or "the recipe as it is"
    told = f"trial {trial['trial']}: accuracy {accuracy:.4f}, loss {loss:.4f}; {what}"
    return html.escape(told)


def _text(x, y, text, anchor="start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f"<text {place}>{html.escape(str(text))}</text>"


def _rgb(part: float) -> str:
    """From blue, 0, to orange, 1."""
    mixed = (round(a + (b - a) * part) for a, b in zip(_BLUE, _ORANGE, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _svg(shapes, height) -> str:
    style = 'font-family="system-ui, sans-serif" font-size="12" fill="#3a4856"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" {style}>{"".join(shapes)}</svg>'
    )
