"""The text of a table: cells with a separator between them, CSV and its kin.

Reading is pyarrow's. What is found is said, and can be given instead: separator,
decimal sign, encoding, header.
"""

import codecs
import csv
import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.core import signatures
from zoo.data.kinds import headers, margins
from zoo.data.kinds.encodings import encoding_of, is_guessed
from zoo.data.kinds.separators import (
    LINES,
    RULE,
    SAMPLE,
    SEPARATORS,
    aligned,
    decimal_of,
    lines_of,
    separator_of,
    usual_separator,
)
from zoo.errors import Mistake, unknown

LONGEST = 2**23  # letters of a line
SIGN = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\n", re.IGNORECASE)  # as Excel writes it


class Text:
    """What is read as a file is, and lies in none: no disk sees what a server is sent.

    name: in errors.
    """

    def __init__(self, name: str, text: str):
        self.name = name
        self._content = text.encode("utf-8", "backslashreplace")

    def __str__(self) -> str:
        return self.name

    def open(self, mode: str = "r", encoding: str | None = None, newline=None):
        content = io.BytesIO(self._content)
        if "b" in mode:
            return content
        return io.TextIOWrapper(content, encoding, newline=newline)


def read(
    path: Path | Text,
    separator: str | None,
    decimal: str | None,
    encoding: str | None,
    header: bool | None,
    known: tuple[str, ...],
    usual: Mapping,
) -> tuple[dict[str, Any], str, str, dict[str, str | bool]]:
    """The columns of a text, its decimal sign, what was found in words, and its form.

    See `zoo.data.kinds.sheet.read`, also for the arguments.
    """
    if isinstance(path, Text):
        encoding = "utf-8"
    found_encoding = encoding or encoding_of(path, known, usual.get("encoding"))
    try:
        codecs.lookup(found_encoding)
    except LookupError as error:
        raise Mistake(
            f"there is no encoding '{encoding}'; give one of Python's, such as "
            "utf-8, cp1252 or utf-16"
        ) from error
    try:
        with path.open(encoding=found_encoding, newline="") as file:
            sample = file.read(SAMPLE)
            if "\n" not in sample and "\r" not in sample:
                sample += file.readline(LONGEST)
    except (UnicodeError, OSError) as error:
        raise unreadable(path, error) from error
    if len(sample) >= LONGEST:
        raise _too_long(path)
    if "\0" in sample:
        raise Mistake(f"{path} is no text: it holds NUL bytes; give a CSV file")
    if separator is None and (gaps := aligned(sample)):
        form = {"encoding": found_encoding}
        tabbed = _parted(path, found_encoding, gaps)
        parts = read(tabbed, "tab", decimal, "utf-8", header, known, usual)
        columns, decimal, words, found = parts
        form |= {name: found[name] for name in ("decimal", "header")}
        words = words.replace("the separator tab", "cells aligned by spaces")
        was = found_encoding + _doubt(encoding, found_encoding)
        return columns, decimal, words.replace("utf-8", was), form
    skipped = SIGN.match(sample)
    if skipped:
        sample = sample[skipped.end() :]
        separator = separator or skipped[1]
    separator = separator or usual_separator(sample, known, usual)
    title = 0
    if header is not False:
        title = headers.title_of(sample, separator, known) or 0
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
        header = headers.are_names(lines[0], known, usual)
    names = headers.names_of(lines[0] if header else [None] * len(lines[0]))
    headers.check_names(path.name, names)
    skip = title + bool(skipped)
    columns = _columns(path, found_encoding, ends, names, header, skip)
    called = {end: name for name, end in SEPARATORS.items()}
    signs = {",": "decimal comma", ".": "decimal point"}
    parts = (
        f"the separator {called.get(ends, ends)}",
        f"a {signs[decimal]}",
        f"the encoding {found_encoding.replace('-sig', '')}"
        + _doubt(encoding, found_encoding),
        ("a header" if header else "no header") + headers.beneath(title),
    )
    form = {
        "separator": ends,
        "decimal": decimal,
        "encoding": found_encoding,
        "header": header,
    }
    return columns, decimal, f"It has {', '.join(parts)}.", form


def _parted(path: Path | Text, encoding: str, gaps: re.Pattern) -> Text:
    """Aligned lines with tabs in place of their gaps."""
    with path.open(encoding=encoding) as file:
        rows = (gaps.split(line.strip()) for line in file if not RULE.fullmatch(line))
        return Text(path.name, "".join("\t".join(row) + "\n" for row in rows))


def _columns(
    path: Path | Text, encoding: str, ends: str, names: list, header: bool, skip
):
    """All columns as text; pyarrow finds no types, which it does from the first MB."""
    import pyarrow
    from pyarrow import csv as reader

    wrong = []

    def refuse(row):
        wrong.append(row)
        return "error"

    utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf-8-sig", "ascii")
    with path.open("rb") as file:
        quoted = any(b'"' in block for block in iter(lambda: file.read(2**24), b""))
    options = (
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
    try:
        with path.open("rb") as file:  # pyarrow itself opens names in UTF-8 alone
            table = reader.read_csv(file, *options)
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
        raise unreadable(path, error) from error
    last = table.columns[-1][len(table) - 1].as_py() if len(table) else ""
    if "\n" in last and not _ends_quoted(path, encoding):
        start = last.split("\n")[0][:20]
        raise Mistake(
            f"{path.name}: the quotation mark before '{start}' is not closed, so that "
            f"the last {last.count(chr(10)):,} lines are one cell"
        )
    table = table.slice(1) if header else table
    return dict(zip(names, margins.without_empty(table.columns), strict=True))


def _ends_quoted(path: Path | Text, encoding: str) -> bool:
    """Whether the last cell of a text ends with a quotation mark."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 64))
        return file.read().decode(encoding, "replace").rstrip().endswith('"')


def _doubt(given: str | None, found: str) -> str:
    if given or not is_guessed(found):
        return ""
    return " (a guess, as it is not UTF-8; data.encoding sets another)"


def _cells(path: Path | Text, sample: str, ends: str) -> list[list[str]]:
    try:
        rows = csv.reader(lines_of(sample), delimiter=ends)
        some = (row for row, _ in zip(rows, range(LINES), strict=False))
        lines = [row for row in some if any(map(str.strip, row))]
    except csv.Error as error:
        raise unreadable(path, error) from error
    if not lines:
        raise Mistake(f"{path} is empty; give a table with a row for each example")
    if len(lines) == 1 and (torn := [cell for cell in lines[0] if "\n" in cell]):
        start = torn[0].strip()[:20].split("\n")[0]
        raise Mistake(
            f"{path.name}, line 1: the quotation mark before '{start}' is not closed"
        )
    return lines


def _too_long(path: Path | Text) -> Mistake:
    return Mistake(f"{path} has a line of more than {LONGEST:,} letters; is it CSV?")


def unreadable(path: Path | Text, error: Exception) -> Mistake:
    """The error for a file that a library cannot read."""
    if (
        isinstance(path, Path)
        and path.is_file()
        and (why := signatures.instead_of(path))
    ):
        return Mistake(f"{path} cannot be read: {why}")
    lines = str(error).strip().splitlines() or [type(error).__name__]
    then = "; give data.encoding" if isinstance(error, UnicodeError) else ""
    return Mistake(f"{path} cannot be read: {lines[0][:200]}{then}")
