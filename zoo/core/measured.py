"""What `metrics.json` and `history.csv` of a run hold, which may come from anybody."""

import csv
import math

from zoo.core import ranges
from zoo.core.files import PARTS

SPLITS = ("train", "validation", "test")
COLDEST = 1e-6  # of temperatures; those that `zoo` finds are from 0.01 to 100
SHARES = ("accuracy", "label_accuracy", "mae")  # what is shown beside the loss
_METRICS = (*SPLITS, "floors", "members", "folds", "classes", "quantiles", "steps")
_COUNTS = ("parameters", "epochs", "examples_per_second", "skipped_updates")


def fault_of_metrics(found: dict) -> str:
    """What is wrong with the metrics of a run; "" if nothing is.

    They hold numbers alone: those of each split, "parameters", and what else zoo
    measures; what needs no network is of the same metric.
    """
    if not _are_numbers(found):
        return "it holds something else than numbers"
    measured = [found[name] for name in SPLITS if name in found]
    if not measured:
        return f"it has no metrics of a split ({', '.join(SPLITS)})"
    groups = [*measured, found.get("noise", {}), found.get("seconds", {})]
    floors, classes = found.get("floors", {}), found.get("classes", {})
    for name in _COUNTS:
        if not is_number(value := found.get(name, 0)):
            return f"its {name} are no number"
        if not 0 <= value < math.inf:
            return f"its {name} are {value}"
    if not all(map(is_group, groups)) or not _are_groups(floors):
        return "its metrics are not numbers by name"
    if not isinstance(classes, dict) or not all(map(_are_groups, classes.values())):
        return "its classes are not numbers by name"
    for split in classes.values():
        if any({"examples", "answered"} - each.keys() for each in split.values()):
            return "its classes have no examples, or no answers"
    judged = [found["test"]] if "test" in found else measured[:1]
    metric = next(iter(found.get("noise", {})), None)
    if floors and not (
        judged and all(metric in g for g in [*judged, *floors.values()])
    ):
        return "its floors are of other metrics"
    return _fault_of_values(found, groups[-2:])


def _fault_of_values(found: dict, sizes: list[dict]) -> str:
    """What no measurement gives; `sizes` are groups of what is finite and above 0."""
    for group in (*map(found.get, _METRICS), found.get("calibration")):
        if fault := ranges.fault_within(group):
            return f"it has {fault}"
    ends = found.get("interval")
    for name, pair in ends.items() if isinstance(ends, dict) else ():
        for end in filter(is_finite, pair if isinstance(pair, list) else ()):
            if fault := ranges.fault(name, end):
                return f"it has an interval to {fault}"
    for group in sizes:
        for name, value in group.items():
            if not 0 <= value < math.inf:
                return f"it has {name[:40]}={value}; accepted: at least 0"
    return ""


def is_number(value) -> bool:
    """Whether a value of JSON is a number that a float holds, which True is not."""
    if type(value) is int:
        return abs(value) < 2**1023
    return type(value) is float


def is_finite(value) -> bool:
    """Whether a value of JSON is a number, and neither infinite nor NaN."""
    return is_number(value) and math.isfinite(value)


def is_temperature(value) -> bool:
    """Whether logits can be divided by it: not all overflow, and not all are alike."""
    return is_number(value) and COLDEST <= value <= 1 / COLDEST


def history(content: bytes) -> list[dict[str, float]]:
    """A dictionary for each epoch.

    Raises:
        ValueError, csv.Error: it holds no epochs, or something else.
    """
    if content.count(b",") + content.count(b"\n") > PARTS:
        raise ValueError(f"it has more than {PARTS:,} cells")
    reader = csv.DictReader(content.decode("utf-8").splitlines(), strict=True)
    epochs: list[dict[str, float]] = []
    for row in reader:
        if None in row or None in row.values():
            raise ValueError(f"epoch {len(epochs) + 1} has not a cell for each column")
        epochs.append({key: float(cell) for key, cell in row.items() if cell != ""})
    if fault := fault_of_epochs(epochs):
        raise ValueError(fault)
    return epochs


def fault_of_epochs(epochs: list[dict[str, float]]) -> str:
    """What is wrong with a run's dictionaries of its epochs; "" if nothing is."""
    if not epochs:
        return "it holds no epoch"
    wanted = {"epoch", "loss", "seconds", "waiting"}
    if "validation_loss" in epochs[-1]:
        share = next((name for name in SHARES if name in epochs[-1]), "accuracy")
        wanted |= {"validation_loss", share, f"validation_{share}"}
    last = 0.0
    for number, epoch in enumerate(epochs, 1):
        if lacking := sorted(wanted - epoch.keys()):
            return f"epoch {number} has no {', '.join(lacking)}"
        if others := sorted(name for name in wanted if not math.isfinite(epoch[name])):
            return f"epoch {number} has {others[0]}={epoch[others[0]]}"
        for name, value in epoch.items():
            is_metric = name in SHARES or name.startswith("validation_")
            if fault := ranges.fault(name, value) if is_metric else "":
                return f"epoch {number} has {fault}"
        if min(epoch["seconds"], epoch["waiting"]) < 0:
            return f"epoch {number} took less than no time"
        if not (epoch["epoch"] > last and float(epoch["epoch"]).is_integer()):
            return f"epoch {number} is called {epoch['epoch']:g}"
        last = epoch["epoch"]
    return ""


def _are_groups(value) -> bool:
    return isinstance(value, dict) and all(map(is_group, value.values()))


def is_group(value) -> bool:
    """Whether a value of JSON is numbers by name."""
    return isinstance(value, dict) and all(map(is_number, value.values()))


def _are_numbers(value) -> bool:
    """Whether nested dicts and lists hold numbers alone."""
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return all(_are_numbers(part) for part in parts)
    return is_number(value)
