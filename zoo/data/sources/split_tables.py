"""Tables of one's own that are split already: train.csv, val.csv, test.csv."""

import os
import re
import warnings
from pathlib import Path

from zoo.core.paths import expand
from zoo.data.kinds import cells, sheet
from zoo.data.kinds.sheet import Sheet
from zoo.data.sources import labeled, listing
from zoo.data.sources.listing import TEST, TRAIN, VALIDATION
from zoo.errors import Mistake

PART = re.compile(r"-\d+-of-\d+$")
SUFFIXES = tuple(each for each in sheet.SUFFIXES if each not in (".txt", ".data"))


def is_one(path: Path) -> bool:
    """Whether a folder holds the table of a training split, which names no pictures."""
    found = _files(path).get(TRAIN)
    return bool(found) and labeled.table_of(found[0]) is None


def splits_of(path: Path) -> list[str]:
    """The splits of which a folder holds tables, the training split first."""
    return list(_files(path))


def load(
    path: str | os.PathLike, how: tuple, hints: tuple[str, ...]
) -> dict[str, Sheet]:
    """The table of each split of a folder, the training split first.

    Args:
        path: the folder.
        how: separator, decimal, encoding, header and sheet, see
            `zoo.data.kinds.sheet.read`.
        hints: names of columns, which tell a header.

    Raises:
        Mistake: two tables are of one split.
    """
    root = expand(path)
    _tell(root)
    found: dict[str, Sheet] = {}
    for part, files in _files(root).items():
        if len(files) > 1 and all(_is_part(each, root) for each in files):
            found[part] = sheet.joined(root, files)
            continue
        if len(files) > 1:
            raise Mistake(
                f"{root} has {files[0].name} and {files[1].name}, both for the {part} "
                "split; keep one"
            )
        known, form = hints, {}
        if found:
            known, form = tuple(found[TRAIN].columns), found[TRAIN].form
        found[part] = sheet.read(files[0], *how, known, form)
    return found


def answered(sheets: dict[str, Sheet], target: tuple[str, ...]) -> dict[str, Sheet]:
    """The tables that have the target; a warning names those that lack it."""
    kept = dict(sheets)
    for part, found in sheets.items():
        if gone := [name for name in target if name not in found.columns]:
            warnings.warn(
                f"{found.name} has no column {gone[0]}, which is to be answered: it is "
                "left out; zoo predict answers its rows",
                stacklevel=5,
            )
            del kept[part]
    return kept


def _files(root: Path) -> dict[str, list[Path]]:
    """The tables of each split, the training split first."""
    found: dict[str, list[Path]] = {part: [] for part in (TRAIN, VALIDATION, TEST)}
    for path in sorted(root.iterdir()):
        part = _split_of(path)
        if part and path.is_dir():
            found[part] += sheet.parts_of(path)
        elif part and path.suffix.lower() in SUFFIXES and path.is_file():
            found[part].append(path)
    return {part: files for part, files in found.items() if files}


def _split_of(path: Path) -> str | None:
    """The split that a table, or a folder of parts, is of by its name."""
    name = path.stem.lower()
    if path.suffix.lower() in sheet.PARQUET:
        name = PART.sub("", name)
    return listing.SPLITS.get(name)


def _is_part(path: Path, root: Path) -> bool:
    """Whether a table is a part of one, as datasets write them.

    It is called like train-00000-of-00002.parquet, or lies in a folder of parts.
    """
    parquet = path.suffix.lower() in sheet.PARQUET
    return parquet and (path.parent != root or bool(PART.search(path.stem)))


def _tell(root: Path) -> None:
    """Warn of tables that are of no split."""
    left = [
        each.name
        for each in sorted(root.iterdir())
        if each.suffix.lower() in SUFFIXES and not _split_of(each)
    ]
    if left:
        several = f"{len(left)} tables are" if left[1:] else "1 table is"
        warnings.warn(
            f"{several} passed over in {root}, such as {left[0]}: it is called after "
            "no split, as train, val and test are",
            stacklevel=5,
        )


def join(path: str | os.PathLike, sheets: dict[str, Sheet]) -> Sheet:
    """All rows, one table after the other.

    Raises:
        Mistake: their columns have other names, or their numbers another decimal sign.
    """
    import pyarrow

    first, *others = sheets.values()
    for other in others:
        if missing := sorted(first.columns.keys() ^ other.columns.keys()):
            has = first if missing[0] in first.columns else other
            raise Mistake(
                f"{first.name} and {other.name} in {path} have different columns; "
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
    name = f"{Path(path).name}/ ({names})"
    return Sheet(name, columns, first.decimal, first.found, form=first.form)
