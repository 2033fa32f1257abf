"""Tables: drawn by rich in a terminal, plain aligned text in a pipe."""

import sys
from collections.abc import Sequence

from zoo.core.progress import show
from zoo.errors import plain


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print `rows` under the heads `columns`."""
    columns, *rows = [[plain(cell) for cell in row] for row in [columns, *rows]]
    if sys.stdout.isatty():
        _draw(columns, rows)
        return
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for row in [columns, *rows]:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        show("  ".join(cells).rstrip())


def _draw(columns, rows):
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        drawn.add_column(column)
    for row in rows:
        drawn.add_row(*map(Text, row))
    Console().print(drawn)
