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
    try:
        with locked(folder / NAME, timeout=_PATIENCE, thread_local=False):
            try:
                yield
            finally:
                if os.name == "posix":  # Windows cannot remove a file that is open
                    (folder / NAME).unlink(missing_ok=True)
    except Timeout:
        raise Mistake(
            f"another process is writing to {folder}; wait for its end, or name "
            "another folder with --run"
        ) from None


@contextlib.contextmanager
def locked(path: Path, **options) -> Iterator[None]:
    """Inside, nobody else is in such a block for this file, which is made if need be.

    Args:
        path: of the file.
        **options: of `filelock.FileLock`; without a timeout it is waited for.

    Raises:
        Mistake: the file cannot be locked, such as a link that a stranger put there.
        filelock.Timeout: somebody else holds it.
    """
    lock = FileLock(path, **options)
    try:
        lock.acquire()
    except Timeout:
        raise
    except OSError as error:
        raise Mistake(
            f"{path} cannot be locked: {error.strerror}; take it away"
        ) from error
    try:
        yield
    finally:
        lock.release()
