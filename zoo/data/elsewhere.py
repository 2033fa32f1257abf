"""A recipe whose data lie at another place now."""

import dataclasses
import inspect
from collections.abc import Callable

from zoo.core.kept import called
from zoo.errors import Mistake
from zoo.recipe import Recipe


def at(
    recipe: Recipe, place: str, read: Callable, named: bool, shape: tuple[int, ...]
) -> Recipe:
    """The recipe with its data at `place`, read as those of the recipe are.

    Args:
        recipe: of a run, perhaps of another machine, whose paths are gone.
        place: the path of a file or a folder.
        read: what reads the data there, or makes the data set of the recipe's name.
        named: whether zoo has a data set of the recipe's name.
        shape: of an input, to which pictures are brought.

    Raises:
        Mistake: the data set is made by its name, and read from no file.
    """
    arguments = dict(recipe.data_arguments)
    taken = inspect.signature(read).parameters
    if not named:
        if len(shape) == 3 and {"size", "channels"} <= taken.keys():
            arguments = {"size": shape[:2], "channels": shape[2], **arguments}
        return dataclasses.replace(recipe, data=place, data_arguments=arguments)
    found = [name for name in ("path", "file") if name in taken]
    if not found or (found == ["file"] and recipe.data != _WITH_FILE):
        raise Mistake(
            f"{called(recipe.data)} is made by its name, and not read from {place}; "
            "`zoo predict` answers inputs of your own"
        )
    arguments[found[0]] = place
    return dataclasses.replace(recipe, data_arguments=arguments)


_WITH_FILE = "mammographic_masses"  # alone of what is prepared as TFDS's sets are
