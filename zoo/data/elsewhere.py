"""A recipe whose data lie at another place now, or others in their place."""

import dataclasses
import inspect
import os
from collections.abc import Callable

from zoo.core.kept import called
from zoo.core.paths import expand
from zoo.data.dataset import Dataset
from zoo.data.readers import OF_TEXTS
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
        Mistake: the data set is made by its name, and read from no file; or the data
            at the place are of another form.
    """
    arguments = dict(recipe.data_arguments)
    if recipe.data == FOLDER:
        arguments.pop("path", None)
    taken = inspect.signature(read).parameters
    if not named:
        _check_form(place, read, known, arguments)
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
    elif place == FOLDER:
        place = recipe.data_arguments.get("path", "")  # published, it has none
    return isinstance(place, str) and not (place and os.path.exists(expand(place)))


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
    if known.kind in ("tabular", "series"):
        line = known.timeline
        said = (line.target, line.clock.name) if line else ()  # by other arguments
        found["columns"] = {
            each.name: each.kind for each in known.columns if each.name not in said
        }
    return found


def _check_form(place: str, read: Callable, known: Dataset, arguments: dict) -> None:
    """Refuse what no reader of the run's kind of data takes, before it is read."""
    reader = getattr(read, "func", read)
    what = _FORMS[reader]
    if reader not in _READERS.get(known.kind, _FORMS):
        raise Mistake(
            f"{place} is read as {what}, and the run learned from "
            f"{_FORMS[_READERS[known.kind][0]]}; give examples of that kind"
        )
    taken = {*inspect.signature(read).parameters, *_FOR_ALL}
    if other := [name for name in arguments if name not in taken]:
        raise Mistake(
            f"{place} is read as {what}, and the run's own data have data."
            f"{other[0]}={arguments[other[0]]}, which that has not; give examples in "
            "the form of those that it learned from"
        )


FOLDER = "folder"  # the data set whose path is an argument
_FORMS = {
    own.arrays.read: "arrays",
    own.folder.read: "a folder of pictures",
    own.labeled.read: "a table that names pictures",
    own.series.read: "a series",
    own.sounds.listed: "a table that names sounds",
    own.sounds.read: "a folder of sounds",
    own.streams.read: "a text that goes on",
    own.table.read: "a table",
    own.text_files.read: "a folder of texts",
}
_READERS = {
    "image": (own.folder.read, own.labeled.read, own.arrays.read),
    "language": (own.streams.read,),
    "series": (own.series.read,),
    "sound": (own.sounds.read, own.sounds.listed),
    "tabular": (own.table.read, own.arrays.read),
    "text": (own.text_files.read, own.table.read, own.arrays.read),
}
# Arguments of `zoo.data.load` that any reader's data may have.
_FOR_ALL = ("fold", "groups", "joined", "seed", "time", "validation", *OF_TEXTS)
_WITH_FILE = "mammographic_masses"  # alone of what is prepared as TFDS's sets are
