"""Runs side by side: what `zoo compare` found, as tables and as a page."""

import os
from dataclasses import dataclass

from zoo.core import files
from zoo.core.paths import expand
from zoo.metrics import better, is_share, shown
from zoo.reporting import kept, pages
from zoo.reporting.blocks import Block, Chart, Charts, Section, Table, Words
from zoo.reporting.curves import NEEDED
from zoo.reporting.drawing import CLASS_COLORS, drawing
from zoo.reporting.paired import Difference
from zoo.run import Run

# What stands first in a table.
FIRST = ("bits", "error_rate", "accuracy", "average_precision", "mae")
KEPT = ("parameters", "epochs")


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    Attributes:
        runs: in the order given; the others are compared with the first.
        names: of the runs, all different.
        split, examples: what all of them answered, and how many.
        metrics: of each run, by its name, see `zoo.metrics.measure`.
        differences: one for each run but the first, and each metric.
        settings: what differs: the field, then its value in each run.
        note: on the inputs, if not all runs read them alike.
    """

    runs: tuple[Run, ...]
    names: tuple[str, ...]
    split: str
    examples: int
    metrics: dict[str, dict[str, float]]
    differences: list[Difference]
    settings: list[list[str]]
    note: str = ""

    def save(self, path: str | os.PathLike = "comparison.html") -> pages.Page:
        """Write the page, one file that asks nothing of others.

        Raises:
            Mistake: it cannot be written.
        """
        page = pages.Page(expand(path))
        files.write_text(page, self._page())
        return page

    def _repr_html_(self) -> str:
        return pages.framed(self._page())

    def _page(self) -> str:
        about = f"{self.examples:,} examples of the {self.split} split"
        return pages.to_html(", ".join(self.names), about, sections(self))

    def results(self) -> tuple[list[str], list[list[str]]]:
        """Heads and rows of a table: each run with its metrics."""
        names = list(next(iter(self.metrics.values())))
        names = [n for n in names if all(n in each for each in self.metrics.values())]
        names.sort(key=lambda name: name not in FIRST)
        rows = []
        for run, name in zip(self.runs, self.names, strict=True):
            about = kept.group(run.metrics)
            values = [shown(metric, self.metrics[name][metric]) for metric in names]
            more = [f"{about[key]:,.0f}" if key in about else "" for key in KEPT]
            seconds = kept.group(run.metrics, "seconds").get("total")
            more.append(f"{seconds / 60:.3g}" if seconds else "")
            rows.append([name, run.environment.get("backend") or "", *values, *more])
        heads = [name.replace("_", " ") for name in names]
        return ["run", "backend", *heads, *KEPT, "minutes"], rows

    def paired(self) -> tuple[list[str], list[list[str]]]:
        """Heads and rows of a table: each difference with its interval."""
        rows = []
        for each in self.differences:
            ends = [signed(each.metric, end) for end in each.interval]
            rows.append(
                [
                    f"{each.run} - {self.names[0]}",
                    each.metric.replace("_", " "),
                    signed(each.metric, each.value - each.first),
                    f"{ends[0].removesuffix(' points')} to {ends[1]}",
                    "" if each.p is None else f"{each.p:.3g}",
                    _verdict(each),
                ]
            )
        return ["", "metric", "difference", "95 % interval", "p", ""], rows


def _verdict(each: Difference) -> str:
    if not each.is_clear:
        return "within its noise"
    is_better = better(each.metric, each.value) > better(each.metric, each.first)
    return "better" if is_better else "worse"


def signed(metric: str, value: float) -> str:
    """A difference with its sign; of shares in points of a hundred."""
    return f"{100 * value:+.2f} points" if is_share(metric) else f"{value:+.3g}"


def sections(found: Comparison) -> list[Section]:
    """The page of a comparison."""
    heads, rows = found.results()
    blocks: list[Block] = [Table(heads, rows, 2)]
    if found.note:
        blocks.append(Words([found.note], "warning"))
    paired, differences = found.paired()
    words = [
        "On the same examples, run by run minus the first. p: the exact McNemar test "
        "that both are right equally often. The intervals are those of resampled "
        "examples: another seed would give another network."
    ]
    alike = Words(["The recipes and machines are alike."])
    about = Table(["", *found.names], found.settings, 1 + len(found.names))
    return [
        Section("Results", blocks),
        Section("Differences", [Table(paired, differences, 2), Words(words)]),
        *_curves(found),
        Section("What differs", [about if found.settings else alike]),
    ]


def _curves(found: Comparison) -> list[Section]:
    """The curves over each other, of the runs that have any."""
    drawn = [
        (run.history, name, color)
        for run, name, color in zip(found.runs, found.names, CLASS_COLORS, strict=False)
        if (run.folder / "history.csv").is_file() and run.history[0].keys() >= NEEDED
    ]
    shared = [
        metric
        for metric in ("loss", "accuracy", "label_accuracy", "mae")
        if drawn and all(metric in history[0] for history, _, _ in drawn)
    ]
    if not shared:
        return []
    return [Section("Curves", [Charts([_over(metric, drawn) for metric in shared])])]


def _over(metric: str, drawn: list) -> Chart:
    words = metric.replace("_", " ")
    held = f"validation_{metric}"
    keys = {metric: "-"}
    if any(held in history[0] for history, _, _ in drawn):
        keys = {metric: ":", held: "-"}
    with drawing(f"over-{metric}", "epoch", words) as over:
        for history, _, color in drawn:
            for key, style in keys.items():
                points = [(line["epoch"], line[key]) for line in history if key in line]
                if points:
                    dot = "o" if len(points) == 1 else None  # no line has one point
                    x, y = zip(*points, strict=True)
                    over.axes.plot(x, y, style, color=color, marker=dot)
        over.count_across()
    which = "in training"
    if held in keys:
        which = "dotted in training, whole lines in validation"
    legend = [(color, name) for _, name, color in drawn]
    return Chart(over.svg, f"{words.capitalize()} of every epoch, {which}.", legend)
