"""Progress: a bar in a terminal or a notebook, plain lines on the standard error."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from zoo.errors import Mistake, plain

Item = TypeVar("Item")
MINUTE = 60.0  # seconds after which a pipe gets a line, whatever is being done


class _Shown:
    """What is seen of this process: when the last line was printed, and the bars."""

    last, bars = time.monotonic(), 0


class Progress:
    """How far work has come: a bar in a terminal or a notebook; else a line a minute.

    Args:
        what: is being done, such as "reading mnist".
        total: how many pieces there are.
        quiet: show nothing.
    """

    def __init__(self, what: str, total: int, quiet: bool = False):
        self.what, self.done, self.total, self.note = what, 0, total, ""
        self._place = None if quiet else _place(self)

    def __enter__(self):
        if self._place:
            _Shown.bars += 1
            self._place.start()
        return self

    def __exit__(self, *_):
        if self._place:
            self._place.stop()
            _Shown.bars, _Shown.last = _Shown.bars - 1, time.monotonic()

    def update(self, done: int, note: str = "", what: str = "") -> None:
        """`done` pieces are done; `note` follows the count, such as "loss 0.1234"."""
        self.done, self.note, self.what = done, note, what or self.what
        if self._place:
            self._place.update()

    def say(self, text: str) -> None:
        """Print a line, above the bar if there is one."""
        if self._place:
            self._place.say(text)

    @property
    def line(self) -> str:
        """Where it stands, in words."""
        note = f", {self.note}" if self.note else ""
        return f"{self.what}: {self.done:,} of {self.total:,}{note}"


def _place(progress: Progress):
    """Where progress is shown: it has `start`, `update`, `say` and `stop`."""
    if sys.stderr.isatty():
        return _Terminal(progress)
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if hasattr(shell, "kernel"):  # a notebook's
        from zoo.core.notebook import Cell

        return Cell(progress)
    return _Pipe(progress)


class _Terminal:
    """A bar of rich, which is imported in terminals alone."""

    def __init__(self, progress: Progress):
        self.progress = progress

    def start(self):
        from rich import progress
        from rich.console import Console

        self._bar = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[note]}", markup=False),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        now = self.progress
        self._task = self._bar.add_task(now.what, total=now.total, note="")
        self._bar.start()

    def update(self):
        now = self.progress
        self._bar.update(
            self._task,
            completed=now.done,
            total=now.total,
            description=now.what,
            note=now.note,
        )

    def say(self, text):
        self._bar.console.print(plain(text), soft_wrap=True, markup=False)

    def stop(self):
        self._bar.stop()


class _Pipe:
    """Lines, and one each minute in which there was none.

    It comes from a thread of its own, so that it also comes while the work is
    compiling or evaluating.
    """

    def __init__(self, progress: Progress):
        self.progress = progress
        self._printed = time.monotonic()
        self._over = threading.Event()

    def start(self):
        threading.Thread(target=self._every_minute, daemon=True).start()

    def update(self):
        pass

    def say(self, text):
        self._printed = time.monotonic()
        say(text)

    def stop(self):
        self._over.set()

    def _every_minute(self):
        while not self._over.wait(max(0.0, self._printed + MINUTE - time.monotonic())):
            if time.monotonic() >= self._printed + MINUTE:
                self.say(self.progress.line)


def track(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Pass the items on and show how many have passed.

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


@contextlib.contextmanager
def alive(what: str) -> Iterator[None]:
    """Inside, a minute without a line ends with one, unless progress is shown.

    Args:
        what: works, such as "zoo predict", which may have a million pictures to read.
    """
    begun, over = time.monotonic(), threading.Event()
    _Shown.last = begun

    def watch():
        while not over.wait(max(_Shown.last + MINUTE - time.monotonic(), MINUTE / 60)):
            now = time.monotonic()
            if not _Shown.bars and now >= _Shown.last + MINUTE:
                say(f"{what}: at work for {(now - begun) / 60:.0f} min")

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def say(text: str) -> None:
    """Print one line on the standard error, control characters written out."""
    _Shown.last = time.monotonic()
    print(plain(text), file=sys.stderr, flush=True)


def show(text: object = "", end: str = "\n") -> None:
    """Print text on the standard output, control characters but "\\n" written out.

    Raises:
        Mistake: it cannot be written, as where the disk is full.
        BrokenPipeError: nobody reads it any more.
    """
    _Shown.last = time.monotonic()
    try:
        print("\n".join(map(plain, str(text).split("\n"))), end=end, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Mistake(f"the output cannot be written: {error.strerror}") from error
