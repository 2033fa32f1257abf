"""A search: the folder that `zoo tune` leaves behind, readable without any code."""

import json
import os
import shlex
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path

from zoo import backend
from zoo import recipe as recipes
from zoo.core import files, measured, ranges
from zoo.core.paths import expand
from zoo.errors import Mistake, unknown
from zoo.metrics import Summary, better, summarize
from zoo.recipe import Recipe
from zoo.recipe.fields import set_fields
from zoo.tuning import table

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


def metric_of(values: dict) -> str:
    """The metric beside the loss that a trial has of the validation split.

    Args:
        values: a trial, or a line of a history: then the one of its task.
    """
    found = [name.removeprefix("validation_") for name in values]
    # Texts and strings have an accuracy, too, which comes after their own metric.
    first = [name for name in reversed(FIRST.values()) if name in found]
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
        examples: which they are, see `zoo.data.identity.examples`; {} of zoo 0.1.
    """

    name: str
    changes: tuple  # of text, as is `only`
    recipe: Recipe
    backend: str
    tuner: str = "random"
    trials: int = 30
    seed: int = 0
    objective: str = "accuracy"
    only: tuple = ()
    folds: int = 0
    wave: int = 1
    examples: dict = field(default_factory=dict)

    def __post_init__(self):
        set_fields(self, "search")
        for name in ("changes", "only"):
            if others := [x for x in getattr(self, name) if not isinstance(x, str)]:
                raise Mistake(f"{name} holds {others[0]!r:.60}; accepted: text")
        if self.tuner not in TUNERS:
            raise unknown("tuner", self.tuner, TUNERS)
        for name, lowest in (("trials", 1), ("seed", 0), ("wave", 1)):
            if (value := getattr(self, name)) < lowest:
                raise Mistake(f"{name}={value}; accepted: at least {lowest}")


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
        return read(self.folder / "search.json")

    @property
    def trials(self) -> list[dict]:
        """A dict a trial, in the order of their numbers, see `zoo.tuning.table.read`.

        Raises:
            Mistake: the table, or what decides the search, is damaged.
        """
        asked = self.settings.objective
        return table.read(self.folder, FIRST.values() if asked == "loss" else [asked])

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
        if not path.is_file():
            return {}
        found, metric = files.read_json(path, LARGEST), self.metric
        test, seeds = found.get("test"), found.get("seeds")
        if not isinstance(test, list) or not all(
            measured.is_group(each) and metric in each for each in test
        ):
            raise Mistake(f"{path} is damaged: it has no {metric} of each seed")
        if fault := ranges.fault_within(test):
            raise Mistake(f"{path} is damaged: it has {fault}")
        if not isinstance(seeds, list) or (test and len(test) != len(seeds)):
            raise Mistake(f"{path} is damaged: its seeds are not those of its tests")
        return found

    @property
    def overrides(self) -> str:
        """What makes the best trial of the recipe, as it is typed."""
        return f"{shlex.join(self.settings.changes)} {self.best['overrides']}".strip()

    @property
    def command(self) -> str:
        """What to type to train the best trial's recipe."""
        name = shlex.quote(self.settings.name) if self.settings.name else "RECIPE"
        return f"zoo train {name} {self.overrides}".strip()

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
        if (asked := self.settings.objective) != "loss":
            return asked
        if not (trials := self.trials):
            raise Mistake(f"the search {self.folder} has no trial yet")
        return metric_of(trials[0])


def load(folder: str | Path) -> Search:
    """The search in `folder`, finished or not.

    Raises:
        Mistake: the folder is not a search.
    """
    folder = expand(folder)
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


def read(path: Path) -> Settings:
    """The settings that a search began with; the file may come from anybody.

    Raises:
        Mistake: it is damaged, or of a newer zoo.
    """
    values = files.read_json(path, LARGEST)
    try:
        found = from_json(values)
        if found.backend not in backend.NAMES:
            raise unknown("backend", found.backend, backend.NAMES)
        known = {name for names in OBJECTIVES.values() for name in names}
        if found.objective not in known:
            raise unknown("objective", found.objective, known)
        return found
    except Mistake as mistake:
        raise Mistake(f"{path} cannot be read: {mistake}") from mistake


def from_json(values: dict) -> Settings:
    """What `to_json` wrote.

    Raises:
        Mistake: it wrote something else.
    """
    names = {each.name for each in fields(Settings)}
    if others := sorted(({"examples": {}} | values).keys() ^ names):
        raise Mistake(f"a search has {', '.join(sorted(names))}; not so: {others}")
    return Settings(**{**values, "recipe": recipes.from_json(values["recipe"])})


def absolute(settings: Settings) -> Settings:
    """The settings with absolute paths, which mean the same from any folder."""
    from zoo.training import folder  # loads Keras; to read a search does not

    name, recipe = settings.name, settings.recipe
    return replace(
        settings,
        name=os.path.abspath(name) if name.endswith(".py") else name,
        changes=tuple(folder.absolute_change(c, recipe) for c in settings.changes),
        recipe=folder.absolute(recipe),
    )


def check_same(begun: Settings, settings: Settings, what: str, then: str) -> None:
    """Refuse settings that would not give the trials of a search that has begun.

    Args:
        begun: the settings of that search.
        settings: the new ones; only `trials` may differ, and zoo 0.1 kept no examples.
        what: names the search in the error.
        then: what to do next.

    Raises:
        Mistake: they differ.
    """
    from zoo.data import identity, kept_facts

    there = to_json(absolute(begun))  # its paths are relative if zoo 0.1 wrote it
    for name, new in to_json(settings).items():
        if name not in ("trials", "examples") and there[name] != new:
            raise Mistake(f"{what} has {name}={there[name]}, not {new}; {then}")
    if not kept_facts.are_examples(begun.examples):
        raise Mistake(f"{what} is damaged: its examples")
    if words := identity.differences(begun.examples, settings.examples):
        raise Mistake(
            f"the data are not those that {what} began with: {words}; put the data "
            "back, or begin another search in another folder with --run"
        )
