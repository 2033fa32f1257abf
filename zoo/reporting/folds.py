"""The section "Parts" of a cross-validation: the result of each of them."""

from zoo.metrics import shown
from zoo.reporting import kept
from zoo.reporting.blocks import Cell, Section, Table
from zoo.reporting.result import SHOWN_FIRST
from zoo.reporting.seen import Seen


def section(seen: Seen) -> Section | None:
    """Each part with its metric, beside what needs no network on the same examples."""
    folds = seen.run.metrics.get("folds")
    if not isinstance(folds, list) or not folds:
        return None
    found = [kept.group(each, "test") for each in folds if isinstance(each, dict)]
    metric = next((m for m in SHOWN_FIRST if all(m in each for each in found)), None)
    if not metric or len(found) < len(folds):
        return None
    names = list(kept.groups(folds[0], "floors"))
    rows: list[list[Cell]] = []
    for number, (each, own) in enumerate(zip(folds, found, strict=True)):
        floors = kept.groups(each, "floors")
        beside = [floors.get(name, {}).get(metric) for name in names]
        rows.append(
            [
                f"part-{number}",
                f"{kept.group(each).get('examples', 0):,.0f}",
                shown(metric, own[metric]),
                *("" if value is None else shown(metric, value) for value in beside),
            ]
        )
    heads = ["part", "examples", metric.replace("_", " "), *names]
    return Section("Parts", [Table(heads, rows)])
