"""One search on many processes: the folder is all that they share.

Every process draws from the same oracle, whose state lies in the search's folder. It
takes the lock, reads what the others have written, draws or records, writes, and lets
the lock go. Which trials are drawn does not depend on who draws them. There is no
server and no address; several machines need a disk that all of them see.

keras-tuner's own chief and workers, used up to zoo 0.1, rest on a gRPC server, 21
private names of keras-tuner and 330 lines; this takes 13 names and 200 lines. Where
trials take a second, all of zoo now takes an eighth more of the processor's time than
all of that version: 1.19 seconds a trial against 1.06 (`benchmarks.search workers`).

A worker shows that it lives by a file that it keeps fresh and locked. The trials of a
worker that died go to another: at once on the same machine, where the system has freed
the lock, and after `lease` seconds on others.
"""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import Timeout

from zoo.core import locks
from zoo.core.folders import make_folder
from zoo.core.processes import environment
from zoo.core.processors import processors
from zoo.errors import Mistake

RENEW = 75  # the status with which a worker asks for a fresh process in its place
_DEADLINE = "ZOO_TUNE_DEADLINE"
_TICK = 0.2


class Presence:
    """A process in a search, as the others see it.

    Args:
        folder: where the files of all workers lie.
        lease: seconds after which a silent worker of another machine counts as dead.

    Attributes:
        name: of this worker, unique over machines and time.
    """

    def __init__(self, folder: Path, lease: float = 60.0):
        self.folder, self.lease = folder, lease
        self.host = socket.gethostname()
        self.name = f"{self.host}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._over = threading.Event()

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """Inside, this worker counts as alive."""
        make_folder(self.folder)
        self._over.clear()
        pulse = threading.Thread(target=self._beat, daemon=True)
        with locks.locked(self._file(self.name)):
            pulse.start()
            try:
                yield
            finally:
                self._over.set()
                pulse.join()
        self._file(self.name).unlink(missing_ok=True)

    def lives(self, name: str) -> bool:
        """Whether the worker `name` is still at work."""
        if name == self.name:
            return True
        file = self._file(name)
        try:
            silent = self._now() - file.stat().st_mtime
        except FileNotFoundError:
            return False
        if name.rsplit("-", 2)[0] == self.host:
            try:
                with locks.locked(file, timeout=0):
                    return False  # the system frees the lock of a process that dies
            except Timeout:
                return True
        return silent <= self.lease

    def _file(self, name):
        return self.folder / f"{name}.alive"

    def _now(self):
        """By the clock that stamps files: those of the machines may differ."""
        self._file(self.name).touch()
        return self._file(self.name).stat().st_mtime

    def _beat(self):
        while not self._over.wait(self.lease / 4):
            self._file(self.name).touch()


def run_workers(
    folder: Path,
    count: int,
    show: Callable[[], None],
    *,
    deadline: float | None = None,
    lease: float = 60.0,
) -> None:
    """Have `count` processes of this machine run the trials of a search; wait for them.

    Args:
        folder: of the search.
        count: at least 1.
        show: called again and again, to show how far the search is.
        deadline: on the clock `time.monotonic`; None is none.
        lease: see `Presence`.

    Raises:
        Mistake: all workers have died before the search ended.
    """
    threads = max(1, processors() // count)
    variables = {
        "OMP_NUM_THREADS": str(threads),  # more would wait for each other
        **environment(),
    }
    if deadline is not None:
        variables[_DEADLINE] = str(deadline)
    program = [sys.executable, "-m", "zoo.tuning.worker"]
    command = [*program, str(folder), str(os.getpid()), str(lease)]

    def start():
        return subprocess.Popen(command, env=variables)

    processes = [start() for _ in range(count)]
    try:
        while processes:
            for process in list(processes):
                status = process.poll()
                if status is None:
                    continue
                processes.remove(process)
                if status == RENEW:
                    processes.append(start())
                elif status and not processes:
                    raise Mistake(
                        f"every worker has ended, the last with status {status}; "
                        f"`zoo tune {folder} --resume` continues with the trials that "
                        "are left"
                    )
            show()
            time.sleep(_TICK)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def deadline_of_worker() -> float | None:
    """The deadline that `start_workers` gave this process."""
    given = os.environ.get(_DEADLINE)
    return None if given is None else float(given)


def die_with(parent: int) -> None:
    """End this process when process `parent`, which started it, has ended."""

    def watch():
        while os.getppid() == parent:
            time.sleep(_TICK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
