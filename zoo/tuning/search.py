"""A search: the folder that `zoo tune` leaves behind, readable without any code."""

import csv
import io
import json
import math
import os
import shlex
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from zoo import recipe as recipes
from zoo.core import files
from zoo.errors import Mistake
from zoo.metrics import Summary, better, summarize
from zoo.recipe import Recipe

FIRST = {
    "classes": "accuracy",
    "numbers": "mae",
    "labels": "average_precision",
    "tokens": "bits",
    "strings": "error_rate",
}
"""What a search judges by if nothing else is asked for, by the task of the data."""

OBJECTIVES = {
    "classes": ("accuracy", "balanced_accuracy", "loss"),
    "numbers": ("mae", "rmse", "r2", "loss"),
    "labels": ("average_precision", "micro_f1", "macro_f1", "loss"),
    "tokens": ("bits", "accuracy", "loss"),
    "strings": ("error_rate", "accuracy", "loss"),
}
LARGEST = 2**20  # bytes of a JSON file; a recipe has 1 kB
TUNERS = ("random", "bayesian", "hyperband")
COLUMNS = 10  # of a table of trials, before its hyperparameters


def columns(metric: str) -> tuple[str, ...]:
    """The names of the first columns of a table of trials, judged by a metric."""
    return (
        "trial",
        "status",
        f"validation_{metric}",
        "validation_loss",
        "best_epoch",
        "epochs",
        "parameters",
        "seconds",
        "overrides",
        "reason",
    )


def metric_of(values: dict) -> str:
    """The metric beside the loss that a trial has of the validation split.

    Args:
        values: a trial, or a line of a history: then the one of its task.
    """
    found = [name.removeprefix("validation_") for name in values]
    first = [name for name in FIRST.values() if name in found]
    named = [
        name.removeprefix("validation_")
        for name in values
        if name.startswith("validation_") and name != "validation_loss"
    ]
    return [*first, *named][0]


@dataclass(frozen=True)
class Settings:
    """What decides which trials a search runs, and with which result.

    Attributes:
        name: of the recipe, as `zoo train` takes it; "" for one that has no file.
        changes: to that recipe, as typed.
        recipe: with these changes; what the search starts from.
        backend: all trials run on it.
        tuner: one of `TUNERS`.
        trials: how many.
        seed: of the search; the trials' own seed is the recipe's.
        objective: what a trial's final weights are judged by on the validation split.
        only: the hyperparameters that are searched; () is all.
        folds: of cross-validation; 0 judges by the recipe's validation split.
        wave: trials that are drawn together, before any of them has a result.
    """

    name: str
    changes: tuple[str, ...]
    recipe: Recipe
    backend: str
    tuner: str = "random"
    trials: int = 30
    seed: int = 0
    objective: str = "accuracy"
    only: tuple[str, ...] = ()
    folds: int = 0
    wave: int = 1


@dataclass(frozen=True)
class Search:
    """A search's folder and what lies in it.

    Attributes:
        folder: holds `search.json`, `trials.csv`, `best.txt`, `report.html`, the runs
            of the re-trained winner in `winner/`, and keras-tuner's own state in
            `state/`.
    """

    folder: Path

    @cached_property
    def settings(self) -> Settings:
        path = self.folder / "search.json"
        values = files.read_json(path, LARGEST)
        try:
            return from_json(values)
        except (KeyError, TypeError) as error:
            raise Mistake(f"{path} is damaged: {error}") from error

    @property
    def trials(self) -> list[dict]:
        """A dict a trial, in the order of their numbers.

        Keys: those of `columns`, and `values`, a dict of hyperparameters. A number
        that a trial has not, as a failed one, is None.
        """
        path = self.folder / "trials.csv"
        if not path.is_file():
            return []
        try:
            head, *rows = csv.reader(io.StringIO(path.read_text("utf-8")))
            return [_trial(head, row) for row in rows]
        except (OSError, ValueError, csv.Error) as error:
            raise Mistake(f"{path} is damaged: {error}") from error

    @property
    def best(self) -> dict:
        """The best trial: by the objective, then by the loss, then the earlier one.

        Raises:
            Mistake: no trial has been completed.
        """
        done = [t for t in self.trials if t["status"] == "COMPLETED"]
        if not done:
            raise Mistake(f"the search {self.folder} has no completed trial yet")
        return min(done, key=lambda trial: rank(trial, self.settings.objective))

    @property
    def winner(self) -> dict:
        """Of the re-trained winner: `seeds` and `test`, its metrics; {} if not yet."""
        path = self.folder / "winner.json"
        return files.read_json(path, LARGEST) if path.is_file() else {}

    @property
    def overrides(self) -> str:
        """What makes the best trial of the recipe, as it is typed."""
        return f"{shlex.join(self.settings.changes)} {self.best['overrides']}".strip()

    @property
    def command(self) -> str:
        """What to type to train the best trial's recipe."""
        return f"zoo train {self.settings.name or 'RECIPE'} {self.overrides}".strip()

    @property
    def recipe(self) -> Recipe:
        """The recipe of the best trial."""
        changes = shlex.split(self.best["overrides"])
        return recipes.override(self.settings.recipe, changes)

    @property
    def result(self) -> Summary | None:
        """The winner's test metric over its seeds; None if it is not re-trained."""
        metrics = self.winner.get("test")
        return summarize([each[self.metric] for each in metrics]) if metrics else None

    @property
    def metric(self) -> str:
        """What is shown of a trial beside its loss, such as "accuracy"."""
        return metric_of(self.trials[0])


def load(folder: str | Path) -> Search:
    """The search in `folder`, finished or not.

    Raises:
        Mistake: the folder is not a search.
    """
    folder = Path(folder)
    if not (folder / "search.json").is_file():
        raise Mistake(
            f"{folder} is not a search: it has no search.json; "
            "`zoo tune` makes searches"
        )
    return Search(folder)


def rank(trial: dict, objective: str) -> tuple:
    """A sort key: the better trial comes first."""
    return (*judged(trial, objective), trial["trial"])


def judged(values: dict, objective: str) -> tuple[float, float]:
    """The objective and what decides between equals, both smaller for the better.

    Args:
        values: with "validation_loss" and so on, of a trial or of an epoch.
        objective: "loss", after which the metric decides, or a metric, then the loss.
    """
    metric = metric_of(values) if objective == "loss" else objective
    value, loss = values[f"validation_{metric}"], values["validation_loss"]
    ordered = -better(metric, value), loss
    return ordered[::-1] if objective == "loss" else ordered


def to_json(settings: Settings) -> dict:
    """The settings as JSON values."""
    values = {**asdict(settings), "recipe": recipes.to_json(settings.recipe)}
    return json.loads(json.dumps(values))


def from_json(values: dict) -> Settings:
    """What `to_json` wrote."""
    lists = {name: tuple(values[name]) for name in ("changes", "only")}
    recipe = recipes.from_json(values["recipe"])
    return Settings(**{**values, **lists, "recipe": recipe})


def absolute(settings: Settings) -> Settings:
    """The settings with absolute paths, which mean the same from any folder."""
    from zoo.training import folder  # loads Keras; to read a search does not

    name = settings.name
    return replace(
        settings,
        name=os.path.abspath(name) if name.endswith(".py") else name,
        changes=tuple(map(folder.absolute_change, settings.changes)),
        recipe=folder.absolute(settings.recipe),
    )


def check_same(there: dict, settings: Settings, what: str, then: str) -> None:
    """Refuse settings that would not give the trials of a search that has begun.

    Args:
        there: the settings of that search, see `to_json`.
        settings: the new ones; only `trials` may differ.
        what: names the search in the error.
        then: what to do next.

    Raises:
        Mistake: they differ.
    """
    begun = from_json(there)  # its paths are relative if zoo 0.1 wrote it
    there = to_json(absolute(begun))
    for name, new in to_json(settings).items():
        if name != "trials" and there[name] != new:
            raise Mistake(f"{what} has {name}={there[name]}, not {new}; {then}")


def write_trials(folder: Path, trials: list[dict], metric: str = "accuracy") -> None:
    """Write `trials.csv`: the columns, then one for each hyperparameter."""
    names = list(dict.fromkeys(name for trial in trials for name in trial["values"]))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*columns(metric), *names])
    for trial in trials:
        cells = [trial.get(column) for column in columns(metric)]
        cells += [trial["values"].get(name) for name in names]
        writer.writerow(["" if cell is None else cell for cell in cells])
    files.write_text(folder / "trials.csv", buffer.getvalue())


def _trial(head: list[str], row: list[str]) -> dict:
    texts = ("status", "overrides", "reason")
    trial = {
        name: cell if name in texts else _number(cell)
        for name, cell in zip(head[:COLUMNS], row[:COLUMNS], strict=True)
    }
    pairs = zip(head[COLUMNS:], row[COLUMNS:], strict=True)
    return {**trial, "values": {k: _number(cell) for k, cell in pairs if cell != ""}}


def _number(text: str):
    if text == "":
        return None
    try:
        value = float(text)
    except ValueError:
        return {"True": True, "False": False}.get(text, text)
    is_whole = text.lstrip("-").isdigit()
    return int(text) if is_whole else value if math.isfinite(value) else None
