"""What a stranger's file may take in a process of its own, which it may also crash.

LiteRT and OpenVINO execute no code of a file, but put no bounds to it either: a shape
in it can ask for any memory, and damage can end the process.
"""

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zoo.core.processors import processors
from zoo.core.sessions import LARGEST, LONGEST

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

STACK = 16 * 2**20  # bytes that each thread of a runtime may reserve
MANY = 300  # inputs that may be answered after the first one, which took its time


def held(opened: Callable, path) -> Callable[[np.ndarray], np.ndarray]:
    """`opened(path)`, in bounds: `LARGEST` bytes, `LONGEST` seconds to open and answer.

    The bounds are those of this process, which the system ends beyond them.
    """
    _bound_memory()
    _bound_time(LONGEST)
    answer = opened(path)

    def answered(inputs: np.ndarray) -> np.ndarray:
        begun = time.process_time()
        found = answer(inputs)
        took = (time.process_time() - begun) / len(inputs)
        _bound_time(LONGEST + MANY * took)
        return found

    return answered


def _bound_memory() -> None:
    if resource is not None:
        limit = _data() + LARGEST + STACK * processors()
        _bound(resource.RLIMIT_DATA, limit)


def _bound_time(seconds: float) -> None:
    """Let this process compute for so many more seconds."""
    if resource is not None:
        _bound(resource.RLIMIT_CPU, math.ceil(time.process_time() + seconds))


def _bound(what: int, limit: int) -> None:
    """Set a limit of this process, but not above what the system allows."""
    _, most = resource.getrlimit(what)
    allowed = limit if most == resource.RLIM_INFINITY else min(limit, most)
    resource.setrlimit(what, (allowed, most))


def _data() -> int:
    """The bytes of memory that this process has reserved for itself."""
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[5]
    except OSError:  # not on Linux, where the limit has no effect
        return 0
    return int(pages) * resource.getpagesize()
