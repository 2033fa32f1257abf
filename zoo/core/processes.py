"""Child processes of Python that import what this process imports."""

import os
import subprocess
import sys


def environment(**changes: str) -> dict[str, str]:
    """The environment of a child: this one's, its import path, and `changes`.

    A child speaks UTF-8, whatever the locale: its messages are read as that.
    """
    path = os.pathsep.join(filter(None, sys.path))
    return {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", **changes}


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
