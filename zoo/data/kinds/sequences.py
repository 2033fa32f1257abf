"""Sequences of several channels and unequal lengths: arrays, and files in .ts form.

The form is that of the time series classification archive, A. Bagnall et al. 2018,
arXiv:1811.00075: after a head of lines with @, an example a line, its channels with
colons between them and its class at the end.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zoo.core import signatures
from zoo.core.numbers import read_float
from zoo.data.kinds.given import array, described, is_array
from zoo.errors import Mistake

SUFFIX = ".ts"
LARGEST = 2**28  # bytes of a file
WANTED = "an array (steps, channels), a list of such, or the name of a .ts file"


def read(path: str | os.PathLike) -> tuple[list[np.ndarray], list[str]]:
    """The sequences of a .ts file, and the class of each.

    Returns:
        float32 arrays (steps, channels), NaN where a number is missing ("?"); and the
        last field of each line, "" where the head says that there is no class.

    Raises:
        Mistake: there is no such file, or a line that is none; it is named.
    """
    name = os.fspath(path)
    try:
        if os.path.getsize(path) > LARGEST:
            raise Mistake(f"{name} is larger than {LARGEST:,} bytes")
        signatures.check_text(name, signatures.beginning(path))
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError as error:
        raise Mistake(f"there is no file {name}") from error
    except (OSError, ValueError) as error:
        raise Mistake(f"{name} cannot be read as a .ts file: {error}") from error
    return parsed(text, name)


def parsed(text: str, name: str) -> tuple[list[np.ndarray], list[str]]:
    """The sequences of a .ts file's text, and their classes, see `read`."""
    found, classes, begun, labeled = [], [], False, True
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line[0] == "#":
            continue
        if line[0] == "@":
            begun |= line.lower().startswith("@data")
            if line.lower().startswith(("@classlabel false", "@targetlabel false")):
                labeled = False
            continue
        if not begun:
            raise Mistake(f"{name}, line {number}: an example before @data")
        fields = line.split(":")
        classes.append(fields.pop().strip() if labeled else "")
        found.append(_sequence(fields, f"{name}, line {number}"))
    if not found:
        raise Mistake(f"{name} holds no examples behind @data")
    return found, classes


def _sequence(fields: list[str], where: str) -> np.ndarray:
    try:
        channels = [
            [float("nan") if each.strip() == "?" else read_float(each) for each in row]
            for row in (field.split(",") for field in fields)
        ]
        found = np.array(channels, np.float32).T
    except ValueError as error:
        raise Mistake(
            f"{where}: accepted: channels of equally many numbers, with colons between "
            f"them; {str(error)[:80]}"
        ) from error
    if not found.size:
        raise Mistake(f"{where}: it holds no numbers")
    return found


def written(sequence: np.ndarray) -> str:
    """A .ts file of one sequence, (steps, channels), without its class."""
    known = sequence[~np.isnan(sequence).all(axis=1)]
    channels = [",".join(f"{value:.6g}" for value in row) for row in known.T]
    return f"@classLabel false\n@data\n{':'.join(channels)}\n".replace("nan", "?")


def padded(sequences: Sequence[np.ndarray], length: int) -> np.ndarray:
    """Sequences as float32 (n, length, channels), NaN behind the end of each."""
    rows = np.full((len(sequences), length, sequences[0].shape[1]), np.nan, np.float32)
    for row, each in zip(rows, sequences, strict=True):
        row[: len(each)] = each[:length]
    return rows


def items(given) -> list:
    """The sequences that a user gave: pairs of a name and an array (steps, channels).

    Args:
        given: an array (steps, channels) or (n, steps, channels), NaN behind the end;
            the name of a .ts file; or a list of these.

    Raises:
        Mistake: one is no sequence; it is named.
    """
    if isinstance(given, list) and all(map(_is_named, given)):
        return given  # which were read before
    if isinstance(given, list | tuple) and not all(
        isinstance(each, int | float) for each in given
    ):
        return [
            (name if name else f"input {number}", found)
            for number, each in enumerate(given, 1)
            for name, found in _one(each)
        ]
    return [
        (name or f"input {number}", found)
        for number, (name, found) in enumerate(_one(given), 1)
    ]


def _is_named(item) -> bool:
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str)


def _one(given) -> list[tuple[str, np.ndarray]]:
    if isinstance(given, str | os.PathLike):
        if Path(given).suffix.lower() != SUFFIX:
            raise Mistake(f"{described(given)} is no sequence; give {WANTED}")
        found, _ = read(given)
        many = len(found) > 1
        return [
            (f"{given} {number}" if many else str(given), each)
            for number, each in enumerate(found, 1)
        ]
    if not is_array(given) and not isinstance(given, list | tuple):
        raise Mistake(f"{described(given)} is no sequence; give {WANTED}")
    try:
        found = array(given) if is_array(given) else np.asarray(given, np.float32)
    except (ValueError, TypeError) as error:
        raise Mistake(f"{described(given)} is no sequence; give {WANTED}") from error
    if found.ndim not in (2, 3) or found.dtype.kind not in "iuf":
        raise Mistake(
            f"an array of shape {found.shape} and type {found.dtype} is no sequence; "
            f"give {WANTED}"
        )
    return [("", each) for each in (found if found.ndim == 3 else [found])]


def decode(raw: list, shape: tuple[int, ...]) -> np.ndarray:
    """Sequences as float32 (n, steps, channels), NaN behind the end of each.

    Raises:
        Mistake: one is longer, has other channels, holds infinity, or nothing.
    """
    length, channels = shape
    found = []
    for name, each in raw:
        each = np.asarray(each, np.float32)
        if each.shape[1] != channels:
            raise Mistake(
                f"{name} has {each.shape[1]} channels; this network learned from "
                f"sequences of {channels}"
            )
        known = ~np.isnan(each).all(axis=1)
        steps = int(np.flatnonzero(known).max(initial=-1)) + 1
        if not steps:
            raise Mistake(f"{name} holds no numbers")
        if steps > length:
            raise Mistake(
                f"{name} has {steps:,} steps; this network takes at most {length:,}"
            )
        if np.isinf(each).any():
            raise Mistake(f"{name} holds infinity")
        found.append(each[:steps])
    return padded(found, length)
