"""Arrays as pictures: the one place that says what their axes and numbers mean.

Brightness, by the type and the range of the values:

    bool                                    False is black, True is white
    whole numbers, 0 to 255                 as they are, whatever their type
    uint16 and 16-bit files above 255       16 bits, the upper 8 are kept
    fractions, 0 to 1                       1 is white
    fractions, 0 to 255                     rounded; a warning, if none reaches 16

Anything else is refused: negative, NaN, infinite or larger values.
"""

import warnings
from collections.abc import Sequence

import numpy as np

from zoo.errors import Mistake

CHANNELS = (1, 2, 3, 4)  # gray, gray and alpha, RGB, RGBA
SLACK = 1e-3  # a resized picture of 0 to 1 reaches a little further
DIM = 4096  # of 65536: what 12 bits hold
ACCEPTED = (
    "give whole numbers from 0 to 255, or fractions from 0 to 1 in which 1 is white"
)


def to_bytes(arrays: Sequence[np.ndarray], names: Sequence[str]) -> list[np.ndarray]:
    """Arrays of any accepted type as uint8, of the same shapes.

    Whether fractions mean 0 to 1 or 0 to 255 is decided for all arrays together, so
    that a black picture among others stays black.

    Raises:
        Mistake: names the array whose type or values are refused.
    """
    arrays = [_plain(array) for array in arrays]
    highest = [array.max() for array in arrays if array.dtype.kind == "f"]
    most = max(highest, default=0)
    scale = 255 if highest and most <= 1 + SLACK else 1
    if 1 + SLACK < most < DIM // 256:
        warnings.warn(
            f"{names[0]} and what is given with it reach {most:.3g} of 255: it is read "
            "as nearly black; clip fractions to 0 to 1, in which 1 is white",
            stacklevel=3,
        )
    return [
        _to_bytes(array, scale, name) for array, name in zip(arrays, names, strict=True)
    ]


def separate(array: np.ndarray, shape: tuple[int, int, int]) -> list[np.ndarray]:
    """The pictures that an array holds, each (H, W) or (H, W, C), in its own type.

    One picture: (H, W), (H, W, C), or (C, H, W) where it cannot be meant otherwise.
    Several: (n, H, W), (n, H, W, C) or (n, C, H, W). Pictures of the network's size may
    be flat: (height * width * channels,), and several (n, height * width * channels).

    Args:
        array: the array.
        shape: (height, width, channels) of the network, which decides in doubt.

    Raises:
        Mistake: the shape fits none of these, or two of them.
    """
    found = array.shape
    if 0 in found:
        raise Mistake(f"the array of shape {found} holds no picture")
    if array.ndim in (1, 2) and found[-1] == np.prod(shape) and found != shape[:2]:
        return list(array.reshape(-1, *shape))
    match array.ndim:
        case 2:
            return [array]
        case 3 if found[-1] in CHANNELS:
            return [array]
        case 3 if found[0] in CHANNELS:
            return _first_axis(array, shape)
        case 3 if found[:2] == shape[:2] and found[1:] != shape[:2]:
            raise Mistake(
                f"an array of shape {found} may be one picture of {found[-1]} channels;"
                " accepted: 1, 3 or 4 channels; or give a list of arrays"
            )
        case 3:
            return list(array)
        case 4 if found[-1] in CHANNELS:
            return list(array)
        case 4 if found[1] in CHANNELS:
            return list(np.moveaxis(array, 1, -1))
    raise Mistake(
        f"an array of shape {found} is no picture; give (height, width), (height, "
        "width, channels) with 1, 3 or 4 channels, or several: (n, height, width) or "
        "(n, height, width, channels)"
    )


def _first_axis(array: np.ndarray, shape: tuple[int, int, int]) -> list[np.ndarray]:
    """(C, H, W) or (n, H, W), where the first axis may be either."""
    channels = array.shape[0]
    fits = array.shape[1:] == shape[:2]
    if channels == 1 or (channels == shape[2] and channels > 1):
        return [np.moveaxis(array, 0, -1)]
    if fits and shape[2] == 1:
        return list(array)
    raise Mistake(
        f"an array of shape {array.shape} may be one picture of {channels} channels or "
        f"{channels} gray pictures; give (height, width, {channels}) for the one, a "
        "list of arrays for the others"
    )


def _plain(array: np.ndarray) -> np.ndarray:
    """Half precision of other makers as float32: NumPy cannot compute with it."""
    name = array.dtype.name
    foreign = name == "bfloat16" or name.startswith("float8")
    return array.astype(np.float32) if foreign else array


def _to_bytes(array: np.ndarray, scale: int, name: str) -> np.ndarray:
    kind = array.dtype.kind
    if array.dtype == np.uint8:
        return array
    if kind == "b":
        return array.astype(np.uint8) * 255
    if kind not in "uif":
        raise Mistake(f"{name} holds values of type {array.dtype}; {ACCEPTED}")
    low, high = array.min(), array.max()
    if array.dtype == np.uint16 and high > 255:
        if high < DIM:
            warnings.warn(
                f"{name} has 16 bits and reaches {high} of 65535: it is read as nearly "
                "black; spread its values if they have fewer bits",
                stacklevel=4,
            )
        return (array >> 8).astype(np.uint8)
    if not np.isfinite([low, high]).all():
        raise Mistake(f"{name} holds values that are not finite; {ACCEPTED}")
    if low < (-SLACK if kind == "f" else 0) or high > 255:
        raise Mistake(f"{name} holds values from {low:g} to {high:g}; {ACCEPTED}")
    if kind != "f":
        return array.astype(np.uint8)
    return np.clip(np.rint(array * scale), 0, 255).astype(np.uint8)
