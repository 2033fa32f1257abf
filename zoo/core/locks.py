"""One process at a time in a folder, by a lock that dies with its process."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from zoo.errors import Mistake

NAME = ".lock"
_PATIENCE = 1.0  # seconds; a process that was just killed may still be ending


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Inside, no other process or thread is in this block for the same folder.

    The system holds the lock for the open file `folder/.lock`, and frees it when the
    process ends, however it ends.

    Raises:
        Mistake: another process, or another thread, holds it.
    """
    lock = FileLock(folder / NAME, timeout=_PATIENCE, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise Mistake(
            f"another process is writing to {folder}; wait for its end, or name "
            "another folder with --run"
        ) from None
    try:
        yield
    finally:
        if os.name == "posix":  # Windows cannot remove a file that is open
            (folder / NAME).unlink(missing_ok=True)
        lock.release()
