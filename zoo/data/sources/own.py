"""What lies at a path of the user's own: which reader takes it."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from zoo.data.dataset import Dataset
from zoo.data.kinds import sheet
from zoo.data.sources import folder, table
from zoo.errors import Mistake


def reader(path: str | os.PathLike, kept: Sequence[str] = ()) -> Callable[..., Dataset]:
    """What reads a path, with the arguments that it takes by name.

    A file that holds a table is read by `table`, a folder by `folder`.

    Args:
        path: of the data.
        kept: columns of a table that say who goes where.

    Raises:
        Mistake: it is a file of another kind.
    """
    place = Path(path).expanduser()
    if sheet.is_one(place):
        return partial(table.read, path, kept=tuple(kept))
    if place.is_file():
        raise Mistake(
            f"{path} is a file; give the folder that holds class folders, or a table "
            f"({', '.join(sheet.SUFFIXES)})"
        )
    return partial(folder.read, path)


def is_file(name: str) -> bool:
    """Whether this is the name of a file that holds data, such as own.csv."""
    return sheet.is_one(name)


def is_pictures(path: str | os.PathLike) -> bool:
    """Whether a path is read as a folder of pictures."""
    return reader(path).func is folder.read
