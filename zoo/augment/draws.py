"""Random numbers as a function of a seed, a step and a place in the batch.

Philox is a counter-based generator: it can start anywhere in its stream. Each operation
has its own stream in each step, and each row of the batch has its own part of that
stream. So row 70 draws the same numbers in a whole batch of 128 and in the second half
of that batch on another device. Other operations change nothing.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zoo.core.random import philox


@dataclass(frozen=True)
class Draws:
    """The random numbers of one operation in one step, for some rows of the batch.

    Args:
        name: the operation's name.
        seed: any integer; taken modulo 2**64.
        step: the training step, 0 or more.
        start: position of the first row in the global batch.
        rows: how many rows there are.
    """

    name: str
    seed: int
    step: int
    start: int
    rows: int

    def uniform(self, count: int) -> np.ndarray:
        """`count` numbers a row: float64 of shape (rows, count), in [0, 1)."""
        words = self._words(self.name, count)
        return (words >> np.uint64(11)) * 2.0**-53

    def bytes(self, count: int) -> np.ndarray:
        """`count` random bytes a row: uint8 of shape (rows, count)."""
        words = self._words(f"{self.name} bytes", -(-count // 8))
        return _as_bytes(words)[:, :count]

    def bytes_of(self, rows: np.ndarray, count: int) -> Iterator[np.ndarray]:
        """Some rows of `bytes`, whose numbers from 0 rise; the others are not drawn."""
        blocks = -(-count // 32)
        bits = self._philox(f"{self.name} bytes", self.start * blocks)
        reached = 0
        for row in rows:
            bits.advance(int(row - reached) * blocks)
            yield _as_bytes(bits.random_raw(4 * blocks))[:count]
            reached = row + 1

    def generator(self) -> np.random.Generator:
        """A generator for numbers that all rows of the batch share."""
        return np.random.Generator(self._philox(f"{self.name} batch", 0))

    def _words(self, stream: str, count: int) -> np.ndarray:
        blocks = -(-count // 4)  # one step of Philox's counter gives four 64-bit words
        words = self._philox(stream, self.start * blocks)
        return words.random_raw((self.rows, 4 * blocks))[:, :count]

    def _philox(self, stream: str, block: int) -> np.random.Philox:
        return philox(key(stream, self.seed), (block, 0, self.step, 0))


def _as_bytes(words: np.ndarray) -> np.ndarray:
    """The bytes of 64-bit words, the same on every processor."""
    return words.astype("<u8", copy=False).view(np.uint8)


def key(stream: str, seed: int) -> tuple[int, int]:
    """Philox's key for a stream: an operation's name, or what is drawn for it."""
    return seed % 2**64, zlib.crc32(stream.encode())
