"""Folders that zoo writes to: its cache, and those of runs."""

import itertools
import os
import time
from pathlib import Path

from zoo.errors import Mistake


def cache_dir() -> Path:
    """The folder for what zoo can make again: $ZOO_CACHE, or ~/.cache/zoo."""
    return Path(os.environ.get("ZOO_CACHE") or "~/.cache/zoo").expanduser()


def writable(folder: Path) -> bool:
    """Whether a folder, or the nearest one above that exists, can be written."""
    folder = _nearest(folder)
    return folder.is_dir() and os.access(folder, os.W_OK)


def new_folder(name: str, backend: str) -> list[Path]:
    """Make a folder with a readable name under `runs/` that no other process has.

    Returns:
        The folders that were made, the innermost first.

    Raises:
        Mistake: it cannot be made.
    """
    runs = Path("runs")
    made = make_folder(runs)
    stem = f"{name}-{backend}-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in itertools.count(1):
        folder = runs / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return [folder, *made]
    raise AssertionError("numbers never end")


def make_folder(folder: Path) -> list[Path]:
    """Make a run's folder, if it is not there.

    Returns:
        The folders that were made, the innermost first.

    Raises:
        Mistake: it cannot be made, or written.
    """
    check_folder(folder)
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # such as in /proc
        reason = error.strerror
        raise Mistake(f"the run cannot be written to {folder}: {reason}") from error
    return missing


def check_folder(folder: Path) -> None:
    """Refuse a run's folder that cannot be made or written.

    Raises:
        Mistake: it, or the nearest folder above that exists, is a file or read-only.
    """
    if "\0" in str(folder):
        raise Mistake(f"no folder can be called {str(folder)!r}: it holds a NUL")
    try:
        nearest = _nearest(folder.absolute())
    except OSError as error:
        reason = error.strerror
        raise Mistake(f"no folder can be called {str(folder)!r}: {reason}") from error
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        kind = "is read-only" if nearest.is_dir() else "is a file"
        raise Mistake(f"the run cannot be written to {folder}: {nearest} {kind}")


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above, that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder
