"""Memory that is freed and taken again: by steps, and by networks."""

import contextlib
import ctypes
import gc
import itertools

from zoo.engine.setting import Setting

# glibc's M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX. A block of more than 32 MB is
# a mapping of its own unless there may be none. What is set in the end is where glibc
# itself arrives in a process that frees a block of 32 MB.
_KEEPING = {-1: 2**31 - 1, -4: 0}
_GIVING_BACK = {-1: 2**26, -3: 2**25, -4: 2**16}

_kept = False


def keep_freed_memory(keep: bool = True) -> None:
    """Tell glibc's malloc not to return freed memory to the system.

    By default glibc hands blocks of megabytes back after every step, and the system
    clears them page by page in the next. On two cores PyTorch's step of LeNet relu
    took 62 ms so, and takes 43; that of an LSTM over 100 tokens, which takes and frees
    45 MB, 29 and 16. The process keeps what it needed at its peak. No effect where
    there is no glibc.

    Args:
        keep: False gives back what is free, and all that is freed afterwards in large
            pieces.
    """
    global _kept
    _kept = keep
    with contextlib.suppress(AttributeError, TypeError):
        library = ctypes.CDLL(None)
        for option, size in (_KEEPING if keep else _GIVING_BACK).items():
            library.mallopt(option, size)
        if not keep:
            library.malloc_trim(0)


freed_memory_kept = Setting(lambda: _kept, keep_freed_memory, True)


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
