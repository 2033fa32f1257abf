"""Random bits that every backend draws alike: a function of stream, draw, position."""

from keras import ops

_LOW_17_BITS = 0x1FFFF


def scales(state, shape: list[int], start: int, rate: float):
    """By what dropout multiplies: 0 with probability `rate`, otherwise 1 / (1 - rate).

    Args:
        state: int32 (2,), which stream and which draw of it.
        shape: of what is multiplied.
        start: position of the first element.
        rate: 0 <= rate < 1.

    Returns:
        float32 of that shape.
    """
    size = 1
    for length in shape:
        size = size * length
    positions = ops.arange(start, start + size, dtype="int32")
    threshold = round(rate * 2**32) - 2**31
    kept = bits_at(positions, state[0], state[1]) >= threshold
    scale = ops.cast(kept, "float32") * (1 / (1 - rate))
    return ops.reshape(scale, shape)


def bits_at(positions, seed, step):
    """Uniform random bits that depend on nothing but their arguments.

    A counter-based generator: two rounds of multiplication and xor-shift over the
    position, keyed by seed and step, in wrapping 32-bit integers, which every backend
    computes alike.

    Args:
        positions: int32 of any shape.
        seed: int32 scalar, which stream.
        step: int32 scalar, which draw of the stream.

    Returns:
        int32 like `positions`, uniform over all 2**32 values; the high bits are the
        best.
    """
    first = _mix(seed * -1640531527 + step)
    second = _mix(first + seed)
    bits = ops.bitwise_xor(positions, first)
    bits = _fold(bits * -1150833019)
    return (bits + second) * 1935289751


def _mix(key):
    return _fold(_fold(_fold(key) * 569420461) * 1935289751)


def _fold(bits):
    high = ops.bitwise_and(ops.right_shift(bits, 15), _LOW_17_BITS)
    return ops.bitwise_xor(bits, high)
