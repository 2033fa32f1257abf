"""The section "Curves": loss and metric of every epoch, and what they say."""

from collections.abc import Sequence

from zoo.metrics import of_each
from zoo.reporting import kept
from zoo.reporting.advice import Advice, advise
from zoo.reporting.blocks import Block, Chart, Charts, Section, Words
from zoo.reporting.charts import BLUE, GRAY, ORANGE
from zoo.reporting.drawing import drawing
from zoo.reporting.seen import Seen

NEEDED = {"epoch", "loss", "seconds", "waiting"}


def section(seen: Seen) -> Section | None:
    """A drawing each for the loss and the metric; advice is marked where it applies."""
    if not (seen.run.folder / "history.csv").is_file():
        return None
    history = seen.run.history
    if not history[0].keys() >= NEEDED:
        return None
    metric = next(
        (m for m in ("accuracy", "label_accuracy", "mae") if m in history[0]), None
    )
    advice = given(seen)
    charts = [chart(history, "loss", advice)]
    if metric:
        charts.append(chart(history, metric, advice))
    lines = [f"{i}. {sentence}" for i, sentence in enumerate(advice, 1)]
    blocks: list[Block] = [Charts(charts)]
    if lines:
        blocks.append(Words(lines, "advice"))
    return Section("Curves", blocks)


def given(seen: Seen) -> list[str]:
    """The advice on a run; of its classes as they are answered now."""
    metrics = {**seen.run.metrics}
    if seen.split and seen.task in ("classes", "labels"):
        each = of_each(
            seen.outputs, seen.targets, seen.dataset.classes, seen.task, seen.cuts
        )
        metrics["classes"] = {seen.split: each}
    else:
        metrics.pop("classes", None)
    if not kept.groups(metrics, "floors") or not kept.group(metrics, "noise"):
        metrics.pop("floors", None)
    return advise(seen.run.history, metrics)


def chart(history: Sequence[dict], metric: str, advice: Sequence[str]) -> Chart:
    """A metric over the epochs, in training and validation."""
    legend = []
    words = metric.replace("_", " ")
    with drawing(f"curve-{metric}", "epoch", words) as drawn:
        for key, color in ((metric, BLUE), (f"validation_{metric}", ORANGE)):
            points = [(line["epoch"], line[key]) for line in history if key in line]
            if not points:
                continue
            dot = "o" if len(points) == 1 else None  # no line has one point
            drawn.axes.plot(*zip(*points, strict=True), color=color, marker=dot)
            legend.append((color, "training" if color == BLUE else "validation"))
        for number, each in enumerate(advice, 1):
            _mark(drawn.axes, number, each)
        drawn.count_across()
    caption = f"{words.capitalize()} of every epoch."
    if any(isinstance(each, Advice) and each.epochs for each in advice):
        caption += " The numbers are those of the advice below."
    return Chart(drawn.svg, caption, legend)


def _mark(axes, number: int, advice: str) -> None:
    """Shade the epochs that a piece of advice is about, with its number on top."""
    if not isinstance(advice, Advice) or not advice.epochs:
        return
    first, last = advice.epochs
    axes.axvspan(first - 0.5, last + 0.5, color=GRAY, alpha=0.25, linewidth=0)
    axes.text(
        (first + last) / 2,
        1.0,
        str(number),
        transform=axes.get_xaxis_transform(),
        ha="center",
        va="bottom",
        fontweight="bold",
    )
