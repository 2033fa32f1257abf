"""What ends a cell of a table in text, and what stands before decimals: found."""

import csv
import io
import re
from collections.abc import Mapping

from zoo.data.kinds import margins

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "|": "|", "space": " "}
FOUND = (";", "\t", ",", "|")  # without being given
SAMPLE = 2**16  # letters that separator, decimal sign and header are found from
LINES = 50  # of them
BEFORE = r"[\s$€£¥₹]*[+-]?"  # a number that is money
AFTER = r"[\s$€£¥₹₽元円%]*([^\W\d_]{1,5}[²³]?)?\s*"  # or a share, or has a unit
DECIMAL = re.compile(rf"{BEFORE}(\d{{1,3}}([.\s']\d{{3}})+|\d*),\d+{AFTER}")
EITHER = re.compile(rf"{BEFORE}[1-9]\d{{0,2}}[.,]\d{{3}}{AFTER}")
MILLIONS = re.compile(rf"{BEFORE}\d{{1,3}}(\.\d{{3}}){{2,}}(,\d+)?{AFTER}")
GAP = re.compile(r"\s{2,}")  # between cells that are aligned, which may hold words
GAPS = (GAP, re.compile(r"\s+"))
RULE = re.compile(r"[-=+\s]*")  # beneath a header
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)


def separator_of(sample: str) -> str:
    """What parts the first lines into equally many cells, and most of them."""
    best, most = ",", 1
    for ends in FOUND:
        rows = csv.reader(lines_of(sample), delimiter=ends)
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


def aligned(sample: str) -> re.Pattern | None:
    """The gaps that part aligned lines into equally many cells; None if none do so.

    Commas are decimal ones then.
    """
    lines = [line.strip() for line in lines_of(sample) if not RULE.fullmatch(line)]
    lines = lines[:LINES]
    if not any(map(GAP.search, lines)) or separator_of(sample) != ",":
        return None
    for gaps in GAPS:
        rows = [gaps.split(line) for line in lines]
        if len({*map(len, rows)}) != 1 or len(rows[0]) == 1 or len(rows) == 1:
            continue
        cells = (cell for row in rows for cell in row)
        if all("," not in cell or DECIMAL.fullmatch(cell) for cell in cells):
            return gaps
    return None


def usual_separator(sample: str, known, usual: Mapping) -> str | None:
    """The usual separator, if it parts a line into known names."""
    ends = usual.get("separator")
    lines = lines_of(sample).readlines()[: margins.TITLE + 1]
    if ends and any({*map(str.strip, line.split(ends))} & {*known} for line in lines):
        return ends if len(known) > 1 else None
    return None


def decimal_of(lines: list[list[str]], ends: str, usual: Mapping) -> str:
    """The sign before decimals, by cells that can be read in one way alone.

    1,234 may be a thousand, and 1.234 too, but not 0,234. Where all numbers are of this
    kind, the sign is the usual one; in a table with another separator than usual, which
    another program wrote, it is a comma if cells do not end with one.
    """
    cells = [cell for line in lines for cell in line]
    commas = [cell for cell in cells if DECIMAL.fullmatch(cell)]
    points = [cell for cell in cells if "." in cell and NUMBER.fullmatch(cell)]
    sure = sum(not EITHER.fullmatch(cell) for cell in commas)
    sure += sum(bool(MILLIONS.fullmatch(cell)) for cell in cells)
    against = sum(not EITHER.fullmatch(cell) for cell in points)
    if sure != against:
        return "," if sure > against else "."
    found = "," if ends != "," and len(commas) > len(points) else "."
    same = usual.get("separator", ends) == ends
    return usual.get("decimal", found) if same else found


def lines_of(sample: str) -> io.StringIO:
    """The sample's lines, however they end, without one that it cuts off."""
    end = "\n" if "\n" in sample else "\r"
    cut = len(sample) >= SAMPLE and sample.rfind(end) + 1
    return io.StringIO(sample[:cut] if cut else sample, newline=None)
