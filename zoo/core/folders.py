"""Folders that zoo writes to: its cache, and those of runs."""

import contextlib
import itertools
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from zoo.core import files
from zoo.core.paths import expand
from zoo.errors import Mistake


def cache_dir() -> Path:
    """The folder for what zoo can make again: $ZOO_CACHE, or ~/.cache/zoo."""
    return expand(os.environ.get("ZOO_CACHE") or "~/.cache/zoo")


UNUSED = 90 * 24 * 3600  # seconds after which what lies in the cache is removed
LONGEST = 150  # bytes of a name; a system takes 255, and something stands behind it
_UNFIT = re.compile(r'[<>:"/\\|?*\x00-\x1f]')  # to systems


def forget_unused(folder: Path) -> None:
    """Remove what nobody used for long from a folder of the cache.

    That may be what broken off work left. See `touch`.
    """
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another process was faster
            if time.time() - path.stat().st_mtime <= UNUSED:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def touch(path: Path) -> None:
    """Note that something in the cache is used."""
    with contextlib.suppress(OSError):  # such as in a cache that is read-only
        os.utime(path)


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
    plain = shortened(_UNFIT.sub("_", name))
    stem = f"{plain}-{backend}-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in itertools.count(1):
        folder = runs / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return [folder, *made]
    raise AssertionError("numbers never end")


def shortened(name: str) -> str:
    """A name of which a file's name may begin: its first 150 bytes."""
    while len(os.fsencode(name)) > LONGEST:
        name = name[:-1]
    return name


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


@contextlib.contextmanager
def given_back(made: Iterable[Path]) -> Iterator[None]:
    """After an error inside, these folders are removed, the first one first.

    Those that hold something by then stay.
    """
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for folder in made:
                folder.rmdir()
        raise


def check_place(path: Path, then: str = "") -> None:
    """Refuse a file that cannot be written, before the work that it is for.

    Args:
        path: of the file; its folder is made when it is written.
        then: what to do instead, where the user did not choose the place.

    Raises:
        Mistake: it is a folder, or its folder, or the nearest one above that exists, is
            a file or read-only.
    """
    hint = f"; {then}" if then else ""
    with files.writing(path):  # of names that no file can have
        if path.is_dir():
            raise Mistake(f"cannot write {path}: it is a folder{hint}")
        nearest = _nearest(path.absolute().parent)
        if why := _closed(nearest):
            raise Mistake(f"cannot write {path}: {nearest} {why}{hint}")


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
    if why := _closed(nearest):
        raise Mistake(f"the run cannot be written to {folder}: {nearest} {why}")


def check_links(folder: Path) -> None:
    """Refuse a link to a folder in one that goes on, which may come from anybody.

    What is written there would lie elsewhere.

    Raises:
        Mistake: it names the link.
    """
    for place, names, _ in os.walk(folder):
        for path in (Path(place, name) for name in names):
            if path.is_symlink():
                raise Mistake(
                    f"{path} is a link: what is written there would lie elsewhere; "
                    "put a folder in its place"
                )


def _closed(folder: Path) -> str:
    """Why nothing can be written into what is there; "" if it can."""
    if not folder.is_dir():
        return "is a file"
    return "" if os.access(folder, os.W_OK) else "is read-only"


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above, that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder
