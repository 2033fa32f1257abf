"""Memory that is freed and taken again: by steps, and by networks."""

import contextlib
import ctypes
import functools
import gc
import itertools

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


_trainings = itertools.count()


def free_earlier() -> None:
    """Give back what earlier trainings of this process have left in memory.

    A network and its layers refer to each other: Python's collector alone finds that
    nobody needs them, and looks for that when it likes. glibc keeps freed blocks, see
    above, between those that are still used, where larger ones of the next network
    may not fit. The first training has nothing to give back.
    """
    if next(_trainings):
        gc.collect()
        with contextlib.suppress(AttributeError, TypeError):  # where there is no glibc
            ctypes.CDLL(None).malloc_trim(0)
