"""A recipe whose data lie at another place now."""

import dataclasses
import inspect
import os
from collections.abc import Callable

from zoo.core.kept import called
from zoo.core.paths import expand
from zoo.data.dataset import Dataset
from zoo.data.sources import own
from zoo.errors import Mistake
from zoo.recipe import Recipe


def at(
    recipe: Recipe, place: str, read: Callable, named: bool, known: Dataset
) -> Recipe:
    """The recipe with its data at `place`, read as those of the recipe are.

    Args:
        recipe: of a run, perhaps of another machine, whose paths are gone.
        place: the path of a file or a folder.
        read: what reads the data there, or makes the data set of the recipe's name.
        named: whether zoo has a data set of the recipe's name.
        known: what the run keeps of its data: the size of pictures, and of a table what
            its columns hold, as that cannot be told from other rows.

    Raises:
        Mistake: the data set is made by its name, and read from no file.
    """
    arguments = dict(recipe.data_arguments)
    taken = inspect.signature(read).parameters
    if not named:
        given = {k: v for k, v in _found(known).items() if k in taken}
        columns = {**given.pop("columns", {}), **arguments.pop("columns", {})}
        arguments = {**given, **arguments, **({"columns": columns} if columns else {})}
        return dataclasses.replace(recipe, data=place, data_arguments=arguments)
    found = [name for name in ("path", "file") if name in taken]
    if not found or (found == ["file"] and recipe.data != _WITH_FILE):
        raise Mistake(
            f"{called(recipe.data)} is made by its name, and not read from {place}; "
            "`zoo predict` answers inputs of your own"
        )
    arguments[found[0]] = place
    return dataclasses.replace(recipe, data_arguments=arguments)


def is_gone(recipe: Recipe, made: Callable | None) -> bool:
    """Whether nothing lies where the data of a recipe are read.

    Args:
        recipe: of a run.
        made: what reads the data set of the recipe's name; None if that is a path.
    """
    place = recipe.data
    if made:
        taken = inspect.signature(made).parameters
        usual = {name: each.default for name, each in taken.items()}
        given = {**usual, **recipe.data_arguments}
        place = given.get("path") or given.get("file")
    return isinstance(place, str) and not os.path.exists(expand(place))


def undivided(recipe: Recipe) -> dict:
    """The arguments of `zoo.data.load` by which a file is read as one split.

    Those of what has splits of its own leave them, as `validation=None` does.

    Args:
        recipe: that `at` gave.
    """
    arguments, place = recipe.data_arguments, recipe.data
    alone = os.path.dirname(place) and os.path.isfile(place)
    if not alone or "split" in arguments:
        return {"validation": None}
    taken = inspect.signature(own.reader(place, arguments)).parameters
    return {"validation": None, **({"test": 0.0} if "test" in taken else {})}


def _found(known: Dataset) -> dict:
    """What was found in the data of the training, as the arguments of their readers."""
    found: dict = {}
    shape = known.input_shape
    if known.kind == "image" and len(shape) == 3:
        found |= {"size": shape[:2], "channels": shape[2]}
    if known.task in ("classes", "numbers"):
        found["task"] = known.task
    if text := (known.form or {}).get("text"):
        found["text"] = text
    if known.kind == "tabular":
        found["columns"] = {each.name: each.kind for each in known.columns}
    return found


_WITH_FILE = "mammographic_masses"  # alone of what is prepared as TFDS's sets are
