"""Child processes of Python, and the signals that ask this process to stop."""

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

TWICE = 1.0  # seconds within which two signals are one wish


def environment(**changes: str) -> dict[str, str]:
    """The environment of a child: this one's, its import path, and `changes`.

    A child speaks UTF-8, whatever the locale: its messages are read as that. If Keras
    is imported, the child takes the same backend.
    """
    path = os.pathsep.join(filter(None, sys.path))
    own = {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    if "keras" in sys.modules:
        own["KERAS_BACKEND"] = sys.modules["keras"].config.backend()
    return {**os.environ, **own, **changes}


@contextlib.contextmanager
def changed(variables: dict[str, str]) -> Iterator[None]:
    """Inside, this process's own environment has these variables, too."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def run(*words, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run `python WORDS...` to its end, with `changes` to its environment.

    Returns:
        The process, with `returncode`, `stdout` and `stderr`; no status is an error.
    """
    return subprocess.run(
        [sys.executable, *map(str, words)],
        env=environment(**changes),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )


@contextlib.contextmanager
def start_method_kept() -> Iterator[None]:
    """Around scikit-learn: how processes of this program start stays open.

    joblib asks for the method, which settles it, and the program's own
    `multiprocessing.set_start_method` would then be a RuntimeError.
    """
    import multiprocessing  # 9 ms, which the command line has not

    before = multiprocessing.get_start_method(allow_none=True)
    try:
        yield
    finally:
        if before is None:
            multiprocessing.set_start_method(None, force=True)  # type: ignore[arg-type]


class Stops:
    """The signals that ask this process to stop, Ctrl-C (SIGINT) and SIGTERM.

    Who sends one twice within a second means it once: `timeout` sends it to the process
    and to its group, and fingers are quick.

    Attributes:
        last: the number of the newest one; 0 is none.
        interrupted: whether `interrupt` has raised. A library may catch that.
    """

    def __init__(self):
        self.last, self.interrupted = 0, False
        self.begin()

    def begin(self) -> None:
        """The next signal is new, however soon it comes after one that was obeyed."""
        self._came = -math.inf

    def is_new(self, number: int) -> bool:
        """Note a signal that came now; whether it asks for more than the one before."""
        now, self.last = time.monotonic(), number
        if now - self._came <= TWICE:
            return False
        self._came = now
        return True

    def interrupt(self, number: int, frame) -> None:
        """A handler: it raises KeyboardInterrupt."""
        if self.is_new(number):
            self.interrupted = True
            raise KeyboardInterrupt

    def die(self) -> None:
        """End this process as what was received says, if that was Ctrl-C.

        It dies of the signal, which a shell shows as status 130 and takes as a reason
        to leave the loop that called it; Python sends it when all else is done.
        """
        if self.last == signal.SIGINT:
            sys.excepthook = lambda *error: None
            raise KeyboardInterrupt


stops = Stops()


@contextlib.contextmanager
def asked_to_stop() -> Iterator[list[int]]:
    """A list that the first Ctrl-C or SIGTERM fills; a second one interrupts.

    It is filled from the start if one has come that did not end what was done then.
    Signals reach only the main thread; in others the list stays empty.
    """
    asked = [stops.last] if stops.interrupted else []
    stops.begin()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(number, frame):
        if not stops.is_new(number):
            return
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def unbroken() -> Iterator[None]:
    """Inside, the first Ctrl-C or SIGTERM waits for the end of what is being written.

    Raises:
        KeyboardInterrupt: at the end, if one has come.
    """
    with asked_to_stop() as asked:
        yield
    if asked:
        raise KeyboardInterrupt
