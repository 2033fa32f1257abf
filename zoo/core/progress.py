"""Progress on the standard error: a bar in a terminal, plain lines in a pipe."""

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from zoo.errors import Mistake, plain

Item = TypeVar("Item")
MINUTE = 60.0  # seconds after which a pipe gets a line, whatever is being done


class Progress:
    """How far work has come: a bar in a terminal; in a pipe a line a minute.

    The line comes from a thread of its own, so that it also comes while the work is
    compiling or evaluating; a line that was printed with `say` counts for its minute.

    Args:
        what: is being done, such as "reading mnist".
        total: how many pieces there are.
        quiet: show nothing.
    """

    def __init__(self, what: str, total: int, quiet: bool = False):
        self.what, self.done, self.total, self.note = what, 0, total, ""
        self.quiet, self.is_terminal = quiet, sys.stderr.isatty()
        self._printed = time.monotonic()
        self._over = threading.Event()

    def __enter__(self):
        if self.quiet:
            return self
        if self.is_terminal:
            self._bar = _bar()
            self._task = self._bar.add_task(self.what, total=self.total, note="")
            self._bar.start()
        else:
            threading.Thread(target=self._every_minute, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._over.set()
        if self.is_terminal and not self.quiet:
            self._bar.stop()

    def update(self, done: int, note: str = "", what: str = "") -> None:
        """`done` pieces are done; `note` follows the count, such as "loss 0.1234"."""
        self.done, self.note, self.what = done, note, what or self.what
        if self.is_terminal and not self.quiet:
            self._bar.update(
                self._task,
                completed=done,
                total=self.total,
                description=self.what,
                note=note,
            )

    def say(self, text: str) -> None:
        """Print a line, above the bar if there is one."""
        self._printed = time.monotonic()
        if self.quiet:
            return
        if self.is_terminal:
            self._bar.console.print(plain(text), soft_wrap=True, markup=False)
        else:
            say(text)

    def _every_minute(self):
        while not self._over.wait(max(0.0, self._printed + MINUTE - time.monotonic())):
            if time.monotonic() >= self._printed + MINUTE:
                note = f", {self.note}" if self.note else ""
                self.say(f"{self.what}: {self.done:,} of {self.total:,}{note}")


def track(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Pass the items on and show on the standard error how many have passed.

    Args:
        items: what is worked through.
        total: how many there are.
        what: what is being done, such as "reading mnist".
    """
    start = time.monotonic()
    with Progress(what, total) as progress:
        for done, item in enumerate(items, 1):
            yield item
            progress.update(done)
    seconds = time.monotonic() - start
    if seconds > 1:
        say(f"{what}: {total:,} in {seconds:.1f} s")


def say(text: str) -> None:
    """Print one line on the standard error, control characters written out."""
    print(plain(text), file=sys.stderr, flush=True)


def show(text: object = "", end: str = "\n") -> None:
    """Print text on the standard output, control characters but "\\n" written out.

    Raises:
        Mistake: it cannot be written, as where the disk is full.
        BrokenPipeError: nobody reads it any more.
    """
    try:
        print("\n".join(map(plain, str(text).split("\n"))), end=end, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Mistake(f"the output cannot be written: {error.strerror}") from error


def _bar():
    """A bar of rich, which is imported in terminals alone."""
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[note]}", markup=False),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
    )
