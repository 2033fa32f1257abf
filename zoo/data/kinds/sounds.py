"""Sounds that a user gave to predict: files, their bytes, and arrays of samples."""

import os
import warnings

import numpy as np

from zoo.data.kinds import sound_files
from zoo.data.kinds.given import array, described, is_array, several
from zoo.data.kinds.sound_files import padded
from zoo.errors import Mistake

WANTED = "the name of a sound file, its bytes, or an array of samples"
MOST = 8  # channels of an array; as samples, at no rate would so few be heard


def items(given) -> list:
    """The sounds that a user gave, one or several.

    Args:
        given: a file, its name or its bytes; an array of samples, (samples,) or
            (samples, channels) with 8 channels at most, at the rate of the run; or a
            list, array (n, samples) or generator of these.

    Raises:
        Mistake: one of them is no sound; it is named by its number.
    """
    if isinstance(given, str | os.PathLike | bytes) or hasattr(given, "read"):
        return [given]
    if is_array(given):
        found = array(given)
        if found.ndim not in (1, 2) or found.dtype.kind not in "iuf":
            raise Mistake(
                f"an array of shape {found.shape} and type {found.dtype} is no sound; "
                "accepted: (samples,), (samples, channels) or (n, samples) of numbers"
            )
        return [found] if _is_one(found) else list(found)
    listed = several(given, WANTED)
    if listed and all(isinstance(each, int | float) for each in listed):
        return [np.asarray(listed)]
    for number, item in enumerate(listed, 1):
        if is_array(item):
            listed[number - 1] = found = array(item)
            if _is_one(found) and found.dtype.kind in "iuf":
                continue
            raise Mistake(
                f"input {number} is an array of shape {found.shape} and type "
                f"{found.dtype}; accepted: (samples,) or (samples, channels) of numbers"
            )
        if not (isinstance(item, str | os.PathLike | bytes) or hasattr(item, "read")):
            raise Mistake(f"input {number} is {described(item)}; give {WANTED}")
    return listed


def decode(raw: list, length: int, rate: int) -> np.ndarray:
    """Sounds as int16 (n, length), -32768 behind the end of each.

    Warnings name one that is silent, and one of which the end is cut off.

    Args:
        raw: as `items` gives it.
        length: samples that the network takes.
        rate: of them, a second.

    Raises:
        Mistake: a sound cannot be read, see `sound_files.read`.
    """
    found, silent, cut = [], [], []
    for number, item in enumerate(raw, 1):
        name = name_of(item, number)
        if isinstance(item, np.ndarray):
            loud = _loudness(item[:, None] if item.ndim == 1 else item)
            samples = sound_files.laid(loud, rate, rate, name)
        else:
            # A sample more, to see whether there is more.
            samples = sound_files.read(item, rate, (length + 1) / rate)
        if len(samples) > length:
            cut.append(name)
        if sound_files.is_silent(samples):
            silent.append(name)
        found.append(samples[:length])
    if cut:
        _tell(cut, len(raw), f"longer than {length / rate:.3g} s: the end is not heard")
    if silent:
        _tell(silent, len(raw), "silent: all samples are the same")
    return padded(found, length)


def name_of(item, number: int) -> str:
    """What a sound is called: its file, or its number."""
    if isinstance(item, str | os.PathLike):
        return os.fspath(item)
    return str(getattr(item, "name", "") or f"input {number}")


def _is_one(samples: np.ndarray) -> bool:
    """Whether they are of one sound, which may have channels, as SciPy reads it."""
    return samples.ndim == 1 or (samples.ndim == 2 and 1 <= samples.shape[1] <= MOST)


def _loudness(samples: np.ndarray) -> np.ndarray:
    """Samples of any type as float32 of -1 to 1."""
    if samples.dtype.kind == "f":
        return samples.astype(np.float32)
    middle = 128 if samples.dtype == np.uint8 else 0
    largest = {1: 2**7, 2: 2**15}.get(samples.dtype.itemsize, 2**31)
    if samples.dtype.itemsize > 2 and np.abs(samples).max(initial=0) < 2**15:
        largest = 2**15  # numbers of Python are wide whatever they hold
    return (samples.astype(np.float32) - middle) / largest


def _tell(found: list[str], count: int, what: str) -> None:
    verb = "is" if len(found) == 1 else "are"
    warnings.warn(
        f"{len(found):,} of {count:,} sounds {verb} {what}, such as {found[0]}",
        stacklevel=5,
    )
