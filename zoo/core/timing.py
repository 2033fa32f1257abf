"""Where the time of a start goes: from the beginning of the process to its first step.

`ended("data")` names the seconds since the part before; a name may come again. What
runs beside a part, in a thread or a process of its own, is not seen.
"""

import time


class Start:
    """The parts of a start and their seconds, in the order in which they came first.

    The first part is Python's own start, for which the processor's seconds stand: no
    clock that all systems have tells when a process began.
    """

    def __init__(self):
        self.parts = {"Python": time.process_time()}
        self.over = self.asked = False
        self._last = time.perf_counter()

    def ended(self, part: str) -> None:
        """A part has ended; nothing counts after the first step."""
        if self.over:
            return
        now = time.perf_counter()
        self.parts[part] = self.parts.get(part, 0.0) + now - self._last
        self._last = now

    def first_step_ended(self) -> list[str]:
        """The table, a line each, if it is `asked` for and this was the first step."""
        if self.over:
            return []
        self.ended("compiling and first step")
        self.over = True
        return self.lines() if self.asked else []

    def lines(self) -> list[str]:
        """The seconds of each part, and of all."""
        whole = {**self.parts, "all until the first step has ended": self.total()}
        width = max(map(len, whole))
        return [f"{part:<{width}}  {value:6.2f} s" for part, value in whole.items()]

    def total(self) -> float:
        """The sum of all parts, in seconds."""
        return sum(self.parts.values())


start = Start()  # of this process
