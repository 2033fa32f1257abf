"""Devices that train together: what they share, whatever the backend.

`zoo.distribute` makes the group; `zoo/engine/*/group.py` say how it is done on each
backend. Who computes asks `current()`.

A global batch of 8 examples, 2 processes with 2 devices each. Every process reads and
computes its own part; a batch that the devices do not divide is read in parts too, and
computed whole by every device:

    batch of 8, splits(8) is True            batch of 7, splits(7) is False

    row        0 1 2 3 | 4 5 6 7             row        0 1 2 | 3 4 5 6
    read(8)    process 0 | process 1         read(7)    process 0 | process 1
    computed   what was read                 computed   all 7 rows, in both processes
    share(8)   0:4     | 4:8                 share(7)   0:7, in both processes
    devices    0 0 1 1 | 2 2 3 3             devices    each computes all 7 rows

`read` says which rows a process fetches from the data, `computed` turns these into the
rows that it computes (it exchanges rows if the batch is not split), and `share` says
where these rows lie in the global batch.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np

from zoo.errors import Mistake

Result = TypeVar("Result")


class Group:
    """The devices that train together; this base is one device in one process.

    Attributes:
        devices: how many, over all processes.
        processes: how many take part, each with `devices / processes` devices.
        rank: which of them this one is; rank 0 prints and writes.
        local_rank: which of the processes on this machine.
        starter: whether this process must have the others started, by `start`.
        lost: what the framework raises when another process is gone.
    """

    devices = processes = 1
    rank = local_rank = 0
    starter = False
    lost: tuple[type[Exception], ...] = ()

    def scope(self) -> contextlib.AbstractContextManager:
        """Where models and optimizers are made, so that all devices hold them."""
        return contextlib.nullcontext()

    def total(self, values: np.ndarray) -> np.ndarray:
        """The sum over all processes of arrays of one shape."""
        return values

    def start(self, arguments: dict) -> None:
        """Call `zoo.train` with `arguments` in a process a device, for a `starter`."""
        raise NotImplementedError(f"{type(self).__name__} starts no processes")

    def close(self) -> None:
        """Leave the group."""

    def splits(self, rows: int) -> bool:
        """Whether a batch of `rows` is split; if not, each device computes all."""
        return rows % self.devices == 0

    def share(self, rows: int) -> slice:
        """The rows of a global batch that this process computes, see the picture."""
        if not self.splits(rows):
            return slice(0, rows)
        each = rows // self.processes
        return slice(self.rank * each, (self.rank + 1) * each)

    def read(self, rows: int) -> slice:
        """The rows of a global batch that this process alone reads from the data."""
        first, last = self.rank * rows, (self.rank + 1) * rows
        return slice(first // self.processes, last // self.processes)

    def computed(self, read: np.ndarray, rows: int, axis: int = 0) -> np.ndarray:
        """The rows that this process computes, from those that each process has read.

        With two processes and `splits(rows)` the rows are returned as they are;
        otherwise the processes exchange them: [0 1 2] and [3 4 5 6] become
        [0 1 2 3 4 5 6] in both.

        Args:
            read: the rows `self.read(rows)` of the global batch; `axis` counts them.
            rows: examples in the global batch.
        """
        if self.processes == 1 or self.splits(rows):
            return read
        shape = (*read.shape[:axis], rows, *read.shape[axis + 1 :])
        whole = np.zeros(shape, read.dtype)
        whole[(slice(None),) * axis + (self.read(rows),)] = read
        data = self._total_bytes(whole.reshape(-1).view("uint8"))
        return data.view(read.dtype).reshape(shape)

    def gather(self, values: Sequence[float]) -> np.ndarray:
        """The `values` of every process, float64 (processes, length)."""
        table = np.zeros((self.processes, len(values)))
        table[self.rank] = values
        return self.total(table)

    def broadcast(self, data: bytes) -> bytes:
        """What process 0 gave, in all processes."""
        size = int(self.gather([len(data)])[0, 0])
        if not size:  # nothing to add up, which TensorFlow would not survive
            return b""
        known = np.zeros(size, "uint8")
        if self.rank == 0:
            known[:] = np.frombuffer(data, "uint8")
        return self._total_bytes(known).tobytes()

    def _total_bytes(self, known: np.ndarray) -> np.ndarray:
        """Of bytes that one process knows and that are 0 in the others."""
        padded = np.zeros(-(-len(known) // 4) * 4, "uint8")
        padded[: len(known)] = known
        return self.total(padded.view("int32")).view("uint8")[: len(known)]

    def decide(self, choose: Callable):
        """What `choose()` returns in process 0, a JSON value, in all processes."""
        with self.shared_mistakes():
            chosen = choose() if self.rank == 0 else None
        return json.loads(self.broadcast(json.dumps(chosen).encode()))

    @contextlib.contextmanager
    def shared_mistakes(self) -> Iterator[None]:
        """A `Mistake` of one process inside is raised in all of them at the end."""
        mistake = None
        try:
            yield
        except Mistake as caught:
            mistake = caught
        if self.processes > 1:
            size = 2000
            text = str(mistake or "").encode(errors="backslashreplace")
            text = text[:size].ljust(size)
            texts = self.gather(np.frombuffer(text, "uint8")).astype("uint8")
            mistakes = [row.tobytes().decode(errors="ignore").strip() for row in texts]
            mistake = mistake or next(
                (Mistake(text) for text in mistakes if text), None
            )
        if mistake:
            raise mistake

    def in_turn(self, act: Callable[[], Result]) -> Result:
        """`act()`, first in one process of each machine, then in the others."""
        result: Any = None
        for first in (True, False):
            with self.shared_mistakes():
                if (self.local_rank == 0) == first:
                    result = act()
        return result


ALONE = Group()
_current = ALONE
_first_row: ContextVar[int] = ContextVar("first_row", default=0)


def current() -> Group:
    """The group that training takes part in."""
    return _current


@contextlib.contextmanager
def use(group: Group) -> Iterator[Group]:
    """Inside, `group` is the current one; at the end it is closed."""
    global _current
    _current = group
    try:
        yield group
    finally:
        _current = ALONE
        group.close()


_MARKS = {
    "jax": "KERAS_DISTRIBUTION_NUM_PROCESSES",
    "tensorflow": "TF_CONFIG",
    "torch": "WORLD_SIZE",
}


def in_processes() -> bool:
    """Whether this process was started as one of several that train together."""
    from zoo import backend

    return _MARKS[backend.current()] in os.environ


def restarts() -> int | None:
    """How often torchrun has started this process again; None without torchrun."""
    if in_processes() and "TORCHELASTIC_RUN_ID" in os.environ:
        return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))
    return None


def first_row() -> int:
    """The position in the global batch of the first example computed here."""
    return _first_row.get()


@contextlib.contextmanager
def rows_from(first: int) -> Iterator[None]:
    """Inside, the examples at hand begin at row `first` of the global batch."""
    before = _first_row.set(first)
    try:
        yield
    finally:
        _first_row.reset(before)


def choose(names: Sequence[str], wanted: int | str) -> list[str]:
    """The first `wanted` of the devices `names`.

    Raises:
        Mistake: there are fewer.
    """
    count = len(names) if wanted == "all" else wanted
    if count > len(names):
        raise Mistake(
            f"devices={count}, and there are {len(names)}: {', '.join(names)}; "
            f"accepted: all, or 1 to {len(names)}; "
            "zoo.distribute must come before anything is computed"
        )
    return list(names[:count])


def check_batch(batch: int) -> None:
    """Refuse a batch that the current devices do not divide.

    Raises:
        Mistake: it names the next larger batch that works.
    """
    devices = _current.devices
    if batch % devices:
        raise Mistake(
            f"batch={batch} cannot be shared equally by {devices} devices; "
            f"the next batch that works: batch={batch + -batch % devices}"
        )


def report(seen: Mapping[str, int], rows: int) -> str:
    """What the first step showed, in words.

    Args:
        seen: by device, the examples that it computed, for each device that holds all
            variables.
        rows: examples in the step.

    Raises:
        Mistake: fewer devices took part than were asked for.
    """
    busy = {name: count for name, count in seen.items() if count}
    if len(busy) < _current.devices:
        raise Mistake(
            f"{_current.devices} devices were asked for, and the first step ran on "
            f"{len(busy)}: {', '.join(busy) or 'none'}; nothing is saved"
        )
    counts = sorted(set(busy.values()))
    each = " or ".join(map(str, counts))
    return (
        f"data parallel on {len(busy)} devices: {', '.join(busy)}; "
        f"each saw {each} of {rows} examples"
    )
