"""What a page consists of: sections of blocks, which templates write as HTML or text.

Every text here may come from a stranger; the templates escape it. A drawing holds no
such text: names stand beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class Words:
    """Sentences, each a paragraph; `kind` "advice" and "warning" stand out."""

    lines: Sequence[str]
    kind: str = ""
    form: ClassVar[str] = "words"


@dataclass(frozen=True)
class Share:
    """A cell with a bar behind it: a share of 1, and how it is written."""

    value: float
    text: str


Cell = str | Share


@dataclass(frozen=True)
class Table:
    """Rows under heads; columns of numbers stand to the right, see `words`.

    words: how many columns from the left are words.
    folded: shown when it is opened, under this title.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    words: int = 1
    note: str = ""
    folded: str = ""
    form: ClassVar[str] = "table"


@dataclass(frozen=True)
class Tile:
    """A number to be read from afar: its name, value, and what it is worth."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Tiles:
    tiles: Sequence[Tile]
    form: ClassVar[str] = "tiles"


@dataclass(frozen=True)
class Chart:
    """A drawing as an SVG element, its caption, and the colors' meaning."""

    svg: str
    caption: str
    legend: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Charts:
    """Drawings beside each other, where there is room."""

    charts: Sequence[Chart]
    form: ClassVar[str] = "charts"


@dataclass(frozen=True)
class Matrix:
    """How often each class of `rows` was taken for each of `columns`; counts."""

    names: Sequence[str]
    counts: Sequence[Sequence[int]]
    note: str = ""
    form: ClassVar[str] = "matrix"

    @property
    def shares(self) -> list[list[float]]:
        """Each count as a share of its row, 0 in a row without examples."""
        return [[n / max(sum(row), 1) for n in row] for row in self.counts]


@dataclass(frozen=True)
class Card:
    """An example: a picture (a data URI) or words, and lines about it."""

    lines: Sequence[tuple[str, str]]
    picture: str = ""
    words: str = ""


@dataclass(frozen=True)
class Cards:
    cards: Sequence[Card]
    form: ClassVar[str] = "cards"


@dataclass(frozen=True)
class Box:
    """A layer in the diagram of a network."""

    name: str
    kind: str
    about: str
    shape: str
    parameters: int
    comes_from: str = ""


@dataclass(frozen=True)
class Flow:
    """Layers from the input to the output."""

    boxes: Sequence[Box]
    form: ClassVar[str] = "flow"


@dataclass(frozen=True)
class Code:
    """Commands, a line each."""

    lines: Sequence[str]
    form: ClassVar[str] = "code"


Block = Words | Table | Tiles | Charts | Matrix | Cards | Flow | Code


@dataclass(frozen=True)
class Section:
    """A part of a page, with its place in the contents."""

    title: str
    blocks: Sequence[Block] = field(default_factory=tuple)

    @property
    def anchor(self) -> str:
        return self.title.lower().replace(" ", "-")
