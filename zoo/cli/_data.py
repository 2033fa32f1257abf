"""A recipe by its name, or chosen for data of the user's own."""

import os
from collections.abc import Sequence
from pathlib import Path

from zoo import recipe as recipes
from zoo.core.progress import say
from zoo.engine import startup
from zoo.recipe import Recipe
from zoo.recipe.source import fields


def load_or_choose(
    name: str, changes: Sequence[str], backend: str | None = None
) -> Recipe:
    """The recipe `name`; or one for the data at this path, which is shown.

    Args:
        name: as `zoo.recipe.load` takes it, or the path of a table or a folder.
        changes: to the recipe, of which those of the data are needed to read them.
        backend: with which Keras is imported, if a recipe is chosen.
    """
    if not _is_data(name):
        return recipes.load(name)

    startup.load(backend)
    from zoo.training import defaults

    read = "data.", "validation="  # and what is no change is told before data are read
    about = [each for each in changes if each.startswith(read) or "=" not in each]
    asked = recipes.override(Recipe("deep_mlp", name), about)
    given = any(each.startswith("validation=") for each in about)
    validation = asked.validation if given else None
    recipe = defaults.recipe_for(name, asked.data_arguments, validation)
    shown = fields(recipes.override(recipe, changes))
    for line in (
        "recipe, which `zoo recipe RUN` writes as a file:",
        *shown.split("\n"),
    ):
        say(line)
    return recipe


def called(name: str) -> str:
    """What a run is called after: the name, or that of a folder such as `..`."""
    place = Path(name)
    return place.stem if place.stem.strip(".") else place.resolve().stem


def _is_data(name: str) -> bool:
    if name in recipes.names() or name.endswith(".py"):
        return False
    from zoo import data

    if os.path.isdir(name):
        return not (Path(name) / "recipe.json").is_file()
    return os.path.isfile(name) or data.is_path(name)
