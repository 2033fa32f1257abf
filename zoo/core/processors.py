"""How many processors this process may use."""

import math
import os
from pathlib import Path

GROUP = Path("/sys/fs/cgroup")


def processors() -> int:
    """The logical processors that this process may run on, at least 1.

    Under `taskset` or Slurm, and in a container with a share of the machine's time
    (`docker run --cpus 2`), they are fewer than `os.cpu_count()`, the machine's: as
    many threads as that would wait for each other.
    """
    if hasattr(os, "sched_getaffinity"):  # not macOS, not Windows
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    return max(1, math.ceil(min(count, _share())))


def _share() -> float:
    """The processors whose time a container may use; without a limit infinity."""
    try:
        if (GROUP / "cpu.max").is_file():
            quota, period = (GROUP / "cpu.max").read_text("utf-8").split()
        else:  # of older systems
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            quota, period = ((GROUP / "cpu" / n).read_text("utf-8") for n in names)
        share = int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max", or not Linux
        return math.inf
    return share if share > 0 else math.inf
