"""Child processes of Python, and the signals that ask this process to stop."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator


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
def asked_to_stop() -> Iterator[list[int]]:
    """A list that the first Ctrl-C or SIGTERM fills; the second one interrupts.

    Signals reach only the main thread; in others the list stays empty.
    """
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(number, frame):
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
