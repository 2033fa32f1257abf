"""A recipe: one model on one data set, with every number written down."""

import runpy
from pathlib import Path

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
    "override",
    "to_json",
]


def folder() -> Path:
    """The folder of zoo's own recipes: inside the package, or of the checkout."""
    inside = Path(__file__).parents[1] / "recipes"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "recipes"


def names() -> tuple[str, ...]:
    """The names of zoo's own recipes, sorted."""
    return tuple(sorted(path.stem for path in folder().glob("*.py")))


def load(name: str) -> Recipe:
    """The recipe called `name`, or the one in the Python file `name`.

    Raises:
        Mistake: there is no such recipe, or the file defines no `recipe`.
    """
    path = Path(name)
    if path.suffix == ".py":
        if not path.is_file():
            raise Mistake(f"there is no recipe file {name}")
    elif name in names():
        path = folder() / f"{name}.py"
    elif (path / "recipe.json").is_file():
        raise Mistake(
            f"{name} is the folder of a run, not a recipe; `zoo train {name} --resume` "
            "resumes its training"
        )
    else:
        raise unknown(
            "recipe", name, names(), "`zoo list` shows them; a path to a .py works too"
        )
    recipe = runpy.run_path(str(path)).get("recipe")
    if not isinstance(recipe, Recipe):
        raise Mistake(f"{path} defines no `recipe = zoo.Recipe(...)`")
    return recipe
