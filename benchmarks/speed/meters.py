"""What a process can say about itself: time, memory, energy."""

import resource
import time
from pathlib import Path

_RAPL = Path("/sys/class/powercap")


def peak_memory() -> float:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def energy() -> float | None:
    """Joules that the processor has used since some moment; None if nobody tells.

    Intel's and AMD's processors count them (RAPL); virtual machines seldom pass that
    on, and Linux lets only root read it unless told otherwise.
    """
    counters = sorted(_RAPL.glob("intel-rapl:?/energy_uj"))
    try:
        return sum(int(counter.read_text()) for counter in counters) / 1e6 or None
    except PermissionError:
        return None


class Meter:
    """Seconds of the wall's clock and of the processor, and joules, from now on."""

    def __init__(self):
        self.begun = self._now()

    def read(self) -> dict[str, float | None]:
        then, now = self.begun, self._now()
        known = {name: now[name] - then[name] for name in ("wall", "processor")}
        joules = None if now["joules"] is None else now["joules"] - then["joules"]
        return {**known, "joules": joules}

    def _now(self):
        return {
            "wall": time.perf_counter(),
            "processor": time.process_time(),
            "joules": energy(),
        }
