"""The host's random numbers on the device, see `zoo.augment.draws`.

Philox-4x64-10 in wrapping 64-bit integers, which every backend computes alike. They are
signed, as PyTorch has no others: a shift to the right keeps the sign, and a mask takes
it away. Constants are Python's integers, which operators take as 64 bits, and Keras's
functions as 32.
"""

from dataclasses import dataclass

import numpy as np
from keras import ops

from zoo.augment.draws import key
from zoo.engine import kernels

_MULTIPLIERS = 0xD2E7470EE14C6C93, 0xCA5A826395121157
_STEPS = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B  # of the key, from round to round
_ROUNDS = 10
_LOW = 2**32 - 1


@dataclass(frozen=True)
class Draws:
    """The random numbers of one operation in one step, for some rows of the batch.

    Args:
        name: the operation's name.
        seed: any integer; taken modulo 2**64.
        step: the training step, an integer scalar, may be on the device.
        start: position of the first row in the global batch; may be on the device.
        rows: how many rows there are; may be on the device.
    """

    name: str
    seed: int
    step: object
    start: object
    rows: object

    def uniform(self, count: int):
        """`count` numbers a row: float64 of shape (rows, count), in [0, 1)."""
        return _uniform(self._words(self.name, self.start, self.rows, count))

    def bytes(self, count: int):
        """`count` random bytes a row: uint8 of shape (rows, count)."""
        blocks = -(-count // 8)
        words = self._words(f"{self.name} bytes", self.start, self.rows, blocks)
        # On all that the backends compute on, the lowest byte comes first.
        return ops.view(words, "uint8")[:, :count]

    def shared(self, count: int):
        """`count` numbers that all rows share, float64 (count,): the generator's."""
        return _uniform(self._words(f"{self.name} batch", 0, 1, count))[0]

    def _words(self, stream: str, start, rows, count: int):
        """int64 (rows, count)."""
        blocks = -(-count // 4)  # one step of Philox's counter gives four words
        if words := kernels.find("words", None):
            keys = key(stream, self.seed)
            return words(self.step, keys, start * blocks, rows, blocks)[:, :count]
        ticks = ops.cast(ops.arange(rows * blocks), "int64")
        first = ops.cast(start, "int64") * blocks
        ticks = ticks + first + 1  # it ticks before it draws
        step = ops.cast(self.step, "int64") + ops.zeros_like(ticks)
        words = _philox(ticks, step, key(stream, self.seed))
        return ops.reshape(ops.stack(words, axis=-1), (-1, 4 * blocks))[:, :count]


def _uniform(words):
    return ops.cast(_shifted(words, 11, 2**53 - 1), "float64") * 2.0**-53


def _philox(first, third, keys: tuple[int, int]):
    """Four words for each counter (first, 0, third, 0)."""
    zero = ops.zeros_like(first)
    bumps = ops.convert_to_tensor(_bumped(keys))

    def mix(turn, counter):
        high, low = zip(
            *(
                _product(word, by)
                for word, by in zip(counter[::2], _MULTIPLIERS, strict=True)
            ),
            strict=True,
        )
        bump = bumps[turn]
        return (
            high[1] ^ counter[1] ^ bump[0],
            low[1],
            high[0] ^ counter[3] ^ bump[1],
            low[0],
        )

    # A loop of the device: with rounds written one after the other, erasing images of
    # 64 by 64 pixels took JAX 372 us a picture in place of 141.
    return ops.fori_loop(0, _ROUNDS, mix, (first, zero, third, zero))


def _bumped(keys: tuple[int, int]) -> np.ndarray:
    """The key in each round: int64 (rounds, 2)."""
    pairs = [*zip(keys, _STEPS, strict=True)]
    return np.array(
        [
            [_signed(start + turn * step) for start, step in pairs]
            for turn in range(_ROUNDS)
        ],
        "int64",
    )


def _product(word, by: int):
    """High and low word of an unsigned product with a constant."""
    a, b = _shifted(word, 32, _LOW), word & _LOW
    c, d = by >> 32, by & _LOW
    middle = a * d + _shifted(b * d, 32, _LOW)
    other = b * c + (middle & _LOW)
    high = a * c + _shifted(middle, 32, _LOW) + _shifted(other, 32, _LOW)
    return high, word * _signed(by)


def _shifted(words, bits: int, mask):
    """Shifted to the right, as unsigned numbers, and masked."""
    return (ops.right_shift(words, bits) if bits else words) & mask


def _signed(word: int) -> int:
    return (word + 2**63) % 2**64 - 2**63
