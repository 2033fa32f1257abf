"""The threads that PyTorch computes with: each on a core of its own, and asleep soon.

They are OpenMP's, which reads its variables when PyTorch is imported. The user's own
variables take precedence.
"""

import contextlib
import os
from collections.abc import Iterator

from zoo.core.processes import changed

_WAITING = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"}
_BOUND = {"OMP_PROC_BIND": "true", "OMP_PLACES": "cores"}
# Several processes of fewer threads than cores would all be on the first cores.
COUNTS = {"OMP_NUM_THREADS", "MKL_NUM_THREADS"}
_BINDING = {*_BOUND, "GOMP_CPU_AFFINITY", "KMP_AFFINITY", *COUNTS}

_first_core: set[int] = set()


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """Inside, import PyTorch: its threads have a core each, and sleep when they wait.

    By default one that waits for another keeps its processor busy for milliseconds.
    Where other processes want it, each kernel then takes as long: a step of a small
    network took up to 20 times as long beside two of them. To sleep at once costs more
    on a quiet machine: LSTM of 256 units over 64 characters took 45 ms a step, and
    takes 29.

    Beside one other process Linux leaves two threads on one core, where one waits for
    the other's turn: a step took 4 to 19 times as long, and takes twice as long now.
    OpenMP binds the importing thread, too; it is free again afterwards, for networks
    that one thread computes, and for the threads that it starts.
    """
    global _first_core
    bound = hasattr(os, "sched_setaffinity") and not _BINDING & {*os.environ}
    variables = dict(_BOUND) if bound else {}
    if not _WAITING & {*os.environ}:
        # GNU's OpenMP alone knows the count; others sleep at once. With 300 LeNet of
        # 1998 takes 1.3 times as long on a quiet machine, and Tiny VGG 1.2 times. But
        # two threads on one core wait in vain: with 10,000 a step takes 7 to 13 times
        # as long then.
        spins = "10000" if bound else "300"
        variables |= {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": spins}
    before = os.sched_getaffinity(0) if bound else set()
    try:
        with changed(variables):
            yield
        if bound and os.sched_getaffinity(0) != before:
            _first_core = os.sched_getaffinity(0)
    finally:
        if bound:
            os.sched_setaffinity(0, before)


@contextlib.contextmanager
def on_first_core() -> Iterator[None]:
    """Inside, this thread is on the core where no other thread of PyTorch's is."""
    if not _first_core:
        yield
        return
    before = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):  # the process may use other cores now
        os.sched_setaffinity(0, _first_core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
