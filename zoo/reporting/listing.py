"""`runs`: the runs of a folder as a table. They are read, and nothing is executed."""

import os
from dataclasses import dataclass
from pathlib import Path

from zoo.core.kept import called
from zoo.core.paths import expand
from zoo.errors import Mistake, unknown
from zoo.metrics import better, shown
from zoo.reporting import kept
from zoo.run import Run, open_run

METRICS = (
    *("bits", "error_rate", "accuracy", "auc", "average_precision", "micro_f1"),
    *("mae", "r2", "loss"),
)
FACTS = ("parameters", "epochs", "seconds")  # fewer stand first


@dataclass(frozen=True)
class Listing:
    """What `runs` found.

    Attributes:
        rows: of each run its name ("run"), "model", "data", "backend", "seed", "split",
            the metrics of this split, "parameters", "epochs" and "seconds"; what a run
            has not is left out.
        unreadable: by the name of a folder why it is no run.
    """

    rows: list[dict[str, str | float]]
    unreadable: dict[str, str]

    def table(self, sort: str = "") -> tuple[list[str], list[list[str]]]:
        """Heads and cells; the metric that was sorted by stands among them."""
        found = {name for row in self.rows for name in row}
        metrics = [name for name in METRICS if name in found]
        if sort in found and sort not in (*metrics, *FACTS, *_WORDS):
            metrics.append(sort)
        names = [*_WORDS, *metrics, *FACTS]
        cells = [[_cell(name, row.get(name)) for name in names] for row in self.rows]
        return [name.replace("_", " ") for name in names], cells

    def _repr_html_(self) -> str:
        from zoo.reporting import pages
        from zoo.reporting.blocks import Section, Table, Words

        lines = [f"{name}: {reason}" for name, reason in self.unreadable.items()]
        blocks = (Table(*self.table(), len(_WORDS)), Words(lines))
        return pages.framed(pages.to_html("Runs", "", [Section("Runs", blocks)]))


_WORDS = ("run", "model", "data", "backend", "seed", "split")


def runs(folder: str | os.PathLike = "runs", *, sort: str = "") -> Listing:
    """The runs in a folder.

    Args:
        folder: that holds the folders of runs, or is one.
        sort: a metric, "parameters", "epochs", "seconds", or another column; the best
            run stands first, one without it last. By default the names decide.

    Raises:
        Mistake: there is no such folder, it holds no run, or no run has such a metric.
    """
    place = expand(folder)
    if not place.is_dir():
        reason = "it is a file" if place.exists() else "there is no such folder"
        raise Mistake(f"{folder} holds no runs: {reason}; `zoo train` makes runs")
    inside = sorted(each for each in place.iterdir() if each.is_dir())
    places = [each for each in inside if _is_run(each)]
    if not places and _is_run(place):
        places = [place]
    rows: list[dict[str, str | float]] = []
    unreadable = {}
    for each in places:
        try:
            rows.append(_row(open_run(each)))
        except Mistake as mistake:
            unreadable[each.name] = str(mistake)
    if not places:
        raise Mistake(f"{folder} holds no runs; `zoo train` makes runs")
    known = {name for row in rows for name in row}
    if sort and sort not in known:
        raise unknown("column to sort by", sort, known)
    if sort:
        rows.sort(key=lambda row: _rank(sort, row.get(sort)))
    return Listing(rows, unreadable)


def _is_run(place: Path) -> bool:
    """Whether a folder is a run, or was meant to be one."""
    names = ("recipe.json", "metrics.json", "run.json", "model.safetensors")
    return any((place / name).exists() for name in names)


def _row(run: Run) -> dict[str, str | float]:
    split, metrics = kept.result(run)
    about = kept.group(run.metrics)
    recipe = run.recipe
    row: dict[str, str | float] = {
        "run": run.folder.resolve().name,
        "model": Path(recipe.model).stem,
        "data": called(recipe.data),
        "seed": recipe.seed,
        "split": split,
        **metrics,
    }
    if run.backend:
        row["backend"] = run.backend
    row |= {name: about[name] for name in ("parameters", "epochs") if name in about}
    seconds = kept.group(run.metrics, "seconds").get("total")
    return row if seconds is None else {**row, "seconds": seconds}


def _rank(name: str, value: str | float | None) -> tuple:
    """Where a value stands: first the best, last what is not there."""
    if value is None:
        return (1,)
    if isinstance(value, str) or name in (*FACTS, "seed"):
        return (0, value)
    return (0, -better(name, value))


def _cell(name: str, value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str) or name == "seed":
        return str(value)
    if name in FACTS:
        return f"{value:,.0f}"
    return shown(name, value)
