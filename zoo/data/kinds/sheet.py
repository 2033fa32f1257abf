"""A file that holds a table, as columns: CSV, TSV, JSON lines, Parquet, xlsx.

Reading is pyarrow's, and openpyxl's. What is found about a file of text is said, and
can be given instead: separator, decimal sign, encoding, header.
"""

import codecs
import csv
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo.core.kept import array, name_of
from zoo.data.kinds import margins
from zoo.data.kinds.encodings import encoding_of, is_guessed
from zoo.data.kinds.separators import (
    DECIMAL,
    FOUND,
    LINES,
    NUMBER,
    SAMPLE,
    SEPARATORS,
    decimal_of,
    lines_of,
    separator_of,
    usual_separator,
)
from zoo.errors import Mistake, unknown

TEXT = (".csv", ".tsv", ".txt", ".tab", ".data")
SUFFIXES = (*TEXT, ".jsonl", ".ndjson", ".parquet", ".pq", ".xlsx")
WIDEST = 2**14  # columns
LONGEST = 2**23  # letters of a line
SHOWN = 20  # names in an error
SIGN = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\n", re.IGNORECASE)  # as Excel writes it


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


def is_one(path: str | os.PathLike) -> bool:
    """Whether this is the name of a file that holds a table."""
    return Path(path).suffix.lower() in SUFFIXES


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
    """The table in a file.

    Args:
        path: of a CSV, TSV, JSON lines, Parquet or xlsx file.
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
    path, usual = Path(path).expanduser(), usual or {}
    suffix = path.suffix.lower()
    if not path.is_file():
        raise Mistake(f"there is no file {path}")
    if not path.stat().st_size:
        raise Mistake(f"{path} is empty; give a table with a row for each example")
    given = {"separator": separator, "decimal": decimal, "encoding": encoding}
    if suffix not in TEXT and any(given.values()):
        named = ", ".join(name for name, value in given.items() if value)
        raise Mistake(f"{named} is for CSV files; {path.name} is none")
    if sheet and suffix != ".xlsx":
        raise Mistake(f"sheet={sheet} is for xlsx files; {path.name} is none")
    if suffix in (".parquet", ".pq"):
        found = _parquet(path)
    elif suffix in (".jsonl", ".ndjson"):
        found = _json_lines(path)
    elif suffix == ".xlsx":
        found = _workbook(path, sheet, header, known, usual)
    else:
        found = _text(path, separator, decimal, encoding, header, known, usual)
    if not len(found):
        raise Mistake(f"{path} has no rows; give a table with a row for each example")
    return found


def _parquet(path: Path) -> Sheet:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise _unreadable(path, error) from error
    about = table.schema.metadata or {}
    target = about.get(b"zoo target")
    names = list(map(str, table.column_names))
    name = name_of(path)
    _check_names(name, names)
    columns = dict(zip(names, table.columns, strict=True))
    return Sheet(name, columns, target=target.decode() if target else None)


def _json_lines(path: Path) -> Sheet:
    import pyarrow
    from pyarrow import json

    try:
        table = json.read_json(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise _unreadable(path, error) from error
    _check_names(path.name, table.column_names)
    return Sheet(path.name, dict(zip(table.column_names, table.columns, strict=True)))


def _workbook(path: Path, sheet: str | None, header, known, usual) -> Sheet:
    try:
        import openpyxl
    except ImportError as error:
        raise Mistake(f"{path.name} needs openpyxl: pip install openpyxl") from error
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # zipfile's, XML's and openpyxl's own, without a common
        raise _unreadable(path, error) from error
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
        header = _is_header(words, known, usual)
    count = max(map(len, lines))
    names = _names(lines[0] if header else [None] * count)
    _check_names(path.name, names)
    rows = lines[header:]
    columns = {
        name: array([row[i] if i < len(row) else None for row in rows])
        for i, name in enumerate(names)
    }
    others = len(book.sheetnames) - 1
    more = f", sheet '{sheet or book.sheetnames[0]}' of {others + 1}" if others else ""
    header_words = "a header" if header else "no header"
    words = f"It has {header_words}{_beneath(title)}{more}."
    form = {"header": header, **({"sheet": sheet} if sheet else {})}
    return Sheet(path.name, columns, found=words, form=form)


def _text(path: Path, separator, decimal, encoding, header, known, usual) -> Sheet:
    found_encoding = encoding or encoding_of(path, known, usual.get("encoding"))
    try:
        codecs.lookup(found_encoding)
    except LookupError as error:
        raise Mistake(
            f"there is no encoding '{encoding}'; give one of Python's, such as "
            "utf-8, cp1252 or utf-16"
        ) from error
    try:
        with open(path, encoding=found_encoding, newline="") as file:
            sample = file.read(SAMPLE)
            if "\n" not in sample and "\r" not in sample:
                sample += file.readline(LONGEST)
    except (UnicodeError, OSError) as error:
        raise _unreadable(path, error) from error
    if len(sample) >= LONGEST:
        raise _too_long(path)
    if "\0" in sample:
        raise Mistake(f"{path} is no text: it holds NUL bytes; give a CSV file")
    skipped = SIGN.match(sample)
    if skipped:
        sample = sample[skipped.end() :]
        separator = separator or skipped[1]
    separator = separator or usual_separator(sample, known, usual)
    title = 0 if header is False else _title(sample, separator, known)
    if title:
        sample = "".join(lines_of(sample).readlines()[title:])
    ends = SEPARATORS.get(separator, separator) if separator else separator_of(sample)
    if len(ends) != 1:
        raise unknown("separator", separator, {*SEPARATORS, *";,|"})
    lines = _cells(path, sample, ends)
    if decimal is None:
        decimal = decimal_of(lines, ends, usual)
    if decimal not in (".", ","):
        raise unknown("decimal sign", decimal, (".", ","))
    if header is None:
        header = _is_header(lines[0], known, usual)
    names = _names(lines[0] if header else [None] * len(lines[0]))
    _check_names(path.name, names)
    skip = title + bool(skipped)
    columns = _columns(path, found_encoding, ends, names, header, skip)
    called = {end: name for name, end in SEPARATORS.items()}
    signs = {",": "decimal comma", ".": "decimal point"}
    parts = (
        f"the separator {called.get(ends, ends)}",
        f"a {signs[decimal]}",
        f"the encoding {found_encoding.replace('-sig', '')}"
        + _doubt(encoding, found_encoding),
        ("a header" if header else "no header") + _beneath(title),
    )
    form = {
        "separator": ends,
        "decimal": decimal,
        "encoding": found_encoding,
        "header": header,
    }
    return Sheet(path.name, columns, decimal, f"It has {', '.join(parts)}.", form=form)


def _columns(path: Path, encoding: str, ends: str, names: list, header: bool, skip):
    """All columns as text; pyarrow finds no types, which it does from the first MB."""
    import pyarrow
    from pyarrow import csv as reader

    wrong = []

    def refuse(row):
        wrong.append(row)
        return "error"

    utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf-8-sig", "ascii")
    with open(path, "rb") as file:
        quoted = any(b'"' in block for block in iter(lambda: file.read(2**24), b""))
    try:
        table = reader.read_csv(
            path,
            reader.ReadOptions(
                skip_rows=skip,
                use_threads=False,  # so that a wrong row is named by its number
                block_size=2**23 + 2**20,
                column_names=[str(i) for i in range(len(names))],
                encoding="utf8" if utf8 else encoding,
            ),
            reader.ParseOptions(
                delimiter=ends, newlines_in_values=quoted, invalid_row_handler=refuse
            ),
            reader.ConvertOptions(
                column_types={str(i): pyarrow.string() for i in range(len(names))},
                strings_can_be_null=False,
            ),
        )
    except (pyarrow.ArrowInvalid, OSError, UnicodeError) as error:
        if wrong:
            row = wrong[0]
            line = f"line {row.number}" if row.number is not None else "a line"
            cells = (
                "1 cell" if row.actual_columns == 1 else f"{row.actual_columns} cells"
            )
            torn = "close the quotation mark" if "\n" in row.text else "correct it"
            raise Mistake(
                f"{path.name}, {line} has {cells} where "
                f"{row.expected_columns} belong: '{row.text[:60]}'; {torn}, or "
                "give data.separator"
            ) from error
        if "straddling" in str(error):  # two of pyarrow's blocks
            raise _too_long(path) from error
        raise _unreadable(path, error) from error
    last = table.columns[-1][len(table) - 1].as_py() if len(table) else ""
    if "\n" in last and not _ends_quoted(path, encoding):
        start = last.split("\n")[0][:20]
        raise Mistake(
            f"{path.name}: the quotation mark before '{start}' is not closed, so that "
            f"the last {last.count(chr(10)):,} lines are one cell"
        )
    table = table.slice(1) if header else table
    return dict(zip(names, margins.without_empty(table.columns), strict=True))


def _ends_quoted(path: Path, encoding: str) -> bool:
    """Whether the last cell of a text ends with a quotation mark."""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 64))
        return file.read().decode(encoding, "replace").rstrip().endswith('"')


def _title(sample: str, separator: str | None, known: tuple[str, ...]) -> int:
    """How many lines stand above the header."""
    lines = lines_of(sample).readlines()[: margins.TITLE + 1]
    found = []
    for ends in [separator] if separator else FOUND:
        ends = SEPARATORS.get(ends, ends)
        try:
            rows = [next(csv.reader([line], delimiter=ends), []) for line in lines]
        except (csv.Error, TypeError):  # a cell of more than 128 kB, or no separator
            continue
        found.append(margins.above(rows, known))
    return min((each for each in found if each is not None), default=0)


def _beneath(title: int) -> str:
    if not title:
        return ""
    return f" beneath {title} {'line' if title == 1 else 'lines'} left out"


def _doubt(given: str | None, found: str) -> str:
    if given or not is_guessed(found):
        return ""
    return " (a guess, as it is not UTF-8; data.encoding sets another)"


def _cells(path: Path, sample: str, ends: str) -> list[list[str]]:
    try:
        rows = csv.reader(lines_of(sample), delimiter=ends)
        some = (row for row, _ in zip(rows, range(LINES), strict=False))
        lines = [row for row in some if any(map(str.strip, row))]
    except csv.Error as error:
        raise _unreadable(path, error) from error
    if not lines:
        raise Mistake(f"{path} is empty; give a table with a row for each example")
    if len(lines) == 1 and (torn := [cell for cell in lines[0] if "\n" in cell]):
        start = torn[0].strip()[:20].split("\n")[0]
        raise Mistake(
            f"{path.name}, line 1: the quotation mark before '{start}' is not closed"
        )
    return lines


def _is_header(cells: list[str], known: tuple[str, ...], usual: Mapping) -> bool:
    """Whether these name columns: some of them do so, or none is a number."""
    cells = [cell.strip() for cell in cells]
    if set(cells) & set(known):
        return True
    if not usual.get("header", True):
        return False
    numbers = [NUMBER.fullmatch(cell) or DECIMAL.fullmatch(cell) for cell in cells]
    return not any(numbers) and len(set(cells)) == len(cells) and any(cells)


def _names(cells) -> list[str]:
    """The names that a first line gives; columns without one are counted."""
    found = [
        "" if cell is None else str(cell).strip().lstrip("\ufeff") for cell in cells
    ]
    return [name or f"column {number}" for number, name in enumerate(found, 1)]


def _check_names(name: str, names: list[str]) -> None:
    if len(names) > WIDEST:
        raise Mistake(
            f"{name} has {len(names):,} columns; accepted: at most {WIDEST:,}; give "
            "the columns that matter, or the rows and columns the other way round"
        )
    if len(set(names)) < len(names):
        twice = next(each for each in names if names.count(each) > 1)
        raise Mistake(
            f"{name}: {names.count(twice)} columns are called '{twice[:40]}'; keep "
            "one, or name them apart"
        )


def _too_long(path: Path) -> Mistake:
    return Mistake(f"{path} has a line of more than {LONGEST:,} letters; is it CSV?")


def _unreadable(path: Path, error: Exception) -> Mistake:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    then = "; give data.encoding" if isinstance(error, UnicodeError) else ""
    return Mistake(f"{path} cannot be read: {lines[0][:200]}{then}")
