"""A file that holds a table, as columns: CSV, TSV, JSON lines, Parquet, xlsx.

Reading is pyarrow's, and openpyxl's; of text see `zoo.data.kinds.delimited`.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from zoo.core import files
from zoo.core.kept import array, name_of
from zoo.core.paths import expand
from zoo.data.kinds import delimited, headers, margins
from zoo.data.kinds.encodings import is_guessed
from zoo.data.kinds.values import listed
from zoo.errors import Mistake, unknown

TEXT = (".csv", ".tsv", ".txt", ".tab", ".data")
PARQUET = (".parquet", ".pq")
SUFFIXES = (*TEXT, ".jsonl", ".ndjson", *PARQUET, ".xlsx")
SHOWN = 20  # names in an error
INDEX = re.compile("__index_level_[0-9]+__")  # as pandas calls one without a name
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"  # as Hive and Spark call a folder of missing


@dataclass
class Sheet:
    """The columns of a table as pyarrow's arrays, by name, in their order.

    name: of the file, for errors.
    decimal: the sign before the decimals of numbers that are text.
    found: what was found about the file, in words; "" where nothing was to be found.
    target: the column that whoever made the file meant to be answered; or None.
    form: how it was read, those of the arguments of `read` that matter.
    """

    name: str
    columns: dict[str, Any] = field(default_factory=dict)
    decimal: str = "."
    found: str = ""
    target: str | None = None
    form: dict[str, str | bool] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def lacks(self, name: str, names: Iterable[str] = (), what: str = "") -> Mistake:
        """The error for a column that is not there.

        Args:
            name: that was given.
            names: that would have been accepted; by default all.
            what: the name should have named.
        """
        encoding, then = str(self.form.get("encoding", "")), ""
        if is_guessed(encoding):
            then = f"read as {encoding}, a guess; data.encoding sets another"
        if len(self.columns) == 1 and "  " in next(iter(self.columns)):
            then = "aligned cells need equally many in each line; else write CSV"
        what = what or f"column of {self.name}"
        return unknown(what, name, names or self.columns, then)


def is_one(path: str | os.PathLike) -> bool:
    """Whether this is the name of a file that holds a table."""
    return Path(path).suffix.lower() in SUFFIXES


def parts_of(path: str | os.PathLike) -> list[Path]:
    """The Parquet files of a folder, and of those in it, that hold nothing else.

    They are in the order of their names; [] if there is anything else.
    """
    if not os.path.isdir(path := expand(path)):
        return []
    found = []
    for folder, folders, names in os.walk(path):
        for each in (folder, *(os.path.join(folder, inner) for inner in folders)):
            files.check_readable(Path(each))  # which `walk` would pass over
        folders[:] = sorted(each for each in folders if each[0] not in "._")
        inside = [Path(folder, each) for each in sorted(names) if each[0] not in "._"]
        if not all(e.is_file() and e.suffix.lower() in PARQUET for e in inside):
            return []
        found += inside
    return found


def read(
    path: str | os.PathLike,
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    known: tuple[str, ...] = (),
    usual: Mapping | None = None,
) -> Sheet:
    """The table in a file, or in the Parquet files of a folder, see `parts_of`.

    Args:
        path: of a CSV, TSV, JSON lines, Parquet or xlsx file, or of such a folder.
        separator: what stands between cells; found if None.
        decimal: what stands before the decimals, "." or ","; found if None.
        encoding: of the text, by Python's name; found if None.
        header: whether the first line names the columns; found if None.
        sheet: of an xlsx file; the first if None.
        known: columns that the table should have, which tell a header.
        usual: the form of a table like this, which decides where the file does not say.

    Raises:
        Mistake: no such file, an empty one, or one that holds no table.
    """
    path, usual = expand(path), usual or {}
    suffix = path.suffix.lower()
    parts = parts_of(path)
    if not os.path.isfile(path) and not parts:  # nor is a name that is too long
        raise Mistake(f"there is no file {path}")
    files.check_readable(path)
    if not path.stat().st_size:
        raise Mistake(f"{path} is empty; give a table with a row for each example")
    if suffix == ".json":
        raise Mistake(
            f"{path.name} is JSON; accepted: {', '.join(SUFFIXES)}; of JSON that is an "
            "object for each row, each on a line of its own, in a file that ends with "
            ".jsonl"
        )
    given = {"separator": separator, "decimal": decimal, "encoding": encoding}
    if suffix not in TEXT and any(given.values()):
        named = ", ".join(name for name, value in given.items() if value)
        raise Mistake(f"{named} is for CSV files; {path.name} is none")
    if sheet and suffix != ".xlsx":
        raise Mistake(f"sheet={sheet} is for xlsx files; {path.name} is none")
    if parts or suffix in PARQUET:
        found = _parquet(path, parts or [path], known)
    elif suffix in (".jsonl", ".ndjson"):
        found = _json_lines(path)
    elif suffix == ".xlsx":
        found = _workbook(path, sheet, header, known, usual)
    else:
        columns, sign, words, form = delimited.read(
            path, separator, decimal, encoding, header, known, usual
        )
        found = Sheet(path.name, columns, sign, words, form=form)
    if not len(found):
        raise Mistake(f"{path} has no rows; give a table with a row for each example")
    return found


def of_text(text: str, known: tuple[str, ...], usual: Mapping | None) -> Sheet:
    """The table in a text, read as that in a CSV file is, see `read`.

    Raises:
        Mistake: it holds no table, or no rows.
    """
    columns, sign, words, form = delimited.read(
        delimited.Text("the table", text), None, None, None, None, known, usual or {}
    )
    found = Sheet("the table", columns, sign, words, form=form)
    if not len(found):
        raise Mistake("the table has no rows; give one with a row for each example")
    return found


def check_header(part: Sheet, names: Sequence[str]) -> None:
    """Refuse a table without a header whose columns are asked for by these names."""
    if part.form.get("header") is False and not {*names} <= part.columns.keys():
        raise Mistake(
            f"{part.name} has no header: its first line holds no names of columns; "
            f"write them above it: {listed(names)}, in the order of its columns"
        )


def joined(folder: Path, parts: list[Path]) -> Sheet:
    """The table in several Parquet files of a folder, one after the other.

    Raises:
        Mistake: one of them is none, has no rows, or other columns.
    """
    found = _parquet(folder, parts)
    if not len(found):
        raise Mistake(f"{folder} has no rows; give a table with a row for each example")
    return found


def _parquet(path: Path, parts: list[Path], known: tuple[str, ...] = ()) -> Sheet:
    import pyarrow
    from pyarrow import parquet

    try:
        tables = []
        for each in parts:
            with open(each, "rb") as file:  # pyarrow itself opens names in UTF-8 alone
                tables.append(_with_folders(parquet.read_table(file), path, each))
        for part, each in zip(parts, tables, strict=True):
            if odd := {*each.column_names} ^ {*tables[0].column_names}:
                raise Mistake(
                    f"{parts[0].relative_to(path)} and {part.relative_to(path)} in "
                    f"{path} have different columns; only one has "
                    f"{', '.join(sorted(odd)[:10])}"
                )
        table = tables[0]
        if parts[1:]:
            table = pyarrow.concat_tables(tables, promote_options="permissive")
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, OSError) as error:
        raise delimited.unreadable(path, error) from error
    about = table.schema.metadata or {}
    target = about.get(b"zoo target")
    index = [each for each in table.column_names if INDEX.fullmatch(str(each))]
    table = table.drop_columns([each for each in index if each not in known])
    names = list(map(str, table.column_names))
    name = name_of(path)
    headers.check_names(name, names)
    columns = dict(zip(names, table.columns, strict=True))
    return Sheet(
        name, columns, target=target.decode("utf-8", "replace") if target else None
    )


def _with_folders(table, root: Path, part: Path):
    """A part with a column for each folder above it that is called like year=2026."""
    import pyarrow

    for folder in part.relative_to(root).parts[:-1]:
        name, sign, value = folder.partition("=")
        if sign and name not in table.column_names:
            value = None if value == HIVE_NULL else unquote(value)
            column = pyarrow.array([value] * len(table), pyarrow.string())
            table = table.append_column(name, column)
    return table


def _json_lines(path: Path) -> Sheet:
    import pyarrow
    from pyarrow import json

    try:
        with open(path, "rb") as file:
            table = json.read_json(file)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise delimited.unreadable(path, error) from error
    headers.check_names(path.name, table.column_names)
    return Sheet(path.name, dict(zip(table.column_names, table.columns, strict=True)))


def _workbook(path: Path, sheet: str | None, header, known, usual) -> Sheet:
    try:
        import openpyxl
    except ImportError as error:
        raise Mistake(f"{path.name} needs openpyxl: pip install openpyxl") from error
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # zipfile's, XML's and openpyxl's own, without a common
        raise delimited.unreadable(path, error) from error
    if sheet is None and usual.get("sheet") in book.sheetnames:
        sheet = usual["sheet"]
    if sheet is not None and sheet not in book.sheetnames:
        raise unknown(f"sheet of {path.name}", sheet, book.sheetnames)
    lines = [
        row
        for row in book[sheet or book.sheetnames[0]].iter_rows(values_only=True)
        if any(cell is not None for cell in row)
    ]
    book.close()
    if not lines:
        raise Mistake(f"{path} is empty; give a table with a row for each example")
    title = 0 if header is False else margins.above(lines, known) or 0
    lines = lines[title:]
    if header is None:
        words = ["" if cell is None else str(cell) for cell in lines[0]]
        header = headers.are_names(words, known, usual)
    count = max(map(len, lines))
    names = headers.names_of(lines[0] if header else [None] * count)
    headers.check_names(path.name, names)
    rows = lines[header:]
    columns = {
        name: array([row[i] if i < len(row) else None for row in rows])
        for i, name in enumerate(names)
    }
    others = len(book.sheetnames) - 1
    more = f", sheet '{sheet or book.sheetnames[0]}' of {others + 1}" if others else ""
    header_words = "a header" if header else "no header"
    words = f"It has {header_words}{headers.beneath(title)}{more}."
    form = {"header": header, **({"sheet": sheet} if sheet else {})}
    return Sheet(path.name, columns, found=words, form=form)
