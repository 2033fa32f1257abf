"""Tables of one's own that are split already: train.csv, val.csv, test.csv."""

import os
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from zoo.data.dataset import Dataset
from zoo.data.kinds import cells, sheet
from zoo.data.kinds.sheet import Sheet
from zoo.data.sources import labeled, listing, table
from zoo.data.sources.listing import TEST, TRAIN, VALIDATION
from zoo.errors import Mistake

SUFFIXES = tuple(each for each in sheet.SUFFIXES if each not in (".txt", ".data"))


def is_one(path: Path) -> bool:
    """Whether a folder holds the table of a training split, which names no pictures."""
    found = _files(path).get(TRAIN)
    return bool(found) and labeled.table_of(found[0]) is None


def read(
    path: str | os.PathLike,
    target: str | tuple[str, ...] | None = None,
    task: str | None = None,
    text: str | None = None,
    columns: dict | None = None,
    test: float | None = None,
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    kept: tuple[str, ...] = (),
) -> Dataset:
    """The tables of a folder: train, and val (valid, validation, dev) and test.

    Their columns are matched by name. A table without the target, as the test of a
    competition, is left out, with a warning. Without a val and a test, a test split is
    carved out.

    Args:
        path: the folder.
        test: share of the training rows to carve out for the test, default 0.2, or 0 if
            there is a val; not for a folder with its own test.
        target, task, text, columns, separator, decimal, encoding, header, sheet, kept:
            see `zoo.data.sources.table.read`.

    Raises:
        Mistake: two tables are of one split, or their columns have other names; and see
            `zoo.data.sources.table.read`.
    """
    root = Path(path).expanduser()
    sheets: dict[str, Sheet] = {}
    for part, files in _files(root).items():
        if len(files) > 1:
            raise Mistake(
                f"{root} has {files[0].name} and {files[1].name}, both for the {part} "
                "split; keep one"
            )
        known = (
            tuple(sheets[TRAIN].columns)
            if sheets
            else table.named(target, text, columns)
        )
        options = separator, decimal, encoding, header, sheet
        sheets[part] = table.load(files[0], *options, known)
    asked = table.target_names(sheets[TRAIN], target or sheets[TRAIN].target)
    for part, found in list(sheets.items())[1:]:
        if gone := [name for name in asked if name not in found.columns]:
            warnings.warn(
                f"{found.name} has no column {gone[0]}, which is to be answered: it is "
                "left out; zoo predict answers its rows",
                stacklevel=4,
            )
            del sheets[part]
    joined = _joined(root, sheets)
    whole = table.of(str(path), joined, asked, task, text, columns, 0.0, kept)
    starts = np.cumsum([0, *map(len, sheets.values())])
    splits = {
        part: whole.train.take(np.arange(first, last))
        for part, first, last in zip(sheets, starts, starts[1:], strict=False)
    }
    return table.carved(replace(whole, **splits), test)


def _files(root: Path) -> dict[str, list[Path]]:
    """The tables of each split, the training split first."""
    found: dict[str, list[Path]] = {part: [] for part in (TRAIN, VALIDATION, TEST)}
    for path in sorted(root.iterdir()):
        part = listing.SPLITS.get(path.stem.lower())
        if part and path.suffix.lower() in SUFFIXES and path.is_file():
            found[part].append(path)
    return {part: files for part, files in found.items() if files}


def _joined(root: Path, sheets: dict[str, Sheet]) -> Sheet:
    """All rows, one table after the other."""
    import pyarrow

    first, *others = sheets.values()
    for other in others:
        if missing := sorted(first.columns.keys() ^ other.columns.keys()):
            has = first if missing[0] in first.columns else other
            raise Mistake(
                f"{first.name} and {other.name} in {root} have different columns; "
                f"only {has.name} has {', '.join(missing[:10])}"
            )
        if other.decimal != first.decimal:
            raise Mistake(
                f"{first.name} has the decimal sign '{first.decimal}' and {other.name} "
                f"'{other.decimal}'; write them alike, or set data.decimal"
            )
    columns = {}
    for name in first.columns:
        parts = [cells.plain(each.columns[name], name) for each in sheets.values()]
        if len({part.type for part in parts}) > 1:
            parts = list(map(cells.texts, parts))
        columns[name] = pyarrow.concat_arrays(parts)
    names = ", then ".join(each.name for each in sheets.values())
    return Sheet(f"{root.name}/ ({names})", columns, first.decimal, first.found)
