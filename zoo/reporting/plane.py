"""The section of data in the plane: what the network answers at every point."""

import numpy as np

from zoo.metrics.each import answered
from zoo.reporting.blocks import Chart, Charts, Section
from zoo.reporting.charts import BLUE, ORANGE
from zoo.reporting.drawing import CLASS_COLORS, drawing
from zoo.reporting.seen import Seen

SIDE = 160  # points of the grid along an axis
POINTS = 600  # examples at most that are drawn


def section(seen: Seen) -> Section | None:
    """The decision boundary of two numbers, or the line through one."""
    if seen.lacking or not _is_plain(seen):
        return None
    width = seen.dataset.input_shape[0]
    inputs = np.asarray(seen.inputs, "float64")
    count = len(inputs)
    chosen = np.unique(np.linspace(0, count - 1, min(count, POINTS)).astype(int))
    if width == 1 and seen.task == "numbers":
        return Section("The line", [Charts([_line(seen, inputs, chosen)])])
    if width == 2 and seen.task == "classes":
        if len(seen.dataset.classes) > len(CLASS_COLORS):
            return None
        return Section("Decision boundary", [Charts([_map(seen, inputs, chosen)])])
    return None


def _is_plain(seen: Seen) -> bool:
    """Whether inputs are numbers that can be taken for coordinates."""
    numbers = all(column.kind == "number" for column in seen.dataset.columns)
    if seen.dataset.kind not in ("points", "tabular") or not numbers:
        return False
    return bool(np.isfinite(np.asarray(seen.inputs)).all())


def _predict(seen: Seen, inputs: np.ndarray) -> np.ndarray:
    from zoo.engine import steps

    return steps.predict(seen.call, inputs.astype("float32"))


def _map(seen: Seen, inputs: np.ndarray, chosen: np.ndarray) -> Chart:
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    edge = 0.08 * np.where(high > low, high - low, 1.0)
    ends = np.stack([low - edge, high + edge])
    x, y = np.meshgrid(*np.linspace(ends[0], ends[1], SIDE, axis=1))
    said = answered(_predict(seen, np.column_stack([x.ravel(), y.ravel()])))
    colors = np.array([bytes.fromhex(color[1:]) for color in CLASS_COLORS])
    rgb = np.array([list(color) for color in colors.tolist()], np.uint8)
    names = seen.dataset.classes
    with drawing("plane", "", "", 3.6) as drawn:
        axes = drawn.axes
        axes.grid(False)
        extent = (*ends[:, 0], *ends[:, 1])
        axes.imshow(
            rgb[said].reshape(SIDE, SIDE, 3),
            extent=extent,
            origin="lower",
            aspect="auto",
            alpha=0.3,
            interpolation="nearest",
        )
        for number in range(len(names)):
            here = chosen[seen.targets[chosen] == number]
            color = CLASS_COLORS[number]
            axes.plot(
                *inputs[here].T, "o", markersize=3, color=color, markeredgewidth=0
            )
    across, up = seen.dataset.features
    return Chart(
        drawn.svg,
        f"Across: {across}; up: {up}. The ground has the color of the answer, a point "
        f"that of its true class ({len(chosen):,} examples of the {seen.split} split).",
        [(color, name) for color, name in zip(CLASS_COLORS, names, strict=False)],
    )


def _line(seen: Seen, inputs: np.ndarray, chosen: np.ndarray) -> Chart:
    x = np.linspace(inputs.min(), inputs.max(), 200)
    with drawing("line", "input", "answer") as drawn:
        axes = drawn.axes
        axes.plot(inputs[chosen, 0], seen.targets[chosen, 0], ".", color=BLUE)
        axes.plot(x, _predict(seen, x[:, None])[:, 0], color=ORANGE)
    (across,), up = seen.dataset.features, seen.dataset.outputs[0]
    legend = [(BLUE, "examples"), (ORANGE, "network")]
    return Chart(drawn.svg, f"Across: {across}; up: {up}.", legend)
