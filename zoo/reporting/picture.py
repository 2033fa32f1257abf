"""The picture of a run, `report.png`: curves, and how often each class was taken."""

import math
import textwrap
from pathlib import Path

import numpy as np

from zoo.core import files
from zoo.errors import Mistake
from zoo.metrics import of_each
from zoo.metrics.each import answered
from zoo.reporting import charts, labels
from zoo.reporting.advice import advise, listed
from zoo.reporting.seen import Seen

INCHES = 0.16  # of the matrix for each class: a line of small letters
COUNTED = 30  # classes at most whose counts are written into the matrix
MOST = 200  # names at most along an axis
SHOWN = 9  # numbers at most whose answers are drawn


def draw(seen: Seen, path: Path) -> None:
    """Write the picture as PNG.

    Left: loss and accuracy of every epoch, training and validation. Right: how often
    each class was taken for each; of numbers the answers beside the truth; of labels
    recall and precision. Below: what `zoo.reporting.advice` says.
    """
    run, dataset, split = seen.run, seen.dataset, seen.split
    if dataset.task in ("tokens", "strings"):
        what = "a text" if dataset.task == "tokens" else "strings"
        raise Mistake(f"a report of {what} is html or md: the picture shows classes")
    with labels.as_text([*dataset.answers, run.folder.name]) as readable:
        drawn = {"labels": _of_labels, "numbers": _of_numbers}.get(
            dataset.task, _of_classes
        )
        figure = drawn(run, dataset, split, seen.outputs, readable)
        with files.replacing(path) as temporary:
            figure.savefig(temporary, format="png", dpi=100)


def _with_curves(run, side, metrics, readable):
    """A figure with the curves on its left, and what is to its right, empty."""
    figure = charts.new_figure(6 + side, side)
    ((left, right),) = figure.subfigures(1, 2, squeeze=False, width_ratios=[6, side])
    for axes, metric in zip(left.subplots(2, 1, sharex=True), metrics, strict=True):
        for key in (metric, f"validation_{metric}"):
            if key in run.history[0]:
                epochs = [line["epoch"] for line in run.history]
                values = [line[key] for line in run.history]
                dot = "o" if len(values) == 1 else None  # no line has one point
                axes.plot(epochs, values, marker=dot, label=key.replace("_", " "))
        axes.set_ylabel(metric)
        axes.grid(alpha=0.3)
        axes.legend()
    axes.set_xlabel("epoch")
    left.suptitle(labels.shortened(readable(run.folder.name)))
    return figure, right


def _with_advice(figure, advice, readable):
    advice = [textwrap.fill(readable(line), _COLUMNS) for line in advice]
    figure.supxlabel("\n".join(advice), x=0.01, ha="left", fontsize="medium")
    return figure


def _of_numbers(run, dataset, split, outputs, readable):
    """Answers beside the truth, for each number that is answered, up to nine."""
    names = dataset.outputs[:SHOWN]
    rows = math.ceil(math.sqrt(len(names)))
    figure, right = _with_curves(run, 6.0, ("loss", "mae"), readable)
    truth = np.asarray(dataset.split(split).targets)
    grid = right.subplots(-(-len(names) // rows), rows, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place >= len(names):
            axes.set_axis_off()
            continue
        ends = [
            min(truth[:, place].min(), outputs[:, place].min()),
            max(truth[:, place].max(), outputs[:, place].max()),
        ]
        axes.plot(ends, ends, color="gray", linewidth=1)
        axes.plot(truth[:, place], outputs[:, place], ".", alpha=0.6)
        axes.set_xlabel(f"{labels.shortened(readable(names[place]))}, true")
        axes.set_ylabel("predicted")
        axes.grid(alpha=0.3)
    metrics = run.metrics[split]
    shown = [f"{name} {metrics[name]:.4g}" for name in ("mae", "r2") if name in metrics]
    right.suptitle(f"{split}: {', '.join(shown)}")
    return _with_advice(figure, advise(run.history, run.metrics), readable)


def _of_labels(run, dataset, split, outputs, readable):
    """Recall and precision of each label, as bars."""
    targets, names = dataset.split(split).targets, dataset.classes
    side = float(np.clip(2 * INCHES * len(names), 6, 32))
    metrics = ("loss", "label_accuracy")
    figure, right = _with_curves(run, side, metrics, readable)
    each = of_each(outputs, targets, names, "labels", run.cuts(names))
    axes, places = right.subplots(), np.arange(len(names))
    for metric, above in (("recall", -0.2), ("precision", 0.2)):
        shares = [each[name].get(metric, 0.0) for name in names]
        axes.barh(places + above, shares, 0.4, label=metric)
    shown = [labels.shortened(readable(name)) for name in names]
    axes.set_yticks(places, shown)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.legend()
    found = run.metrics[split]
    parts = [
        f"{name.replace('_', ' ')} {found[name]:.2%}"
        for name in ("average_precision", "micro_f1")
        if name in found
    ]
    right.suptitle(f"{split}: {', '.join(parts)}")
    return _with_advice(figure, advise(run.history, run.metrics), readable)


def _of_classes(run, dataset, split, outputs, readable):
    classes, targets = dataset.classes, dataset.split(split).targets
    confusion = np.zeros((len(classes), len(classes)), int)
    np.add.at(confusion, (targets, answered(outputs)), 1)
    side = float(np.clip(INCHES * len(classes), 6, 32))
    figure, right = _with_curves(run, side, ("loss", "accuracy"), readable)
    axes = right.subplots()
    totals = confusion.sum(axis=1)
    axes.imshow(confusion / np.maximum(totals, 1)[:, None], "Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(confusion):
        if count and len(classes) <= COUNTED:
            color = "white" if 2 * count > totals[row] else "black"
            axes.text(column, row, count, ha="center", va="center", color=color)
    shown = range(0, len(classes), -(-len(classes) // MOST))
    names = [labels.shortened(readable(classes[i])) for i in shown]
    axes.set_xticks(shown, names, rotation=45 if len(classes) <= COUNTED else 90)
    for label in axes.get_xticklabels():
        label.set_horizontalalignment("right" if len(classes) <= COUNTED else "center")
    axes.set_yticks(
        shown,
        [
            f"{n} (untested)" * (not totals[i]) or n
            for i, n in zip(shown, names, strict=True)
        ],
    )
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    each = of_each(outputs, targets, classes)
    if len(classes) <= COUNTED:
        _beside(axes.secondary_yaxis("right"), "y", "recall", each)
        _beside(axes.secondary_xaxis("top"), "x", "precision", each)
    right.suptitle(
        f"{split}: {np.trace(confusion) / max(confusion.sum(), 1):.2%} right"
    )
    advice = advise(run.history, {**run.metrics, "classes": {split: each}})
    if untested := [name for name, n in zip(classes, totals, strict=True) if not n]:
        advice.append(
            f"Untested: the {split} split has no example of {listed(untested)}."
        )
    return _with_advice(figure, advice, readable)


def _beside(axis, side, metric, each):
    """Write the recall or precision of every class beside the matrix."""
    shares = [each[name].get(metric) for name in each]
    words = ["" if share is None else f"{share:.0%}" for share in shares]
    axis.set(**{f"{side}ticks": range(len(words)), f"{side}ticklabels": words})
    axis.set(**{f"{side}label": metric})


_COLUMNS = 150
