"""JAX's compiled programs, kept on disk: the second start does not compile again."""

import contextlib
import os
import platform
import zlib
from pathlib import Path

from zoo.core.folders import cache_dir, writable

BYTES = 2**28  # of the folder; what was not used for longest goes first


def keep_compiled() -> None:
    """Have JAX, which must not have been imported, keep what it compiles.

    It lies in the folder jax/ of zoo's cache, apart for each kind of processor. What
    the user has set by JAX's own variables stays as it is; with
    JAX_ENABLE_COMPILATION_CACHE=false, or in a folder that cannot be written, nothing
    is kept.
    """
    folder = cache_dir() / "jax" / _processor()
    if not writable(folder):
        return
    settings = {
        "COMPILATION_CACHE_DIR": folder,
        "COMPILATION_CACHE_MAX_SIZE": BYTES,
        "PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": 0,
        "PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": -1,
    }
    for name, value in settings.items():
        os.environ.setdefault(f"JAX_{name}", str(value))


def _processor() -> str:
    """A name for this processor and what it can do: programs may need all of it."""
    known = platform.machine() + platform.processor()
    with contextlib.suppress(OSError):  # not Linux
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        kinds = ("model name", "flags", "Features", "CPU part")
        known += "".join(sorted({line for line in lines if line.startswith(kinds)}))
    return f"{platform.machine()}-{zlib.crc32(known.encode()):08x}"
