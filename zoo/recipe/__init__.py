"""A recipe: one model on one data set, with every number written down."""

import runpy
from pathlib import Path

from zoo.core import own_files
from zoo.core.arguments import spelled
from zoo.core.paths import expand
from zoo.errors import Mistake, unknown
from zoo.recipe.overrides import override
from zoo.recipe.record import STAGE_FIELDS, Expected, Recipe
from zoo.recipe.stored import (
    FINGERPRINT,
    VERSION,
    check_trained,
    fingerprint,
    from_json,
    to_json,
)

__all__ = [
    "FINGERPRINT",
    "STAGE_FIELDS",
    "VERSION",
    "Expected",
    "Recipe",
    "check_trained",
    "fingerprint",
    "folder",
    "from_json",
    "load",
    "names",
    "of",
    "override",
    "refuse_run",
    "to_json",
]


def folder() -> Path:
    """The folder of zoo's own recipes: inside the package, or of the checkout."""
    inside = Path(__file__).parents[1] / "recipes"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "recipes"


def names() -> tuple[str, ...]:
    """The names of zoo's own recipes, sorted."""
    return tuple(sorted(path.stem for path in folder().glob("*.py")))


def refuse_run(name: str, wanted: str) -> None:
    """Refuse the folder of a run where something else is wanted.

    Raises:
        Mistake: it says how the run's recipe becomes a file.
    """
    if (Path(name) / "recipe.json").is_file():
        raise Mistake(
            f"{name} is the folder of a run, not a {wanted}; "
            f"`zoo recipe {name} > own.py` writes its recipe, for which own.py then "
            f"stands; `zoo train {name} --resume` goes on with its training"
        )


def load(name: str | Path) -> Recipe:
    """The recipe called `name`, or the one in the Python file `name`.

    Raises:
        Mistake: there is no such recipe, or the file defines no `recipe`.
    """
    name = spelled(name)
    if not isinstance(name, str):
        raise unknown("recipe", name, names())
    path = expand(name)
    if path.suffix == ".py":
        if not path.is_file():
            raise Mistake(f"there is no recipe file {name}")
    elif name in names():
        path = folder() / f"{name}.py"
    else:
        refuse_run(name, "recipe")
        raise unknown(
            "recipe", name, names(), "`zoo list` shows them; a path to a .py works too"
        )
    recipe = _run(path).get("recipe")
    if not isinstance(recipe, Recipe):
        raise Mistake(f"{path} defines no `recipe = zoo.Recipe(...)`")
    return recipe


def of(given: Recipe | str | Path) -> Recipe:
    """The recipe that is given, or that is called so, see `load`."""
    return given if isinstance(given, Recipe) else load(given)


def _run(path: Path) -> dict:
    """What a recipe file defines."""
    file = path.resolve()
    if file.parent == folder().resolve():
        return runpy.run_path(str(file))
    with own_files.telling(path, "recipe"), own_files.finding_beside(file, {}):
        return runpy.run_path(str(file))
