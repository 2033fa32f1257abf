"""Texts of one's own: class folders of text files, or a file for each class."""

import os
import warnings
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import numpy as np

from zoo.core.paths import expand
from zoo.core.progress import track
from zoo.data import judged
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds.encodings import encoding_of
from zoo.data.kinds.picture_files import SUFFIXES as PICTURES
from zoo.data.kinds.texts import SUFFIXES
from zoo.data.kinds.tokens import split_words
from zoo.data.sources import listing
from zoo.data.sources.listing import TEST, TRAIN, VALIDATION
from zoo.data.splits import carved
from zoo.errors import Mistake

NO_TEXT = f"it is no text ({', '.join(SUFFIXES)}) of a class"
Passed = tuple[Path, str]  # what is not read, and why
LOOKED_AT = 1000  # files, to tell texts from pictures
WANTED = (
    "put the texts of each class into a folder, class/text.txt, or one on each line of "
    "class.txt"
)


def is_one(path: Path) -> bool:
    """Whether a folder holds more texts than pictures.

    Only what is in its folders counts, if it has some: a README beside class folders of
    pictures is no text to be learned from.
    """
    inside = [each for each in path.iterdir() if each.name[0] not in "._"]
    folders = [each for each in inside if each.is_dir()]
    files = chain.from_iterable(each.rglob("*") for each in folders)
    endings = [
        each.suffix.lower() for each in islice(files if folders else inside, LOOKED_AT)
    ]
    written, drawn = (
        sum(ending in known for ending in endings) for known in (SUFFIXES, PICTURES)
    )
    return written > drawn


def read(path: str | os.PathLike, test: float | None = None) -> Dataset:
    """The texts of a folder: each class in a folder of its own, or in a file by lines.

    The splits are train/ (or training/), val/ (valid/, validation/, dev/) and test/
    (testing/); without a val/ and test/, a test split is carved out: stratified, always
    the same. A warning counts what is passed over.

    Args:
        path: the folder.
        test: share of the training texts to carve out for the test, default 0.2, or 0
            if there is a val/; not for a folder with its own test/.

    Raises:
        Mistake: no classes, one class, a class that is in val/ or test/ alone, or a
            file that cannot be read.
    """
    root = expand(path)
    parts, passed, lines = _look(root)
    if passed:
        what = "file or folder is" if len(passed) == 1 else "files or folders are"
        example, why = passed[0]
        warnings.warn(
            f"{len(passed)} {what} passed over in {root}, such as {example}: {why}",
            stacklevel=4,
        )
    classes = tuple(sorted(parts[TRAIN]))
    if len(classes) < (1 if judged.known() else 2):
        found = f"one class, '{classes[0]}'" if classes else "no classes"
        raise Mistake(f"{root} has {found}; two are needed: {WANTED}")
    written, targets = {}, {}
    for part, found in parts.items():
        if odd := sorted(set(found) - set(classes)):
            raise Mistake(f"{root}: only {part} has the class {', '.join(odd)}")
        written[part] = [text for each in classes for text in found.get(each, ())]
        counts = [len(found.get(each, ())) for each in classes]
        targets[part] = np.repeat(np.arange(len(classes), dtype=np.int32), counts)
    count = sum(map(len, written.values()))
    lists = (track(each, count, "splitting words") for each in written.values())
    tokens = dict(zip(written, split_words(*lists), strict=True))
    splits = {part: Split(tokens[part], targets[part]) for part in written}
    dataset = Dataset(
        name=str(path),
        kind="text",
        train=splits[TRAIN],
        validation=splits.get(VALIDATION),
        test=splits.get(TEST),
        classes=classes,
        license="that of the texts: zoo does not know it",
        description=f"Texts in {root.name}/, one folder or file for each class.",
        form={"lines": True} if lines else {},
    )
    return carved(dataset, test)


def _look(root: Path) -> tuple[dict[str, dict[str, list[str]]], list[Passed], bool]:
    """The texts by split and class, what is passed over, and if a line is a text."""
    passed: list[Passed] = []
    folders: dict[str, Path] = {}
    inside = _seen(root, passed)
    for each in inside:
        part = listing.SPLITS.get(each.name.lower()) if each.is_dir() else None
        if part and part in folders:
            raise Mistake(
                f"{root} has {folders[part].name}/ and {each.name}/, both for the "
                f"{part} split; put their texts into one"
            )
        if part:
            folders[part] = each
    others = [each for each in inside if each not in folders.values()]
    if folders and TRAIN not in folders and not any(each.is_dir() for each in others):
        names = ", ".join(f"{folder.name}/" for folder in folders.values())
        raise Mistake(
            f"{root} has {names} but no train/; put the texts to learn from into "
            f"{root / 'train'}"
        )
    if TRAIN in folders:
        passed += [(each, "it lies beside the splits") for each in others]
    else:
        folders, passed = {TRAIN: root}, []
    parts = {
        part: _classes(folders[part], passed)
        for part in (TRAIN, VALIDATION, TEST)
        if part in folders
    }
    for name, found in parts[TRAIN].items():
        if not found:
            raise Mistake(f"{folders[TRAIN] / name} holds no texts; {WANTED}")
    lines = not any(each.is_dir() for each in _seen(folders[TRAIN], []))
    return parts, passed, lines


def _classes(root: Path, passed: list[Passed]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    inside = _seen(root, passed)
    folders = [each for each in inside if each.is_dir()]
    for folder in folders:
        files = list(_files(folder, passed))
        good = [each for each in files if each.suffix.lower() in SUFFIXES]
        passed += [(each, NO_TEXT) for each in files if each not in set(good)]
        found[listing.class_name(folder)] = list(map(_text, good))
    for file in (each for each in inside if not each.is_dir()):
        if folders:
            passed.append((file, "it lies beside the class folders"))
        elif file.suffix.lower() not in SUFFIXES:
            passed.append((file, NO_TEXT))
        elif file.stem in found:
            raise Mistake(f"{root} has two files for the class '{file.stem}'; keep one")
        else:
            found[file.stem] = lines_of(file)
    return found


def _files(folder: Path, passed: list[Passed]) -> Iterator[Path]:
    """The files in a folder and in its folders."""
    for each in _seen(folder, passed):
        if not each.is_dir():
            yield each
        elif each.is_symlink():  # which may lead back
            passed.append((each, "it is a link to a folder, inside of a class"))
        else:
            yield from _files(each, passed)


def _seen(folder: Path, passed: list[Passed]) -> list[Path]:
    """What lies in a folder, sorted, without what is hidden or no plain file."""
    try:
        inside = sorted(folder.iterdir(), key=os.fsencode)
    except OSError as error:
        raise Mistake(f"{folder} cannot be read: {error.strerror}") from error
    found = []
    for each in inside:
        if each.name.lower() in listing.JUNK or each.name.startswith("._"):
            continue
        if each.name[0] in "._":
            if each.is_dir() or each.suffix.lower() in SUFFIXES:
                passed.append((each, f"its name begins with {each.name[0]}"))
        elif each.is_symlink() and not each.exists():
            passed.append((each, "it is a link to nothing"))
        elif not (each.is_dir() or each.is_file()):
            passed.append((each, "it is no plain file"))
        else:
            found.append(each)
    return found


def lines_of(path: Path) -> list[str]:
    """The lines of a file that are not blank, each of them a text."""
    return [line for line in _text(path).splitlines() if line.strip()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding=encoding_of(path))
    except (OSError, UnicodeError) as error:
        raise Mistake(f"{path} cannot be read: {error}") from error
