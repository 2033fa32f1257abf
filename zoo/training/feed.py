"""Batches for training: ordered, augmented and stacked while the device computes."""

import itertools
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from zoo import augment
from zoo.core.arrays import aligned
from zoo.core.processors import processors
from zoo.core.random import side_by_side
from zoo.data import Split, order
from zoo.engine import groups

_AHEAD = 3  # chunks; whole ones are made while the short ones of an epoch's end train
_BYTES = 16 * 2**20  # of a chunk
_HELD_BYTES = 256 * 2**20  # of a split that the device holds
_MOST_STEPS = 512  # in a chunk
_INLINE = 2000  # examples; shuffling so few takes less time than waking a thread
_LARGE_PICTURE = 2**14  # bytes; for smaller ones the lock of Python costs more


@dataclass
class Chunk:
    """Consecutive batches of one size; in a group, this process's part of each.

    Attributes:
        inputs: (capacity, part, ...), of which the first `count` are filled. Aligned
            to 64 bytes, so that TensorFlow and JAX need no copy; augmented ones only if
            they had to be padded. If the device holds the split: positions in it, int32
            (capacity, batch).
        targets: (capacity, part) or (capacity, part, classes); or the same positions.
        count: the number of batches.
        rows: the number of examples in a whole batch.
        waited: seconds that training waited for this chunk.
    """

    inputs: np.ndarray
    targets: np.ndarray
    count: int
    rows: int
    waited: float = 0.0


class Feed:
    """The training split as chunks of batches, a function of (seed, epoch, step).

    Args:
        split: the examples.
        batch: examples a step; the last batch of an epoch holds what is left.
        seed: decides order and augmentation.
        encode: from class numbers to targets, see `zoo.training.losses.make`.
        operations: augmentation, see `zoo.augment`.
        shuffle: False keeps the split's own order.
        hold: let the device hold a split that is as small as MNIST and not augmented.

    `on_device` is all inputs and all targets, for the device to hold; chunks then hold
    positions, and the device picks the examples. None if the split is too large, on a
    disk, augmented, or not to be held.

    Of windows whose states are carried the order is `zoo.core.random.side_by_side`.

    `length` is the number of batches in a chunk; the caller may change it while it
    takes chunks. A new value takes effect four chunks later: the next three are already
    being made. Processes that set equal lengths get equal chunks.

    Four chunks are in memory at a time, the one in use and the next three. Each has at
    most 16 MiB, or one batch if that is more.
    """

    def __init__(
        self,
        split: Split,
        batch: int,
        seed: int,
        encode: Callable[[np.ndarray], np.ndarray],
        operations: dict,
        shuffle: bool = True,
        hold: bool = False,
    ):
        self.split, self.batch, self.seed = split, batch, seed
        self.encode, self.operations = encode, operations
        inputs, self.on_device = split.inputs, None
        carried = getattr(inputs, "carried", False)
        self.steps = len(split) // batch if carried else -(-len(split) // batch)
        draw = partial(side_by_side, batch) if carried else order
        self._draw = draw if shuffle else lambda count, *_: np.arange(count)
        dtype = np.dtype("float32") if augment.mixes(operations) else inputs.dtype
        size = math.prod(inputs.shape[1:]) * dtype.itemsize
        in_memory = type(inputs) is np.ndarray
        if hold and in_memory and not operations and inputs.nbytes <= _HELD_BYTES:
            self.on_device = inputs, encode(split.targets)
            size = np.dtype("int32").itemsize
        self.capacity = min(
            max(1, _BYTES // (size * batch)),
            _MOST_STEPS,
            max(1, len(split) // batch),
        )
        self.length = 1
        large = size > _LARGE_PICTURE
        self._maker = ThreadPoolExecutor(1)
        self._map = ThreadPoolExecutor(processors()).map if large else map
        self._ahead: deque[tuple[tuple[int, int], Callable[[], Chunk]]] = deque()
        self._index: tuple[int, np.ndarray] | None = None

    def chunks(self, epoch: int, first: int = 0, more: bool = False) -> Iterator[Chunk]:
        """The chunks of `epoch`, from step `first` on.

        Args:
            epoch: its number, from 0.
            first: the step to begin with, from 0.
            more: whether the next epoch will follow: its first chunks are made while
                the last ones of this epoch are computed on, and during validation.
        """
        if not self._ahead or self._ahead[0][0] != (epoch, first):
            self._ahead.clear()
            self._next = epoch, first
        self._make_ahead(epoch + more)
        while first < self.steps:
            start = time.perf_counter()
            chunk = self._ahead.popleft()[1]()
            chunk.waited = time.perf_counter() - start
            first += chunk.count
            self._make_ahead(epoch + more)
            yield chunk

    def _make_ahead(self, last: int):
        full = len(self.split) // self.batch
        while len(self._ahead) < _AHEAD and self._next[0] <= last:
            epoch, first = place = self._next
            count = max(1, min(self.length, self.capacity, full - first))
            make = partial(self._chunk, epoch, first, count)
            inline = self.on_device and len(self.split) <= _INLINE
            call = make if inline else self._maker.submit(make).result
            self._ahead.append((place, call))
            first += count
            self._next = (epoch, first) if first < self.steps else (epoch + 1, 0)

    def _order(self, epoch: int) -> np.ndarray:
        if self._index is None or self._index[0] != epoch:
            self._index = epoch, self._draw(len(self.split), self.seed, epoch)
        return self._index[1]

    def _chunk(self, epoch: int, first: int, count: int) -> Chunk:
        capacity, batch = self.capacity, self.batch
        if first >= len(self.split) // batch:
            capacity, batch = 1, len(self.split) % batch
        part = groups.current().read(batch)
        mixes = augment.mixes(self.operations)  # with any other example of the batch
        read = slice(0, batch) if mixes else part
        chosen = self._order(epoch)[first * self.batch :][: count * batch]
        chosen = chosen.reshape(count, batch)[:, read]
        if self.on_device:
            chosen = _padded(chosen.astype("int32"), capacity)
            return Chunk(chosen, chosen, count, batch)
        inputs = self._gathered(chosen, count if self.operations else capacity)
        targets = self.encode(self.split.targets[chosen.ravel()])
        targets = targets.reshape(*chosen.shape, *targets.shape[1:])
        if self.operations:
            step = epoch * self.steps + first
            inputs, targets = self._augmented(inputs, targets, step, part, mixes)
        inputs, targets = _padded(inputs, capacity), _padded(targets, capacity)
        return Chunk(inputs, targets, count, batch)

    def _gathered(self, chosen, capacity):
        """The inputs with these indices, (count, part), in an array for `capacity`."""
        inputs = self.split.inputs
        room = aligned((capacity, *chosen.shape[1:], *inputs.shape[1:]), inputs.dtype)
        flat = room[: len(chosen)].reshape(-1, *inputs.shape[1:])
        if isinstance(inputs, np.ndarray) and inputs.flags.c_contiguous:
            np.take(inputs, chosen.ravel(), axis=0, out=flat, mode="clip")
        else:
            flat[...] = inputs[chosen.ravel()]
        return room

    def _augmented(self, inputs, targets, step, part, mixes):
        """Each batch changed; of those that are mixed, read as a whole, this part."""
        kept, first = (part, 0) if mixes else (slice(None), part.start)

        def change(x, y, step):
            x = augment.apply(x, self.operations, self.seed, step, first)
            x, y = augment.mix(x, y, self.operations, self.seed, step)
            return x[kept], y[kept]

        changed = self._map(change, inputs, targets, itertools.count(step))
        return zip(*changed, strict=True)


def _padded(parts, capacity: int) -> np.ndarray:
    if isinstance(parts, np.ndarray) and len(parts) == capacity:
        return parts
    padded = aligned((capacity, *parts[0].shape), parts[0].dtype)
    for room, part in zip(padded, parts, strict=False):
        room[:] = part
    return padded
