"""Arrays in files: .npz, pairs of .npy, and the idx files of MNIST."""

import gzip
import os
import re
import warnings
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from zoo.core import signatures
from zoo.core.kept import IN_MEMORY, answers_in, array, name_of
from zoo.core.paths import expand
from zoo.data.dataset import SPLITS, Dataset, Split
from zoo.data.kinds import cells, pictures, pixels
from zoo.data.kinds.sheet import Sheet
from zoo.data.sources import copies, table
from zoo.data.sources.targets import answers_of
from zoo.data.splits import carved
from zoo.errors import Mistake

SUFFIXES = (".npz", ".npy")
IDX = re.compile(r"(?P<part>.*)(?P<kind>images|labels)(?P<rest>[-.]idx\d-ubyte(\.gz)?)")
INPUTS = ("x", "inputs", "images", "data", "features")
TARGETS = ("y", "targets", "labels", "target", "label")
DAMAGES = (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile)
PARTS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "t10k"),
}


def is_one(path: Path) -> bool:
    """Whether a path is a file of arrays, or a folder that holds idx files."""
    if path.is_dir():
        return any(IDX.fullmatch(each.name) for each in path.iterdir())
    return path.suffix.lower() in SUFFIXES or bool(IDX.fullmatch(path.name))


def read(
    path: str | os.PathLike,
    target: str | None = None,
    task: str | None = None,
    test: float | None = None,
) -> Dataset:
    """Inputs and targets in files of arrays.

    Inputs of shape (n, columns) are rows, of (n, H, W) or (n, H, W, C) pictures, and of
    (n,) texts. Targets of shape (n, k) are k numbers, or labels if all are 0 or 1.
    Splits are told by names such as x_train and y_test in an .npz, and
    train-images-idx3-ubyte.gz beside t10k-labels-idx1-ubyte.gz. Without a test among
    them, a share is carved out: stratified, always the same.

    Args:
        path: an .npz; the .npy of the inputs; an idx file, or the folder of several.
        target: of an .npy, the .npy of the targets; of an .npz, the name of the array.
        task: see `zoo.data.sources.table.read`.
        test: share to carve out for the test, default 0.2.

    Raises:
        Mistake: a file is missing or damaged, or inputs and targets do not fit.
    """
    place = expand(path)
    if not place.exists():
        raise Mistake(f"there is no file {path}")
    if not (place.is_file() or place.is_dir()):  # reading it may never end
        raise Mistake(f"{path} is a pipe or a device; give a file")
    try:
        if place.is_dir() or IDX.fullmatch(place.name):
            found = _idx(place)
        elif place.suffix.lower() == ".npy":
            found = _npy(place, target)
        else:
            found = _npz(place, target)
    except Mistake:
        raise
    except DAMAGES as error:
        raise unreadable(place, error) from error
    called = name_of(place)
    where = called if called == IN_MEMORY else str(path)
    for part, (inputs, targets) in found.items():
        if not len(inputs) or len(inputs) != len(targets):
            raise Mistake(
                f"{where}: {part} has {len(inputs):,} inputs and {len(targets):,} "
                "targets; give equally many"
            )
    shapes = {inputs.shape[1:] for inputs, _ in found.values()}
    if len(shapes) > 1:
        raise Mistake(f"{where}: the splits have inputs of shapes {sorted(shapes)}")
    together = [np.concatenate(each) for each in zip(*found.values(), strict=True)]
    dataset = replace(_dataset(where, called, *together, task), name=str(path))
    starts = np.cumsum([0, *(len(targets) for _, targets in found.values())])
    splits = {
        part: dataset.train.take(np.arange(first, last))
        for part, first, last in zip(found, starts, starts[1:], strict=False)
    }
    return carved(replace(dataset, **splits), test)


def unreadable(path: Path, error: Exception) -> Mistake:
    """The error for a file that NumPy cannot read, by one of `DAMAGES`."""
    why = signatures.instead_of(path) or str(error)[:200]
    if "pickle" in why:
        why = (
            "it is no file of arrays, or holds objects of Python, which are not read; "
            "save numbers by numpy.save or numpy.savez"
        )
    return Mistake(f"{path} cannot be read: {why}")


def inputs(path: Path) -> np.ndarray:
    """The inputs in a file of arrays, whatever beside them it holds.

    Raises:
        Mistake: it has several arrays, and none is called x; or it holds labels.
        Exception: one of `DAMAGES`.
    """
    if match := IDX.fullmatch(path.name):
        if match["kind"] != "images":
            raise Mistake(f"{path} holds labels; give the file of the images")
        return _idx_array(path)
    if path.suffix.lower() == ".npy":
        return np.load(path)
    with open(path, "rb") as opened, np.load(opened) as file:
        named = {name.lower(): name for name in file.files}
        chosen = next((named[each] for each in INPUTS if each in named), None)
        if chosen is None and len(named) > 1:
            raise Mistake(
                f"{path} has the arrays {', '.join(file.files)}; call the one that is "
                "to be answered x"
            )
        return file[chosen or file.files[0]]


def _dataset(name: str, file: str, inputs, targets, task: str | None) -> Dataset:
    """All examples as one data set, in its training split."""
    if targets.ndim > 2 or not targets.size:
        raise Mistake(
            f"{name}: targets of shape {targets.shape}; accepted: one for each "
            "example, (n,), or several, (n, k)"
        )
    asked = {each: array(values) for each, values in answers_in(targets).items()}
    if inputs.ndim <= 2:
        columns = dict(asked)
        if inputs.ndim == 1:
            columns["text"] = inputs
        else:
            columns |= {f"x{i + 1}": column for i, column in enumerate(inputs.T)}
        found = Sheet(file, {each: array(values) for each, values in columns.items()})
        text = "text" if inputs.ndim == 1 else None
        return table.of(name, found, tuple(asked), task, text, test=0.0)
    if inputs.ndim == 3:
        inputs = inputs[..., None]
    if inputs.ndim != 4 or inputs.shape[3] not in (1, 3):
        raise Mistake(
            f"{name}: inputs of shape {inputs.shape}; accepted: (n, columns), "
            "(n, H, W), (n, H, W, 1) or (n, H, W, 3)"
        )
    [images] = pixels.to_bytes([inputs], [f"{name}, the inputs"])
    prints = np.array([copies.fingerprint(image) for image in images], np.uint64)
    plain = {each: cells.plain(values) for each, values in asked.items()}
    answers = answers_of(Sheet(file), plain, task)
    return Dataset(
        name=name,
        kind="image",
        train=Split(images, answers.values, prints),
        classes=answers.classes,
        license="that of the pictures: zoo does not know it",
        description=f"The pictures of {file}.",
        task=answers.task,
        outputs=answers.outputs,
        border=pictures.border(images) if images.shape[3] == 1 else None,
    )


def _npy(path: Path, target: str | None) -> dict[str, tuple]:
    if not target:
        raise Mistake(
            f"{path} holds inputs; name the file of their targets: --target "
            f"{path.with_name('y.npy')}"
        )
    other = expand(target)
    if not other.is_file():
        other = path.parent / target
    if not other.is_file():
        raise Mistake(f"there is no file {target}, which should hold the targets")
    return {"train": (np.load(path), np.load(other))}


def _npz(path: Path, target: str | None) -> dict[str, tuple]:
    with open(path, "rb") as opened, np.load(opened) as file:
        arrays = {name: file[name] for name in file.files}
    named = {name.lower(): name for name in arrays}
    if target and target not in arrays:
        raise Mistake(f"{path} has no array '{target}'; it has {', '.join(arrays)}")
    found = {}
    for part, words in PARTS.items():
        pair = [_named(named, words, kinds) for kinds in (INPUTS, TARGETS)]
        if all(pair):
            found[part] = tuple(arrays[name] for name in pair)
    if "train" in found:
        used = [array for pair in found.values() for array in pair]
        _tell(path, [name for name in arrays if not _is_any(arrays[name], used)])
        return found
    outputs = target or next((named[each] for each in TARGETS if each in named), None)
    others = [name for name in arrays if name != outputs]
    inputs = next((named[each] for each in INPUTS if each in named), None)
    inputs = inputs or (others[0] if len(others) == 1 else None)
    if not inputs or not outputs:
        raise Mistake(
            f"{path} has the arrays {', '.join(arrays)}; call them x and y, or "
            "x_train, y_train, x_test and y_test"
        )
    _tell(path, [name for name in arrays if name not in (inputs, outputs)])
    return {"train": (arrays[inputs], arrays[outputs])}


def _tell(path: Path, left: list[str]) -> None:
    if left:
        names = ", ".join(left[:10])
        warnings.warn(f"{path}: not used: {names}", stacklevel=5)


def _is_any(array: np.ndarray, arrays: list[np.ndarray]) -> bool:
    return any(array is each for each in arrays)


def _named(names: dict[str, str], parts: tuple, kinds: tuple) -> str | None:
    """The array that is called after a split and what it holds, such as x_train."""
    spelled = [f"{kind}_{part}" for part in parts for kind in kinds]
    spelled += [f"{part}_{kind}" for part in parts for kind in kinds]
    return next((names[each] for each in spelled if each in names), None)


def _idx(path: Path) -> dict[str, tuple]:
    """The pairs of idx files in a folder, or beside one of them."""
    folder = path if path.is_dir() else path.parent
    pairs: dict[str, dict[str, Path]] = {}
    for file in sorted(folder.iterdir()):
        if (match := IDX.fullmatch(file.name)) is None or not file.is_file():
            continue
        part = match["part"].strip("-_. ").lower()
        pairs.setdefault(_split(part), {})[match["kind"]] = file
    for files in pairs.values():
        for kind in ("images", "labels"):
            if kind not in files:
                [other] = files.values()
                raise Mistake(f"{other} has no {kind} beside it, of the same split")
    if "train" not in pairs:
        raise Mistake(f"{folder} has no idx files of a training split")
    return {
        part: (_idx_array(pairs[part]["images"]), _idx_array(pairs[part]["labels"]))
        for part in SPLITS
        if part in pairs
    }


def _split(word: str) -> str:
    for part, words in PARTS.items():
        if word in words:
            return part
    return "train"


def _idx_array(path: Path) -> np.ndarray:
    """The array of an idx file: two zeros, the type, the number of axes, their lengths.

    Source: Y. LeCun, "The MNIST database", the file format at its end.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        start = file.read(4)
        if len(start) < 4 or start[:3] != b"\0\0\x08" or not 1 <= start[3] <= 4:
            raise Mistake(f"{path} is no idx file of bytes")
        shape = np.frombuffer(file.read(4 * start[3]), ">u4").astype(int)
        size = int(np.prod(shape, dtype=object))
        content = file.read(min(size, 2**33) + 1)
    if len(shape) != start[3] or len(content) != size:
        raise Mistake(
            f"{path} is damaged: {size:,} bytes should follow its head, and "
            f"{len(content):,} do"
        )
    return np.frombuffer(content, np.uint8).reshape(shape)
