"""The ledger `recipes/results.jsonl`: one line per measured run."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from zoo import recipe as recipes
from zoo.core import environment
from zoo.errors import Mistake
from zoo.recipe import FINGERPRINT
from zoo.run import Run

FILE = "results.jsonl"


def path() -> Path:
    """The ledger that lies beside the recipes."""
    return recipes.folder() / FILE


def read() -> list[dict]:
    """All lines of the ledger, in the order in which they were measured."""
    if not path().is_file():
        return []
    return [json.loads(line) for line in path().read_text("utf-8").splitlines()]


def entry(name: str, run: Run) -> dict:
    """The line for a finished run of the recipe `name`."""
    about = json.loads((run.folder / "environment.json").read_text("utf-8"))
    about.pop(FINGERPRINT, None)  # the line holds the recipe's fields themselves
    return {
        "recipe": name,
        "seed": run.recipe.seed,
        "fields": fields(run.recipe),
        **about,
        "metrics": run.metrics,
    }


def require_clean_code() -> None:
    """Refuse to measure code that no commit names.

    Raises:
        Mistake: the checkout was changed after its commit, or there is none.
    """
    if (environment.commit() or "-dirty").endswith("-dirty"):
        raise Mistake("the ledger names the commit that ran: commit the changes first")


def measure(name: str, label: str, train: Callable[[Path], Run], **more) -> dict:
    """Run the recipe `name` and add its line to the ledger.

    Args:
        name: of the recipe.
        label: tells the run from others of the recipe and the commit; a run that was
            interrupted is resumed.
        train: from a folder, which is deleted afterward, to the finished run.
        more: fields of the line, besides those of `entry`.

    Returns:
        The line.
    """
    folder = Path("runs") / "ledger" / environment.commit() / f"{name}-{label}"
    line = {**entry(name, train(folder)), **more}
    append(line)
    shutil.rmtree(folder)
    return line


def append(line: dict) -> None:
    """Add `line` at the end of the ledger."""
    with path().open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def fields(recipe: recipes.Recipe) -> dict:
    """What decides a recipe's result, the seed apart, as JSON values.

    Where the data lie decides nothing.
    """
    folds = recipe.expects.folds if recipe.expects else 0
    plain = dataclasses.replace(recipe, expects=None, save_every=1)
    values = json.loads(json.dumps(recipes.to_json(plain)))
    del values["seed"], values["version"]
    for place in ("file", "path"):
        values["data_arguments"].pop(place, None)
    return {**values, "folds": folds}


def measured(name: str, backend: str, lines: list[dict]) -> list[dict]:
    """The lines of recipe `name` on `backend` that its file of today would give.

    Lines of an older version of the recipe, of a search (`benchmarks.search gain`) or
    of released weights, whose training may share its machine, do not count; a field
    that a line lacks had its default. Of two lines with one seed the later one counts.
    """
    today = fields(recipes.load(name))
    defaults = fields(recipes.Recipe(model="", data=""))
    return list(
        {
            line["seed"]: line
            for line in lines
            if line["recipe"] == name
            and not {"search", "released"} & line.keys()
            and line["backend"] == backend
            and {**defaults, **line["fields"]} == today
        }.values()
    )
