"""A progress bar in a terminal, one plain line in a pipe, nothing for short work."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def track(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Pass the items on and show on the standard error how many have passed.

    Args:
        items: what is worked through.
        total: how many there are.
        what: what is being done, such as "reading mnist".
    """
    start = time.monotonic()
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track as bar

        console = Console(stderr=True)
        yield from bar(items, what, total, console=console, transient=True)
    else:
        yield from items
    seconds = time.monotonic() - start
    if seconds > 1:
        say(f"{what}: {total:,} in {seconds:.1f} s")


def say(text: str) -> None:
    """Print one line on the standard error."""
    print(text, file=sys.stderr, flush=True)
