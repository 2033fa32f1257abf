"""What reads a data set, found by its name or its path."""

import inspect
import os
from collections.abc import Callable
from functools import partial
from pathlib import PureWindowsPath

from zoo.core.kept import check_kept
from zoo.core.paths import expand
from zoo.data import builders
from zoo.data.dataset import Dataset
from zoo.data.sources import (
    digit_strings,
    forecasts,
    generated,
    numbers,
    own,
    penguins,
    speech,
    streams,
    tfds,
)
from zoo.errors import Mistake, unknown
from zoo.recipe import Recipe
from zoo.recipe.overrides import PATHS

_HOMES = (generated, numbers, penguins, forecasts, streams, speech, digit_strings)
OF_TEXTS = ("vocabulary_size", "length", "keep", "ngrams")
_WITHOUT_TEXTS = (
    own.arrays.read,
    own.folder.read,
    own.labeled.read,
    own.series.read,
    own.sounds.listed,
    own.sounds.read,
    streams.read,
)


def names() -> tuple[str, ...]:
    """The zoo's own data sets; every name of TensorFlow Datasets works as well."""
    made = (name for home in _HOMES for name in home.NAMES)
    return tuple(sorted([*builders.names(), *made, "folder"]))


def is_path(name: str) -> bool:
    """Whether `load` takes `name` for a path of the user's own data, of any system.

    A name of TensorFlow Datasets may hold a slash too: "glue/sst2".
    """
    if name.startswith((".", "~", "/", "\\")) or PureWindowsPath(name).drive:
        return True
    if name.endswith(("/", "\\")) or own.is_file(name):
        return True
    if PureWindowsPath(name).suffix and os.path.isfile(name):  # of another kind
        return True
    return ("/" in name or "\\" in name) and os.path.isdir(name)


def paths(recipe: Recipe) -> tuple[str, ...]:
    """The arguments of a recipe's data that are paths.

    Of one's own table `file` is a column.
    """
    return tuple(n for n in PATHS if n != "file" or not is_path(recipe.data))


def made(name: str) -> Callable[..., Dataset] | None:
    """What reads or makes a data set of zoo's own; None for any other name."""
    if name in builders.names():
        return partial(tfds.read, name)
    homes = (each for each in _HOMES if name in each.NAMES)
    return next((getattr(home, name) for home in homes), None)


def find(name: str, arguments: dict) -> Callable[..., Dataset]:
    """What reads a data set, after a look at the names of its arguments.

    Raises:
        Mistake: nothing lies at a path, or an argument is unknown.
    """
    read = made(name) or _other(name, arguments)
    accepted = set(inspect.signature(read).parameters) - {"validation"}
    if getattr(read, "func", None) not in (None, *_WITHOUT_TEXTS):
        accepted |= set(OF_TEXTS)
    for argument in arguments:
        if argument not in accepted:
            what = f"argument of the data set {name}"
            raise unknown(what, argument, accepted, _beside(name))
    return read


def _other(name: str, arguments: dict) -> Callable[..., Dataset]:
    """What reads a user's files, or a data set of TensorFlow Datasets."""
    if name == "folder":
        if "path" not in arguments:
            raise Mistake("the data set 'folder' needs its path: path=./pets")
        return own.folder.read
    if is_path(name):
        check_there(name)
        return own.reader(name, arguments)
    return partial(tfds.read, name)


def _beside(name: str) -> str:
    """What to give for a file or folder that has the name of a data set, or could."""
    if is_path(name) or not os.path.exists(name):
        return ""
    what = "folder" if os.path.isdir(name) else "file"
    return f"for the {what} of this name give './{name}'"


def check_there(name: str) -> None:
    """Refuse a path at which nothing lies, before its arguments are looked at."""
    check_kept(name)
    path = os.path.abspath(expand(name))
    if os.path.exists(path):
        return
    what = f"there is no {'file' if own.is_file(name) else 'folder'} {name}"
    if os.path.islink(path):
        raise Mistake(f"{name} is a link to {os.readlink(path)}, which is not there")
    if os.path.dirname(path) == os.getcwd() and os.path.basename(path) != name:
        what += f"; if you mean the data set, give '{os.path.basename(path)}'"
    raise Mistake(what)
