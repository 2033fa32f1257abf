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


def of_tensor(given):
    """A tensor of PyTorch as one that NumPy can read; anything else as it is.

    NumPy has no gradients, no other devices, and no half precision of other makers.
    """
    if not hasattr(given, "detach"):
        return given
    given = given.detach().cpu()
    foreign = "bfloat16" in str(given.dtype) or "float8" in str(given.dtype)
    return given.float() if foreign else given


def without_mask(array: np.ndarray) -> np.ndarray:
    """A masked array as a plain one: NaN where it is masked, None if it has no numbers.

    NumPy's own conversion gives the values below the mask.
    """
    if not isinstance(array, np.ma.MaskedArray):
        return np.asarray(array)
    if not np.ma.getmaskarray(array).any():
        return array.data
    if array.dtype.kind in "biuf":
        return np.ma.filled(array.astype("float64"), np.nan)
    return np.ma.filled(array.astype(object), None)
