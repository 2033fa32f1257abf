"""What a column of a table holds, and how its cells become numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from zoo.errors import Mistake, unknown

KINDS = ("number", "category", "boolean", "date", "text")
SMALLEST, LARGEST = 1e-6, 1e18  # deviations that float32 can square
WORDS = ("no", "yes")  # the categories of a boolean column that is not given any


@dataclass(frozen=True)
class Column:
    """A column of a table, as it was found in the training rows.

    Attributes:
        name: its header.
        kind: "number"; "category", one of `categories`; "boolean", a category of two;
            "date", with or without a time of day; "text", sentences.
        categories: the values of a category, as text, sorted; a cell becomes its
            position here. Of a text, the words that are known.
        format: how a date is written, as `datetime.strptime` takes it; "" for ISO 8601.
            Of a number the sign that may stand beside it, such as "€" or "%".
        decimal: what stands before the decimals of a number, "." or ",".
        missing: whether values were missing in the training rows.
        length: how many words of a text are read, from its first one on; else 0.
    """

    name: str
    kind: str = "number"
    categories: tuple[str, ...] = ()
    format: str = ""
    decimal: str = "."
    missing: bool = False
    length: int = 0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise unknown(f"kind of column '{self.name}'", self.kind, KINDS)
        if self.length < 0 or (self.length and self.kind != "text"):
            raise Mistake(
                f"the length of column '{self.name}' is {self.length}; accepted: of a "
                "text, the words that are read, 1 or more"
            )
        object.__setattr__(self, "categories", tuple(self.categories))

    @property
    def width(self) -> int:
        """How many numbers of a row it takes.

        A number takes one; a category its position, -1 if it is unknown; a date the
        days since 1970 and the seconds of the day; a text the position of each word,
        as a category, and NaN behind its last one. Missing values are NaN.
        """
        if self.kind == "text":
            return self.length
        return 2 if self.kind == "date" else 1


def width(columns: tuple[Column, ...]) -> int:
    """The length of a row of these columns."""
    return sum(column.width for column in columns)


def places(columns: tuple[Column, ...]) -> Iterator[tuple[Column, slice]]:
    """Each of these columns, and where its numbers stand in a row."""
    start = 0
    for column in columns:
        yield column, slice(start, start + column.width)
        start += column.width


def to_json(columns: tuple[Column, ...]) -> list[dict]:
    """The columns as JSON values."""
    return [asdict(column) for column in columns]


def of(given) -> tuple[Column, ...]:
    """The columns that are given as such, or as dictionaries of their attributes.

    Raises:
        Mistake: an attribute is unknown, or of the wrong type.
    """
    return tuple(each if isinstance(each, Column) else _column(each) for each in given)


_TYPES: dict[str, Any] = {
    "name": str,
    "kind": str,
    "categories": (list, tuple),
    "format": str,
    "decimal": str,
    "missing": bool,
    "length": int,
}


def _column(values: Mapping) -> Column:
    if not isinstance(values, Mapping) or "name" not in values:
        raise Mistake(
            f"a column is {str(values)[:60]}; accepted: a dictionary with name and kind"
        )
    for name, value in values.items():
        if name not in _TYPES:
            raise unknown("attribute of a column", name, _TYPES)
        if not isinstance(value, _TYPES[name]):
            raise Mistake(
                f"the {name} of a column is {value!r}, of type {type(value).__name__}"
            )
    if not all(isinstance(each, str) for each in values.get("categories", ())):
        raise Mistake(f"the categories of column '{values['name']}' are not all text")
    return Column(**values)
