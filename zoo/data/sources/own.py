"""What lies at a path of the user's own: which reader takes it."""

import itertools
import os
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from zoo.core import files, signatures
from zoo.core.paths import expand
from zoo.data.dataset import Dataset
from zoo.data.kinds import sheet
from zoo.data.kinds.streams import SUFFIXES as TEXTS
from zoo.data.sources import (
    arrays,
    folder,
    labeled,
    series,
    sounds,
    split_tables,
    streams,
    table,
    text_files,
)
from zoo.errors import Mistake

WINDOWED = {"window", "horizon"}  # of a series, which has either
OF_TABLES = {"target", "text", "columns", "separator", "decimal", "header"}


def reader(
    path: str | os.PathLike, asked: Collection[str] = ()
) -> Callable[..., Dataset]:
    """What reads a path, with the arguments that it takes by name.

    A table that names pictures beside it is read by `labeled`, another one by `table`,
    or if windows are asked for by `series`, and so are the Parquet files of a folder
    without other files; a .txt or .text of whose columns nothing is said by `streams`;
    files of arrays by `arrays`; a folder with train.csv by `table`, one of texts by
    `text_files`, one of sounds by `sounds`, and one of pictures by `folder`.

    Args:
        path: of the data.
        asked: the names of the arguments that are given.

    Raises:
        Mistake: it is a file of another kind.
    """
    place = expand(path)
    files.check_readable(place)
    if place.is_file() or not place.is_dir():
        written = place.suffix.lower() in TEXTS and not OF_TABLES & {*asked}
        if WINDOWED & {*asked} and sheet.is_one(place) and not written:
            return partial(series.read, path)
        if labeled.table_of(place):
            return partial(labeled.read, path)
        if sounds.table_of(place):
            return partial(sounds.listed, path)
        if written:
            return partial(streams.read, path)
        if sheet.is_one(place):
            labeled.tell_lost(place)
            return partial(table.read, path)
        if arrays.is_one(place):
            return partial(arrays.read, path)
        if place.is_file():
            known = signatures.what_is(signatures.beginning(place))
            hint = f"{known.words}; or " if known.kind == signatures.PACKED else ""
            if place.suffix.lower() == ".json":
                hint = "call it .jsonl, with an object on each line; or "
            raise Mistake(
                f"{path} is a file; {hint}give the folder that holds class folders, a "
                f"table ({', '.join(sheet.SUFFIXES)}), arrays (.npz, .npy, idx) or a "
                f"text ({', '.join(TEXTS)})"
            )
        return partial(folder.read, path)
    if labeled.table_of(place):
        return partial(labeled.read, path)
    if sounds.table_of(place):
        return partial(sounds.listed, path)
    if arrays.is_one(place):
        return partial(arrays.read, path)
    if split_tables.is_one(place):
        if windowed := sorted(WINDOWED & {*asked}):
            raise Mistake(
                f"data.{windowed[0]} cuts a series of one table into training, "
                f"validation and test by its time, and {path} is split into several: "
                "put them into one; data.test and validation say the shares at its end"
            )
        return partial(table.read, path)
    if sheet.parts_of(place):
        return partial(series.read if WINDOWED & {*asked} else table.read, path)
    if sounds.is_one(place):
        return partial(sounds.read, path)
    if OF_TABLES & {*asked} and (found := _tables(place)):
        raise Mistake(
            f"{path} holds {len(found):,} {'tables' if found[1:] else 'table'}, such "
            f"as {found[0].name}, and none is called train; give the name of one file, "
            "or call them train, val and test; several that belong together must be "
            "put into one"
        )
    if text_files.is_one(place):
        return partial(text_files.read, path)
    return partial(folder.read, path)


def _tables(folder: Path) -> list[Path]:
    """The tables in a folder and in those inside of it, such as year=2026/."""
    found = sorted(itertools.chain(folder.iterdir(), folder.glob("*/*")))
    return [each for each in found if each.suffix.lower() in split_tables.SUFFIXES]


def is_file(name: str) -> bool:
    """Whether this is the name of a file that holds data, such as own.csv."""
    suffix = Path(name).suffix
    named = bool(suffix) and arrays.is_one(Path(name))
    return sheet.is_one(name) or named or suffix.lower() in TEXTS


def is_pictures(path: str | os.PathLike) -> bool:
    """Whether a path is read as pictures in files, which are brought to one size."""
    return reader(path).func in (folder.read, labeled.read)
