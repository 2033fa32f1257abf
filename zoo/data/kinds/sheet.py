"""A file that holds a table, as columns: CSV, TSV, JSON lines, Parquet, xlsx.

Reading is pyarrow's, and openpyxl's. What is found about a file of text is said, and
can be given instead: separator, decimal sign, encoding, header.
"""

import codecs
import csv
import io
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo.core.kept import array
from zoo.errors import Mistake, unknown

TEXT = (".csv", ".tsv", ".txt", ".tab", ".data")
SUFFIXES = (*TEXT, ".jsonl", ".ndjson", ".parquet", ".pq", ".xlsx")
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "|": "|", "space": " "}
WIDEST = 2**14  # columns
LONGEST = 2**23  # letters of a line
SAMPLE = 2**16  # letters that separator, decimal sign and header are found from
LINES = 50  # of them
SHOWN = 20  # names in an error
BESIDE = r"[\s$€£¥₹%]*"  # a number that is money, or a share
DECIMAL = re.compile(rf"{BESIDE}[+-]?(\d{{1,3}}([.\s']\d{{3}})+|\d*),\d+{BESIDE}")
SIGN = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\n", re.IGNORECASE)  # as Excel writes it
UNMARKED = {  # how a text begins that tells no encoding, and one that is not UTF-16
    "utf-32": re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff"),
    "utf-16-le": re.compile(rb"([^\0]\0){2}"),
    "utf-16-be": re.compile(rb"(\0[^\0]){2}"),
}
# Two letters side by side in Shift-JIS, of bytes that few letters of cp1252 have.
JAPANESE = re.compile(rb"([\x81-\x9f][\x40-\x7e\x80-\xfc]){2}")
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)


@dataclass
class Sheet:
    """The columns of a table as pyarrow's arrays, by name, in their order.

    name: of the file, for errors.
    decimal: the sign before the decimals of numbers that are text.
    found: what was found about the file, in words; "" where nothing was to be found.
    target: the column that whoever made the file meant to be answered; or None.
    """

    name: str
    columns: dict[str, Any] = field(default_factory=dict)
    decimal: str = "."
    found: str = ""
    target: str | None = None

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

    Raises:
        Mistake: no such file, an empty one, or one that holds no table.
    """
    path = Path(path).expanduser()
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
        found = _workbook(path, sheet, header, known)
    else:
        found = _text(path, separator, decimal, encoding, header, known)
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
    _check_names(path.name, names)
    columns = dict(zip(names, table.columns, strict=True))
    return Sheet(path.name, columns, target=target.decode() if target else None)


def _json_lines(path: Path) -> Sheet:
    import pyarrow
    from pyarrow import json

    try:
        table = json.read_json(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise _unreadable(path, error) from error
    _check_names(path.name, table.column_names)
    return Sheet(path.name, dict(zip(table.column_names, table.columns, strict=True)))


def _workbook(path: Path, sheet: str | None, header, known) -> Sheet:
    try:
        import openpyxl
    except ImportError as error:
        raise Mistake(f"{path.name} needs openpyxl: pip install openpyxl") from error
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # zipfile's, XML's and openpyxl's own, without a common
        raise _unreadable(path, error) from error
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
    if header is None:
        words = ["" if cell is None else str(cell) for cell in lines[0]]
        header = _is_header(words, known)
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
    words = f"It has {'a' if header else 'no'} header{more}."
    return Sheet(path.name, columns, found=words)


def _text(path: Path, separator, decimal, encoding, header, known) -> Sheet:
    found_encoding = encoding or encoding_of(path)
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
    ends = SEPARATORS.get(separator, separator) if separator else _separator(sample)
    if len(ends) != 1:
        raise unknown("separator", separator, {*SEPARATORS, *";,|"})
    lines = _cells(path, sample, ends)
    if decimal is None:
        decimal = _decimal(lines) if ends != "," else "."
    if decimal not in (".", ","):
        raise unknown("decimal sign", decimal, (".", ","))
    if header is None:
        header = _is_header(lines[0], known)
    names = _names(lines[0] if header else [None] * len(lines[0]))
    _check_names(path.name, names)
    columns = _columns(path, found_encoding, ends, names, header, bool(skipped))
    called = {end: name for name, end in SEPARATORS.items()}
    signs = {",": "decimal comma", ".": "decimal point"}
    parts = (
        f"the separator {called.get(ends, ends)}",
        f"a {signs[decimal]}",
        f"the encoding {found_encoding.replace('-sig', '')}",
        "a header" if header else "no header",
    )
    return Sheet(path.name, columns, decimal, f"It has {', '.join(parts)}.")


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
                skip_rows=int(skip),
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
    return dict(zip(names, table.columns, strict=True))


def _ends_quoted(path: Path, encoding: str) -> bool:
    """Whether the last cell of a text ends with a quotation mark."""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 64))
        return file.read().decode(encoding, "replace").rstrip().endswith('"')


def encoding_of(path: Path) -> str:
    """UTF-8 if all of it is, UTF-16 or 32 if its first bytes say so, else cp1252.

    Or cp932, Shift-JIS, if it has Japanese words then.
    """
    with open(path, "rb") as file:
        start = file.read(4)
        for name, mark in UNMARKED.items():
            if mark.fullmatch(start):
                return name
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := file.read(2**20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            file.seek(0)
            return "cp932" if _is_japanese(file.read(SAMPLE)) else "cp1252"
    return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"


def _is_japanese(content: bytes) -> bool:
    """Whether this can be read as Shift-JIS, and has Japanese words then."""
    try:
        codecs.getincrementaldecoder("cp932")().decode(content)
    except UnicodeDecodeError:
        return False
    return 1000 * len(JAPANESE.findall(content)) > sum(byte > 127 for byte in content)


def _separator(sample: str) -> str:
    """What parts the first lines into equally many cells, and most of them."""
    best, most = ",", 1
    for ends in (";", "\t", ",", "|"):
        rows = csv.reader(_lines(sample), delimiter=ends)
        try:
            some = [len(row) for row, _ in zip(rows, range(LINES), strict=False) if row]
        except csv.Error:  # a cell of more than 128 kB
            continue
        if len(set(some)) == 1 and some[0] > most:
            best, most = ends, some[0]
    if most == 1:
        first = sample.splitlines()[0] if sample.splitlines() else ""
        best = max((",", ";", "\t", "|"), key=first.count)
    return best


def _lines(sample: str) -> io.StringIO:
    """The sample's lines, however they end, without one that it cuts off."""
    end = "\n" if "\n" in sample else "\r"
    cut = len(sample) >= SAMPLE and sample.rfind(end) + 1
    return io.StringIO(sample[:cut] if cut else sample, newline=None)


def _cells(path: Path, sample: str, ends: str) -> list[list[str]]:
    try:
        rows = csv.reader(_lines(sample), delimiter=ends)
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


def _decimal(lines: list[list[str]]) -> str:
    cells = [cell for line in lines for cell in line]
    commas = sum(bool(DECIMAL.fullmatch(cell)) for cell in cells)
    points = sum("." in cell and bool(NUMBER.fullmatch(cell)) for cell in cells)
    return "," if commas > points else "."


def _is_header(cells: list[str], known: tuple[str, ...]) -> bool:
    """Whether these name columns: some of them do so, or none is a number."""
    cells = [cell.strip() for cell in cells]
    if set(cells) & set(known):
        return True
    if known and len(cells) == len(known):
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
    return Mistake(f"{path} cannot be read: {lines[0][:200]}")
