"""Pictures whose answers stand in a table beside them: file name, label."""

import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo.core.paths import expand
from zoo.data import keys
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds import cells, picture_files, pictures, sheet
from zoo.data.kinds.encodings import by_first_bytes
from zoo.data.sources import decoding, listing, transcripts
from zoo.data.sources.targets import Target, answers_of, target_names
from zoo.data.splits import carved
from zoo.errors import Mistake, unknown

SIZE = 224
LOOKED_AT = 100  # cells of a column, for the name of a file
LOOKED_INTO = 8192  # bytes of a table, for whether it names files at all
FOLDERS = (
    ".",
    "images",
    "pictures",
    "train",
    "sounds",
    "audio",
    "wavs",
    "clips",
)  # where they lie, beside the table


def table_of(
    path: Path, suffixes: tuple[str, ...] = picture_files.SUFFIXES
) -> Path | None:
    """The table of a path that names files of a kind: it, or the one in a folder."""
    if path.is_dir():
        inside = [each for each in path.iterdir() if sheet.is_one(each)]
        return table_of(inside[0], suffixes) if len(inside) == 1 else None
    named = _named_in(path, suffixes)
    return path if any(place_of(path.parent, word) for word in named) else None


def tell_lost(path: Path) -> None:
    """Warn of a table that names files of which none is found: it is one of words."""
    for kind in (listing.PICTURES, listing.SOUNDS):
        named = [each for each in _named_in(path, kind.suffixes) if " " not in each]
        if len(named) > 1:
            warnings.warn(
                f"{path.name} names {kind.noun}s, such as '{named[0]}', of which none "
                f"was found beside it, in {path.parent}, nor in "
                f"{', '.join(f'{each}/' for each in FOLDERS[1:])}; their names are "
                "taken for words",
                stacklevel=5,
            )


def _named_in(path: Path, suffixes: tuple[str, ...]) -> list[str]:
    """The cells at the beginning of a table that end as names of such files do."""
    if path.suffix.lower() not in sheet.TEXT or not path.is_file():
        return []
    with open(path, "rb") as file:
        start = file.read(LOOKED_INTO)
    text = start.decode(by_first_bytes(start) or "utf-8-sig", "replace")
    words = [word.strip("\"' ") for word in re.split(r"[,;\t\n\r]", text)]
    return [word for word in words if word.lower().endswith(suffixes)]


def read(
    path: str | os.PathLike,
    target: str | tuple[str, ...] | None = None,
    task: str | None = None,
    file: str | None = None,
    size: int | tuple[int, int] = SIZE,
    channels: int = 3,
    test: float | None = None,
    groups: str = "",
    time: str = "",
) -> Dataset:
    """Pictures that a table names, with their answers.

    Args:
        path: of the table, or of the folder that holds it and the pictures. Names are
            relative to the table, or to images/, pictures/ or train/ beside it.
        target: the column to be answered, or several; by default the only other one.
        task: see `zoo.data.sources.table.read`.
        file: the column of the names; by default the first that names pictures.
        size, channels: see `zoo.data.sources.folder.read`.
        test: share of the pictures to carve out for the test, default 0.2.
        groups, time: a column that says what belongs together, such as the patient, or
            when a picture was taken.

    Raises:
        Mistake: no such column, or pictures that are missing or cannot be read.
    """
    size, channels = picture_files.checked(size, channels)
    place = table_of(expand(path))
    if place is None:
        raise Mistake(f"{path} names no pictures")
    files, answers, about = answered(
        place, target, task, file, listing.PICTURES, groups, time
    )
    images = np.zeros((len(files), *size, channels), np.uint8)
    prints, broken = decoding.fill(images, files, "reading pictures")
    decoding.refuse(broken, len(files))
    dataset = Dataset(
        name=str(path),
        kind="image",
        train=Split(images, answers.values, prints, **about),
        classes=answers.classes,
        license="that of the pictures: zoo does not know it",
        description=f"Pictures that {place.name} names.",
        task=answers.task,
        outputs=answers.outputs,
        border=pictures.border(images) if channels == 1 else None,
    )
    return carved(dataset, test)


def answered(
    place: Path,
    target: str | tuple[str, ...] | None,
    task: str | None,
    file: str | None,
    kind: listing.Files,
    groups: str,
    time: str,
) -> tuple[list[Path], Target, dict[str, np.ndarray]]:
    """The files that a table names, with their answers, and who goes where.

    What is not used, columns and files that lie beside, is told.

    Args:
        place: of the table.
        target, task, file, groups, time: see `read`.
        kind: of the files.

    Raises:
        Mistake: no such column, or files that are missing.
    """
    found = sheet.read(place)
    plain = {name: cells.plain(each, name) for name, each in found.columns.items()}
    if file is not None and file not in plain:
        raise unknown(f"column of {place.name}", file, list(plain))
    about = keys.beside(plain, place.name, found.decimal, groups, time)
    named = file or column_of_files(plain, place, kind.noun)
    others = [name for name in plain if name not in (named, groups, time)]
    if target is None and len(others) == 1:
        [target] = others
    asked = target_names(found, target)
    if task == "strings" and kind is listing.SOUNDS:
        if len(asked) > 1:
            raise Mistake(f"task=strings has one target; given: {', '.join(asked)}")
        answers = transcripts.of(asked[0], found.columns[asked[0]])
    else:
        answers = answers_of(found, {name: plain[name] for name in asked}, task)
    files = files_of(place, plain[named], kind.noun)
    left = [name for name in others if name not in asked]
    if left:
        warnings.warn(
            f"{place.name}: not used: {', '.join(left[: decoding.SHOWN])}; "
            f"{kind.noun}s alone are learned from",
            stacklevel=5,
        )
    tell(place, {each.resolve() for each in files}, kind)
    return files, answers, about


def tell(table: Path, named: set[Path], kind: listing.Files) -> None:
    """Warn of files that lie where the named ones lie, and are not named."""
    folders = sorted({each.parent for each in named})
    found = (each for folder in folders for each in sorted(folder.iterdir()))
    left = [each for each in found if kind.is_one(each) and each not in named]
    if left:
        verb = "is" if len(left) == 1 else "are"
        warnings.warn(
            f"{kind.count(len(left))} {verb} not used, such as {left[0]}: {table.name} "
            "does not name it",
            stacklevel=6,
        )


def files_of(table: Path, names, noun: str) -> list[Path]:
    """The files that a column of a table names.

    Raises:
        Mistake: one is not there; its row is named.
    """
    files = [place_of(table.parent, each or "") for each in names.to_pylist()]
    if None in files:
        row = files.index(None)
        raise Mistake(
            f"{table.name}, row {row + 1}: there is no {noun} '{names[row].as_py()}' "
            f"({files.count(None):,} of {len(files):,} are missing)"
        )
    return [each for each in files if each]


def column_of_files(columns: Mapping, table: Path, noun: str) -> str:
    """The first column of which one of the first cells names a file.

    The very first cell may name one that is missing, which `files_of` tells.

    Raises:
        Mistake: there is none.
    """
    for name, values in columns.items():
        first = values[:LOOKED_AT].to_pylist()
        if any(isinstance(e, str) and place_of(table.parent, e) for e in first):
            return name
    raise Mistake(f"{table.name} names no {noun}s that lie beside it")


def place_of(folder: Path, name: str) -> Path | None:
    """The file of this name in a folder, or beside it."""
    if not name or len(name) > 1000 or "\0" in name:
        return None
    named = dict.fromkeys((name, name.replace("\\", "/")))  # as Windows writes it
    places = (folder / each / one for one in named for each in FOLDERS)
    return next((place for place in places if place.is_file()), None)
