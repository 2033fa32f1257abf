"""How the columns of a table are called: its header, and what stands above it."""

import csv
from collections.abc import Mapping

from zoo.data.kinds import margins
from zoo.data.kinds.separators import DECIMAL, FOUND, NUMBER, SEPARATORS, lines_of
from zoo.errors import Mistake

WIDEST = 2**14  # columns


def are_names(cells: list[str], known: tuple[str, ...], usual: Mapping) -> bool:
    """Whether these name columns: some of them do so, or none is a number."""
    cells = [cell.strip() for cell in cells]
    if set(cells) & set(known):
        return True
    if not usual.get("header", True):
        return False
    numbers = [NUMBER.fullmatch(cell) or DECIMAL.fullmatch(cell) for cell in cells]
    return not any(numbers) and len(set(cells)) == len(cells) and any(cells)


def names_of(cells) -> list[str]:
    """The names that a first line gives; columns without one are counted."""
    found = [
        "" if cell is None else str(cell).strip().lstrip("\ufeff") for cell in cells
    ]
    return [name or f"column {number}" for number, name in enumerate(found, 1)]


def check_names(name: str, names: list[str]) -> None:
    """Refuse a table of this name for its columns: too many, or two of one name."""
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


def title_of(sample: str, separator: str | None, known: tuple[str, ...]) -> int | None:
    """How many lines stand above the header; None if none holds a known name."""
    lines = lines_of(sample).readlines()[: margins.TITLE + 1]
    found = []
    for ends in [separator] if separator else FOUND:
        ends = SEPARATORS.get(ends, ends)
        try:
            rows = [next(csv.reader([line], delimiter=ends), []) for line in lines]
        except (csv.Error, TypeError):  # a cell of more than 128 kB, or no separator
            continue
        found.append(margins.above(rows, known))
    return min((each for each in found if each is not None), default=None)


def beneath(title: int) -> str:
    """What is left out above a header, in words."""
    if not title:
        return ""
    return f" beneath {title} {'line' if title == 1 else 'lines'} left out"
