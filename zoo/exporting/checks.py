"""Inputs with their right answers, which lie beside an exported file."""

import zipfile
from pathlib import Path

import numpy as np

from zoo.errors import Mistake
from zoo.exporting import formats

COUNT = 100
BATCHES = (1, 7, 33, 59)  # how many inputs are answered at a time, 100 together
TOLERANCE = 1e-4  # relative to the largest answer
ENDING = ".checks.npz"


def beside(path: Path) -> Path:
    return path.with_name(path.name + ENDING)


def save(path: Path, inputs: np.ndarray, answers: np.ndarray) -> None:
    """Write what is to be compared, beside `path`."""
    np.savez_compressed(beside(path), inputs=inputs, answers=answers)


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The inputs beside an exported file, and their answers.

    Raises:
        Mistake: there are none, or they are damaged.
    """
    file = beside(path)
    if not file.is_file():
        raise Mistake(f"{file} is missing: it holds what {path.name} is compared with")
    try:
        with np.load(file, allow_pickle=False) as arrays:
            inputs, answers = arrays["inputs"], arrays["answers"]
        if len(inputs) != len(answers) or not len(inputs):
            raise ValueError(f"{len(inputs)} inputs and {len(answers)} answers")
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise Mistake(f"{file} is damaged: {error}") from error
    return inputs, answers


def compare(path: Path, name: str) -> float:
    """By how much a file's answers differ, relative to the largest right one.

    Args:
        path: of the file, beside which its checks lie.
        name: its format.

    Raises:
        Mistake: by more than `TOLERANCE`, or it answers nothing.
    """
    inputs, expected = read(path)
    try:
        answer = formats.module(name).opened(path)
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
    largest = float(np.abs(expected).max()) or 1.0
    difference = float(np.abs(found - expected).max()) / largest
    if not difference <= TOLERANCE:
        raise Mistake(
            f"the answers of {path} differ by {difference:.1e}, relative to the "
            f"largest; accepted: {TOLERANCE}"
        )
    return difference
