"""How many processors this process may use."""

import os


def processors() -> int:
    """The logical processors that this process may run on, at least 1.

    In a container, under `taskset` or Slurm they are fewer than `os.cpu_count()`, the
    machine's: as many threads as that would wait for each other.
    """
    if hasattr(os, "sched_getaffinity"):  # not macOS, not Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
