"""The last sections: where the time went, every setting, and how to do it again."""

import dataclasses
import os
import shlex
from collections.abc import Mapping

from zoo.recipe import Recipe
from zoo.reporting import kept
from zoo.reporting.blocks import Cell, Code, Section, Share, Table, Words
from zoo.reporting.seen import Seen
from zoo.run import Run

FIRST = ("model", "data")  # every recipe names them
DEFAULTS = dataclasses.asdict(Recipe("", ""))


def times(seen: Seen) -> Section | None:
    """Seconds of the wall's clock by what they were spent on."""
    spent = kept.group(seen.run.metrics, "seconds")
    total = spent.get("total", 0.0)
    if total <= 0 or not {"train", "waiting", "compiling"} <= spent.keys():
        return None
    computing = spent["train"] - spent["waiting"]
    rest = total - spent["train"] - spent["compiling"]
    parts = {
        "computing the steps": computing,
        "waiting for data": spent["waiting"],
        "compiling, with the first steps": spent["compiling"],
        "the rest: reading, validation, saving, floors": rest,
    }
    rows: list[list[Cell]] = [
        [name, Share(max(0.0, value / total), f"{value:.3g} s")]
        for name, value in parts.items()
    ]
    lines = [f"{total:.4g} s in all, over every start of the run."]
    if "processor" in spent:
        lines[0] += f" {spent['processor']:.4g} s of processor time."
    speed = seen.run.metrics.get("examples_per_second")
    if isinstance(speed, int | float):
        lines.append(f"{speed:,.0f} training examples a second.")
    return Section("Time", [Table(["", "time"], rows), Words(lines)])


def repeat(seen: Seen) -> Section:
    """The commands that train this run again."""
    run = seen.run
    folder = shlex.quote(str(run.folder))
    backend = run.environment.get("backend")
    on = f" --backend {shlex.quote(str(backend))}" if backend else ""
    verb, folds = "train again.py", run.metrics.get("folds")
    if isinstance(folds, list):
        verb = f"cross-validate again.py --folds {len(folds)}"
    lines = [f"zoo recipe {folder} > again.py", f"zoo {verb}{on}"]
    if members := kept.groups(run.metrics, "members"):
        # It knows their names; as a rule their folders lie beside its own.
        beside = [str(run.folder.parent / name) for name in members]
        names = beside if all(map(os.path.isdir, beside)) else [*members]
        lines = [f"zoo ensemble {shlex.join(names)} --run {folder}{on}"]
    if not seen.lacking:
        lines.append(f"zoo evaluate {folder} --split {seen.split}")
    return Section("Do it again", [Code(lines)])


def settings(seen: Seen) -> Section:
    """Every field of the recipe, and the versions."""
    recipe = dataclasses.asdict(seen.run.recipe)
    rows: list[list[Cell]] = []
    for name, value in recipe.items():
        default = to_text(DEFAULTS.get(name))
        changed = name not in FIRST and to_text(value) != default
        rows.append([name, to_text(value), (default or "none") if changed else ""])
    fields = Table(["field", "value", "default"], rows, 3)
    about = Table(["", ""], environment(seen.run), 2, folded="Machine and versions")
    data = _data(seen)
    return Section("Settings", [fields, *data, about])


def environment(run: Run) -> list[list[Cell]]:
    """Where a run was trained: a row for each fact."""
    rows: list[list[Cell]] = []
    for name, value in run.environment.items():
        if isinstance(value, Mapping):
            rows += [[f"{name}: {key}", to_text(each)] for key, each in value.items()]
        else:
            rows.append([name, to_text(value)])
    return rows


def _data(seen: Seen) -> list[Table]:
    dataset = seen.dataset
    rows: list[list[Cell]] = [["name", dataset.name], ["kind", dataset.kind]]
    for name in ("train", "validation", "test"):
        split = getattr(dataset, name)
        if split is not None and len(split):
            count = dataset.examples.get(name, {}).get("examples", len(split))
            rows.append([f"{name} examples", f"{count:,}"])
    for name in ("license", "citation", "description"):
        if text := getattr(dataset, name):
            rows.append([name, text])
    return [Table(["", ""], rows, 2, folded="Data")]


def to_text(value) -> str:
    """A value of a recipe as text; "" for what is empty."""
    if value in (None, "", (), [], {}):
        return ""
    if isinstance(value, Mapping):
        given = {key: each for key, each in value.items() if each is not None}
        return ", ".join(f"{key}={to_text(each)}" for key, each in given.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(to_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
