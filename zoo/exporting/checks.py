"""Inputs with their right answers, which lie beside an exported file."""

import math
import zipfile
import zlib
from pathlib import Path

import numpy as np

from zoo.errors import Mistake
from zoo.exporting import formats

COUNT = 100
BATCHES = (1, 7, 33, 59)  # how many inputs are answered at a time, 100 together
TOLERANCE = 1e-4  # relative to the largest answer
# Of int8: how many of the answers must be those of float32, and how many fewer than at
# first they may be elsewhere, where a processor rounds int8 sums in its own way.
LEAST, SLACK = 0.9, 0.02
ENDING = ".checks.npz"
LARGEST = 2**28  # bytes of the arrays beside a stranger's file
# What NumPy raises of a damaged file: an array's shape may be any, and its name text.
_FAULTS = (ValueError, TypeError, KeyError, IndexError, EOFError, MemoryError)


def beside(path: Path) -> Path:
    return path.with_name(path.name + ENDING)


def save(
    path: Path, inputs: np.ndarray, answers: np.ndarray, least: float | None = None
) -> None:
    """Write what is to be compared, beside `path`.

    Args:
        path: of the exported file.
        inputs: to be answered.
        answers: of the network, in float32.
        least: of a file in int8, what share of its answers must be the same as these,
            see `agreement`; None for a file in float32.
    """
    arrays = {"inputs": inputs, "answers": answers}
    if least is not None:
        arrays["least"] = np.array(least)
    np.savez_compressed(beside(path), **arrays)


def least(path: Path) -> float | None:
    """What share of an int8 file's answers must be the same; None if it is float32."""
    return _read(path)[2]


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The inputs beside an exported file, and their answers.

    Raises:
        Mistake: there are none, or they are damaged.
    """
    return _read(path)[:2]


def _read(
    path: Path, largest: float = math.inf
) -> tuple[np.ndarray, np.ndarray, float | None]:
    file = beside(path)
    if not file.is_file():
        raise Mistake(f"{file} is missing: it holds what {path.name} is compared with")
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(each.file_size for each in archive.infolist()) > largest:
                raise ValueError(f"it has more than {largest:,} bytes")
        with np.load(file, allow_pickle=False) as arrays:
            inputs, answers = arrays["inputs"], arrays["answers"]
            share = float(arrays["least"]) if "least" in arrays else None
        if len(inputs) != len(answers) or not len(inputs):
            raise ValueError(f"{len(inputs)} inputs and {len(answers)} answers")
        if inputs.dtype.kind not in "fiub" or answers.dtype.kind != "f":
            raise ValueError(f"inputs of {inputs.dtype}, answers of {answers.dtype}")
        if answers.ndim < 2:
            raise ValueError(f"answers of shape {answers.shape}")
    except (OSError, *_FAULTS, zipfile.BadZipFile, zlib.error) as error:
        raise Mistake(f"{file} is damaged: {error}") from error
    return inputs, answers, share


def agreement(found: np.ndarray, expected: np.ndarray) -> float:
    """The share of inputs, 0 to 1, of which the same is said.

    That is which output stands out most from its median over all inputs, and of one
    output on which side of its median it is: the plain answers to made-up inputs could
    all be of one class, and would agree whatever the file holds.

    Args:
        found, expected: what two networks answer, (n, outputs), or (n, window, tokens).
    """
    if expected.ndim > 2:  # of each token of a text
        found, expected = (x.reshape(-1, x.shape[-1]) for x in (found, expected))
    middle = np.median(expected, axis=0)
    said = [
        each.argmax(axis=1) if each.shape[1] > 1 else each > 0
        for each in (found - middle, expected - middle)
    ]
    return float((said[0] == said[1]).mean())


def compare(path: Path, name: str, trust: bool = True) -> float:
    """By how much a file's answers differ, relative to the largest right one.

    Of a file in int8, the share of answers that are the same, see `agreement`.

    Args:
        path: of the file, beside which its checks lie.
        name: its format.
        trust: without it, what the file may take of memory and time is bounded, where
            the format's runtime allows that.

    Raises:
        Mistake: by more than `TOLERANCE`, or fewer are the same than the checks
            demand, or it answers nothing.
    """
    inputs, expected, share = _read(path, math.inf if trust else LARGEST)
    format = formats.module(name)
    strictly = getattr(format, "opened_strictly", format.opened)
    try:
        answer = format.opened(path) if trust else strictly(path)
        cuts = np.cumsum(BATCHES)[:-1]
        parts = [answer(part) for part in np.split(inputs, cuts) if len(part)]
        found = np.concatenate(parts)
    except Mistake:
        raise
    # Each runtime fails in its own way.
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise Mistake(f"{path} does not answer: {lines[0][:300]}") from error
    if found.shape != expected.shape:
        raise Mistake(f"{path} gives {found.shape}; expected: {expected.shape}")
    if share is not None:
        same = agreement(found, expected)
        if not same >= share:
            raise Mistake(
                f"{same:.0%} of the answers of {path}, which is int8, are those of the "
                f"network in float32; accepted: at least {share:.0%}"
            )
        return same
    largest = float(np.abs(expected).max()) or 1.0
    difference = float(np.abs(found - expected).max()) / largest
    if not difference <= TOLERANCE:
        raise Mistake(
            f"the answers of {path} differ by {difference:.1e}, relative to the "
            f"largest; accepted: {TOLERANCE}"
        )
    return difference
