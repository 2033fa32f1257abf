"""README's tables, each between two marks and written by a tool."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

FILE = Path(__file__).parents[1] / "README.md"


def between(text: str, marks: tuple[str, str], body: Sequence[str]) -> str:
    """`text` with the lines of `body` between the marks."""
    start, end = marks
    before, rest = text.split(start)
    return before + "\n".join([start, "", *body, "", end]) + rest.split(end)[1]


def update(written: Callable[[str], str], check: bool, command: str) -> None:
    """Write what `written` makes of README; with `check`, exit with 1 if it differs."""
    text = FILE.read_text()
    changed = written(text)
    if changed == text:
        return
    if check:
        sys.exit(f"README's tables differ; run `{command}`")
    FILE.write_text(changed)
