"""Inputs in files of the forms that are learned from: arrays, tables, and lines."""

import contextlib
import os
import warnings
from pathlib import Path

from zoo.core.paths import expand
from zoo.data.dataset import Dataset
from zoo.data.kinds import cells, sheet
from zoo.data.kinds.texts import SUFFIXES
from zoo.data.sources import arrays, labeled, listing, split_tables, text_files
from zoo.errors import Mistake

NAMED = {"image": listing.PICTURES, "sound": listing.SOUNDS}


def opened(dataset: Dataset, given):
    """What a user gave; files of arrays, tables of texts or of names, and lines of
    texts that were learned from as lines, as they hold.

    Args:
        dataset: that the network learned from.
        given: one input or several.

    Raises:
        Mistake: such a file cannot be read, or it is not clear what in it is meant.
    """
    if isinstance(given, list) and all(map(_is_path, given)):
        parts = [opened(dataset, each) for each in given]
        return [
            item
            for each, part in zip(given, parts, strict=True)
            for item in ([part] if part is each else part)
        ]
    if not _is_path(given) or "\0" in os.fspath(given):
        return given
    path = expand(given)
    rows = dataset.kind == "tabular" and dataset.columns
    if (rows or dataset.kind == "text") and sheet.parts_of(path):
        _tell_of_splits(path)
        return [sheet.read(path)] if rows else _texts(path, dataset)
    if not os.path.isfile(path):  # where a sentence may be too long for a name
        return given
    if arrays.is_one(path) and dataset.kind in ("image", "text", "tabular", "points"):
        return list(_inputs(path))
    if dataset.kind == "text" and sheet.is_one(path) and path.suffix.lower() != ".txt":
        return _texts(path, dataset)
    if dataset.form.get("lines") and path.suffix.lower() in SUFFIXES:
        return _lines(path)
    if dataset.kind in NAMED and sheet.is_one(path):
        return _files(path, NAMED[dataset.kind])
    return given


def _tell_of_splits(folder: Path) -> None:
    """Warn that the tables of several splits are answered, not of the test alone."""
    found = split_tables.splits_of(folder)
    if len(found) > 1:
        warnings.warn(
            f"{folder} has tables of the splits {', '.join(found)}: the rows of all of "
            "them are taken, one table after the other; give the files or the folder "
            "of one split for those alone",
            stacklevel=6,
        )


def _is_path(given) -> bool:
    return isinstance(given, str | os.PathLike)


def _inputs(path: Path):
    try:
        return arrays.inputs(path)
    except Mistake:
        raise
    except arrays.DAMAGES as error:
        raise arrays.unreadable(path, error) from error


def _lines(path: Path) -> list[str]:
    """The lines of a file, each of them a text, as in training."""
    found = text_files.lines_of(path)
    count = "1 line is a text" if len(found) == 1 else f"{len(found):,} lines are texts"
    warnings.warn(f"{path.name}: its {count}, as in training", stacklevel=6)
    return [f"{line}\n" for line in found]


def _texts(path: Path, dataset: Dataset) -> list[str]:
    """The texts of a column: the one that was learned from, or that can be meant."""
    name = dataset.form.get("text", "")
    found = sheet.read(path, known=(name,) if name else (), usual=dataset.form)
    if name not in found.columns:
        there = list(found.columns)
        if len(there) > 1 and not name:
            there = _written(found)
        if len(there) != 1:
            columns = ", ".join(list(found.columns)[:20])
            learned = f"; the network learned from '{name}'" if name else ""
            raise Mistake(
                f"{path.name} has the columns {columns}{learned}; give a table of the "
                "texts alone"
            )
        [name] = there
        if len(found.columns) > 1:
            warnings.warn(
                f"{path.name}: the texts are those of '{name}', its one column of "
                "words; the others are not used",
                stacklevel=6,
            )
    texts = cells.texts(cells.plain(found.columns[name], name))
    return [f"{text}\n" for text in texts.fill_null("").to_pylist()]


def _written(found: sheet.Sheet) -> list[str]:
    """The columns of sentences; if there are none, those of words."""
    kinds: dict[str, list[str]] = {}
    for name, each in found.columns.items():
        values = cells.typed(cells.plain(each, name), found.decimal)
        with contextlib.suppress(Mistake):  # numbers, and some words
            if column := cells.find(name, values, found.decimal):
                kinds.setdefault(column.kind, []).append(name)
    return kinds.get("text") or kinds.get("category", [])


def _files(path: Path, kind: listing.Files) -> list[Path]:
    """The files that a table names, by the first column that does."""
    found = sheet.read(path)
    plain = {name: cells.plain(each, name) for name, each in found.columns.items()}
    name = labeled.column_of_files(plain, path, kind.noun)
    return labeled.files_of(path, plain[name], kind.noun)
