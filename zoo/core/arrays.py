"""Memory for arrays."""

import math

import numpy as np


def aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An empty array whose memory starts at a multiple of 64 bytes; NumPy's does at 16.

    TensorFlow and JAX take it as it is, where they would copy others.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.empty(size + 63, np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + size].view(dtype).reshape(shape)
