"""What lies at a path of the user's own: which reader takes it."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from zoo.data.dataset import Dataset
from zoo.data.kinds import sheet
from zoo.data.sources import (
    arrays,
    folder,
    labeled,
    series,
    split_tables,
    table,
    text_files,
)
from zoo.errors import Mistake


def reader(
    path: str | os.PathLike, kept: Sequence[str] = (), windowed: bool = False
) -> Callable[..., Dataset]:
    """What reads a path, with the arguments that it takes by name.

    A table that names pictures beside it is read by `labeled`, another one by `table`,
    files of arrays by `arrays`, a folder with train.csv by `split_tables`, one of texts
    by `text_files`, and one of pictures by `folder`.

    Args:
        path: of the data.
        kept: columns of a table that say who goes where.
        windowed: whether the table is a series, which `series` reads.

    Raises:
        Mistake: it is a file of another kind.
    """
    place = Path(path).expanduser()
    if place.is_file() or not place.is_dir():
        if windowed and sheet.is_one(place):
            return partial(series.read, path)
        if labeled.table_of(place):
            return partial(labeled.read, path)
        if sheet.is_one(place):
            return partial(table.read, path, kept=tuple(kept))
        if arrays.is_one(place):
            return partial(arrays.read, path)
        if place.is_file():
            raise Mistake(
                f"{path} is a file; give the folder that holds class folders, a table "
                f"({', '.join(sheet.SUFFIXES)}) or arrays (.npz, .npy, idx)"
            )
        return partial(folder.read, path)
    if labeled.table_of(place):
        return partial(labeled.read, path)
    if arrays.is_one(place):
        return partial(arrays.read, path)
    if split_tables.is_one(place):
        return partial(split_tables.read, path, kept=tuple(kept))
    if text_files.is_one(place):
        return partial(text_files.read, path)
    return partial(folder.read, path)


def is_file(name: str) -> bool:
    """Whether this is the name of a file that holds data, such as own.csv."""
    return sheet.is_one(name) or (bool(Path(name).suffix) and arrays.is_one(Path(name)))


def is_pictures(path: str | os.PathLike) -> bool:
    """Whether a path is read as pictures in files, which are brought to one size."""
    return reader(path).func in (folder.read, labeled.read)
