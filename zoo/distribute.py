"""Train on several devices: `with zoo.distribute(devices="all"): zoo.train(recipe)`.

Every device holds all variables and computes an equal share of each batch; the
framework's own engine averages the gradients, see the files in `zoo/groups/`. A step
on N devices is the step on one, up to rounding:

- order and augmentation are functions of the position in the global batch;
- so are dropout masks, see `first_row`;
- batch normalization takes mean and variance of the global batch, over all devices;
- a batch that N does not divide, such as the last one of an epoch, is computed whole
  by every device: the average of equal gradients is the gradient.

One process reads each example once an epoch, except those of such a last batch.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from importlib import import_module

import numpy as np

from zoo.errors import Mistake


class Group:
    """The devices that train together; this base is one device in one process.

    Attributes:
        devices: how many, over all processes.
        processes: how many take part, each with `devices / processes` devices.
        rank: which of them this one is; rank 0 prints and writes.
        local_rank: which of the processes on this machine.
    """

    devices = processes = 1
    rank = local_rank = 0

    def scope(self) -> contextlib.AbstractContextManager:
        """Where models and optimizers are made, so that all devices hold them."""
        return contextlib.nullcontext()

    def total(self, values: np.ndarray) -> np.ndarray:
        """The sum over all processes of arrays of one shape."""
        return values

    def close(self) -> None:
        """Leave the group."""

    def splits(self, rows: int) -> bool:
        """Whether a batch of `rows` examples is split; otherwise all compute all."""
        return rows % self.devices == 0

    def share(self, rows: int) -> slice:
        """The rows of a global batch that this process computes."""
        if not self.splits(rows):
            return slice(0, rows)
        each = rows // self.processes
        return slice(self.rank * each, (self.rank + 1) * each)

    def gather(self, values: Sequence[float]) -> np.ndarray:
        """The `values` of every process, float64 (processes, length)."""
        table = np.zeros((self.processes, len(values)))
        table[self.rank] = values
        return self.total(table)

    def broadcast(self, data: bytes) -> bytes:
        """What process 0 gave, in all processes."""
        size = int(self.gather([len(data)])[0, 0])
        padded = np.zeros(-(-size // 4) * 4, "uint8")
        if self.rank == 0:
            padded[:size] = np.frombuffer(data, "uint8")
        return self.total(padded.view("int32")).view("uint8")[:size].tobytes()

    def decide(self, choose: Callable):
        """What `choose()` returns in process 0, a JSON value, in all processes."""
        with self.together():
            chosen = choose() if self.rank == 0 else None
        return json.loads(self.broadcast(json.dumps(chosen).encode()))

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """A `Mistake` of one process inside is raised in all of them at the end."""
        mistake = None
        try:
            yield
        except Mistake as caught:
            mistake = caught
        if self.processes > 1:
            size = 2000
            text = str(mistake or "").encode()[:size].ljust(size)
            texts = self.gather(np.frombuffer(text, "uint8")).astype("uint8")
            mistakes = [row.tobytes().decode(errors="ignore").strip() for row in texts]
            mistake = mistake or next((Mistake(text) for text in mistakes if text), None)
        if mistake:
            raise mistake

    def in_turn(self, act: Callable):
        """`act()`, first in one process of each machine, then in the others."""
        result = None
        for first in (True, False):
            with self.together():
                if (self.local_rank == 0) == first:
                    result = act()
        return result


ALONE = Group()
_group = ALONE
_first_row: ContextVar[int] = ContextVar("first_row", default=0)


def current() -> Group:
    """The group that training takes part in."""
    return _group


@contextlib.contextmanager
def distribute(devices: int | str = "all") -> Iterator[Group]:
    """Train on several devices inside this block.

    JAX: `keras.distribution.DataParallel`; several machines join through
    `keras.distribution.initialize`, for which Keras reads
    $KERAS_DISTRIBUTION_JOB_ADDRESSES, _NUM_PROCESSES and _PROCESS_ID. TensorFlow:
    `MirroredStrategy`; with $TF_CONFIG `MultiWorkerMirroredStrategy`. PyTorch:
    `DistributedDataParallel`, one process a device, under torchrun; without torchrun
    `zoo.train` starts the processes itself.

    Without GPUs, the processor serves as that many devices, which share its cores: good
    for trying out, not for speed. Enter the block before anything is computed.

    Args:
        devices: how many, over all machines; "all" that there are.

    Raises:
        Mistake: there are fewer devices, or `devices` is no such number.
    """
    global _group
    wanted = _wanted(devices)
    if _group is not ALONE:
        raise Mistake("zoo.distribute inside zoo.distribute; leave the outer one first")
    if wanted == 1 and not in_processes():
        yield ALONE
        return
    from zoo import backend

    _group = import_module(f"zoo.groups.{backend.load()}").Group(wanted)
    try:
        yield _group
    finally:
        _group.close()
        _group = ALONE


@contextlib.contextmanager
def joined() -> Iterator[Group]:
    """The current group, or the one that the environment of this process names."""
    if _group is ALONE and in_processes():
        with distribute("all") as group:
            yield group
    else:
        yield _group


_MARKS = {
    "jax": "KERAS_DISTRIBUTION_NUM_PROCESSES",
    "tensorflow": "TF_CONFIG",
    "torch": "TORCHELASTIC_RUN_ID",
}


def in_processes() -> bool:
    """Whether this process was started as one of several that train together."""
    from zoo import backend

    return _MARKS[backend.current()] in os.environ


def restarts_itself() -> bool:
    """Whether torchrun started this process, and would again if it failed."""
    return in_processes() and "TORCHELASTIC_RUN_ID" in os.environ


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
    devices = _group.devices
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
    if len(busy) < _group.devices:
        raise Mistake(
            f"{_group.devices} devices were asked for, and the first step ran on "
            f"{len(busy)}: {', '.join(busy) or 'none'}; nothing is saved"
        )
    counts = sorted(set(busy.values()))
    each = " or ".join(map(str, counts))
    return (
        f"data parallel on {len(busy)} devices: {', '.join(busy)}; "
        f"each saw {each} of {rows} examples"
    )


def _wanted(devices):
    if isinstance(devices, str) and devices.isdecimal():
        devices = int(devices)
    if devices != "all" and (type(devices) is not int or devices < 1):
        raise Mistake(f"devices={devices}; accepted: all, or a whole number from 1")
    return devices
