"""The section "Result": metrics with intervals, beside what needs no network."""

from functools import partial

import numpy as np

from zoo.metrics import (
    better,
    binomial_interval,
    intervals,
    is_share,
    losses_of_classes,
    noise,
    of_numbers,
    rates,
    shown,
)
from zoo.metrics.each import answered
from zoo.metrics.names import NUMBERS
from zoo.metrics.strings import counts_of
from zoo.reporting import kept
from zoo.reporting.advice import compare
from zoo.reporting.blocks import Section, Share, Table, Tile, Tiles, Words
from zoo.reporting.seen import Seen

SHOWN_FIRST = (
    "error_rate",
    "bits",
    "accuracy",
    "average_precision",
    "mae",
)  # what a task is judged by
NEAR = 1e-3  # what backends may differ by, or one example; more is told


def section(seen: Seen) -> Section:
    """The headline numbers, their 95 % intervals over the examples, and the floors."""
    split, metrics, ends = measured(seen)
    order = sorted(metrics, key=lambda name: name not in SHOWN_FIRST)
    tiles = [
        Tile(
            name.replace("_", " "),
            shown(name, metrics[name]),
            _between(name, ends[name]) if name in ends else "",
        )
        for name in order
    ]
    words = [_origin(seen, split)]
    blocks = [Tiles(tiles), Words(words), *_floors(seen, split, metrics)]
    if changed := _changed(seen, split, metrics):
        blocks.append(Words([changed], "warning"))
    return Section("Result", blocks)


def measured(seen: Seen) -> tuple[str, dict[str, float], dict[str, list[float]]]:
    """The split, its metrics, and their 95 % intervals over its examples.

    They are those of resamples; that of the accuracy is Wilson's. Without examples they
    are what the run keeps.
    """
    if seen.lacking:
        return *kept.result(seen.run), kept.pairs(seen.run.metrics, "interval")
    statistic, outputs = _statistic(seen)
    metrics = statistic(outputs, seen.targets)
    ends = intervals(statistic, outputs, seen.targets, groups=seen.groups)
    if seen.task == "classes" and seen.groups is None:  # holds if all are right, too
        count = len(seen.targets)
        right = round(metrics["accuracy"] * count)
        ends["accuracy"] = list(binomial_interval(right, count))
    return seen.split, metrics, ends


def _statistic(seen: Seen):
    """What gives the metrics, and of what, so that 1,000 resamples are quick."""
    outputs, targets = np.asarray(seen.outputs, "float64"), seen.targets
    if seen.task == "numbers":
        return partial(of_numbers, spread=seen.spread), outputs
    if seen.task == "strings":
        return seen.judge, counts_of(outputs, targets)
    if seen.task in ("labels", "tokens"):
        return seen.judge, outputs
    if seen.finding:
        return rates, outputs
    right = answered(outputs) == targets
    return _of_right, np.column_stack([right, losses_of_classes(outputs, targets)])


def _of_right(about: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """The metrics of classes, from whether each answer is right, and its loss."""
    counts = np.bincount(targets)
    recalls = np.bincount(targets, about[:, 0])[counts > 0] / counts[counts > 0]
    return {
        "accuracy": float(about[:, 0].mean()),
        "balanced_accuracy": float(recalls.mean()),
        "loss": float(about[:, 1].mean()),
    }


def _origin(seen: Seen, split: str) -> str:
    if seen.lacking:
        return f"As the run keeps them, of its {split} split."
    count = len(seen.targets)
    words = f"Measured now on {count:,} examples of the {split} split"
    if split == "train":
        return f"{words}, which the network learned from: it has no others."
    if split == "validation":
        return f"{words}; the run has no test split."
    return f"{words}. An interval is that of resampled examples, one network."


def _between(name: str, ends: list[float]) -> str:
    low, high = ends
    if low == high:
        return "the same in every resample"
    if is_share(name):
        return f"95 %: {low:.1%} to {high:.1%}"
    return f"95 %: {low:.3g} to {high:.3g}"


def _floors(seen: Seen, split: str, metrics: dict[str, float]) -> list:
    """What needs no network on the same examples, as bars, and a verdict."""
    metric = next((name for name in SHOWN_FIRST if name in metrics), "")
    found = {
        name: each
        for name, each in kept.groups(seen.run.metrics, "floors").items()
        if metric in each
    }
    if not metric or not found:
        return [Words(["What needs no network was not measured for this run."])]
    spread = kept.group(seen.run.metrics, "noise")
    if not seen.lacking:
        spread = noise(seen.outputs, seen.targets, seen.task)
    rows = [("this network", metrics[metric])]
    rows += [(name, each[metric]) for name, each in found.items()]
    rows.sort(key=lambda row: -better(metric, row[1]))
    largest = 1.0 if is_share(metric) else max(value for _, value in rows) or 1.0
    table = Table(
        ["", metric.replace("_", " ")],
        [
            [name, Share(max(0.0, value / largest), shown(metric, value))]
            for name, value in rows
        ],
    )
    about = {split: metrics, "floors": found}
    if metric not in spread:
        return [table]
    lines = compare({**about, "noise": {metric: spread[metric]}})
    return [table, Words([lines[-1][:1].upper() + lines[-1][1:] + "."])]


def _changed(seen: Seen, split: str, metrics: dict[str, float]) -> str:
    """A word if the run keeps other numbers than those measured now."""
    before = kept.group(seen.run.metrics, split)
    if seen.lacking:
        return ""
    example = 1.5 / max(1, len(seen.targets))
    for name, value in metrics.items():
        limit = NEAR * abs(value) if name in NUMBERS else max(NEAR, example)
        if name in before and abs(before[name] - value) > limit:
            return (
                f"The run keeps {name} {shown(name, before[name])} of its training's "
                f"end, and it is {shown(name, value)} now: the data, or zoo, changed."
            )
    return ""
