"""Memory that a process frees and takes again, step after step."""

import contextlib
import ctypes
import functools

_OPTIONS = {-1: 2**31 - 1, -3: 2**25}  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD (its most)


@functools.cache
def keep_freed_memory() -> None:
    """Tell glibc's malloc not to return freed memory to the system.

    By default glibc hands blocks of megabytes back after every step, and the system
    clears them page by page in the next: up to a third of a small network's step. The
    process keeps what it needed at its peak. No effect where there is no glibc.
    """
    with contextlib.suppress(AttributeError, TypeError):
        change = ctypes.CDLL(None).mallopt
        for option, size in _OPTIONS.items():
            change(option, size)
