"""The section "Members" of an ensemble: each of them, their mean, and the whole."""

import statistics

from zoo.metrics import shown
from zoo.reporting import kept
from zoo.reporting.blocks import Section, Table
from zoo.reporting.seen import Seen
from zoo.run import Run


def section(seen: Seen) -> Section | None:
    """What the mean of the answers is worth, on the same examples."""
    heads, found = rows(seen.run)
    return Section("Members", [Table(heads, found)]) if found else None


def rows(run: Run) -> tuple[list[str], list[list[str]]]:
    """Heads, and the metrics of each member, of their mean, and of the ensemble.

    Without rows if the run is no ensemble.
    """
    members = kept.groups(run.metrics, "members")
    if not members:
        return [], []
    _, own = kept.result(run)
    metrics = [name for name in own if all(name in each for each in members.values())]
    lines = dict(members)
    lines["mean of the members"] = {
        name: statistics.mean(each[name] for each in members.values())
        for name in metrics
    }
    lines["ensemble"] = own
    found = [
        [line, *(shown(name, values[name]) for name in metrics)]
        for line, values in lines.items()
    ]
    return ["", *(name.replace("_", " ") for name in metrics)], found
