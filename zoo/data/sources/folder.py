"""A folder of class folders, with or without train/ and test/ above them."""

import hashlib
import os
import warnings
from pathlib import Path

import numpy as np

from zoo.core.progress import track
from zoo.data.cache import remember
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds import pictures
from zoo.data.splits import carve
from zoo.errors import Mistake

SIZE = 224
SHOWN = 10  # file names in an error


def read(
    path: str | os.PathLike,
    size: int | tuple[int, int] = SIZE,
    channels: int = 3,
    test: float | None = None,
) -> Dataset:
    """The pictures of a folder, each class in a folder of its own.

    Without train/ and test/, a test split is carved out: stratified, always the same.
    Hidden files and files that are no pictures by their names are passed over.

    Args:
        path: the folder.
        size: height and width in pixels, one number if they are equal. The middle of
            each picture is cut out in these proportions and resized, antialiased.
        channels: 3 for RGB, 1 for gray.
        test: share of the pictures to carve out for the test, default 0.2; not for a
            folder with its own test/.

    Raises:
        Mistake: no folder, no classes, one class, an empty class, classes that differ
            between train/ and test/, or unreadable pictures, all of which it names.
    """
    root = Path(path).expanduser()
    size, channels = pictures.checked(size, channels)
    if not root.is_dir():
        raise Mistake(f"there is no folder {path}")
    parts = _parts(root)
    if "test" in parts and test is not None:
        raise Mistake(f"{path} has its own test/; leave out test={test}")
    classes = tuple(parts["train"])
    listing = [
        (part, label, file)
        for part, folders in parts.items()
        for label, name in enumerate(classes)
        for file in folders[name]
    ]
    identity = {
        "folder": str(root.resolve()),
        "size": size,
        "channels": channels,
        "files": _fingerprint(listing),
    }
    arrays, facts = remember(
        root.resolve().name, identity, lambda to: _convert(listing, size, channels, to)
    )
    if facts["twins"]:
        warnings.warn(
            f"{len(facts['twins'])} pictures of {path} lie in train/ as well as in "
            f"test/, the first is {facts['twins'][0]}; the test flatters the network",
            stacklevel=2,
        )
    splits = {
        part: Split(arrays[f"{part}_inputs"], arrays[f"{part}_targets"])
        for part in parts
    }
    description = f"Pictures in {root.name}/, one folder for each class."
    if "test" not in splits:
        share = 0.2 if test is None else test
        kept, held = carve(splits["train"].targets, share, 0, classes, "test")
        everything = splits["train"]
        splits["train"] = everything.take(kept)
        if len(held):
            splits["test"] = everything.take(held)
            description += (
                f" The folder has no test/: {len(held)} of {len(everything)} pictures "
                "were carved out as the test split, stratified, seed 0."
            )
    return Dataset(
        name=str(path),
        kind="image",
        train=splits["train"],
        test=splits.get("test"),
        classes=classes,
        license="that of the pictures: zoo does not know it",
        description=description,
        border=facts["border"],
    )


def _parts(root: Path) -> dict[str, dict[str, list[Path]]]:
    """{"train": {class: files}, "test": ...}; "train" alone if there is no test/."""
    tops = {folder.name for folder in _folders(root)}
    if "train" not in tops:
        return {"train": _classes(root)}
    parts = {part: _classes(root / part) for part in ("train", "test") if part in tops}
    odd = set(parts["train"]) ^ set(parts.get("test", parts["train"]))
    if odd:
        raise Mistake(
            f"train/ and test/ in {root} hold different classes; only in one of them: "
            + ", ".join(sorted(odd))
        )
    return parts


def _classes(root: Path) -> dict[str, list[Path]]:
    found = {folder.name: _pictures(folder) for folder in _folders(root)}
    wanted = "put the pictures of each class into a folder: class/picture.jpg"
    if not found:
        raise Mistake(f"{root} has no class folders; {wanted}")
    empty = [name for name, files in found.items() if not files]
    if empty:
        deep = any(_folders(root / empty[0]))
        hint = ", only folders" if deep else f" ({', '.join(pictures.SUFFIXES)})"
        raise Mistake(f"{root / empty[0]} holds no pictures{hint}; {wanted}")
    if len(found) == 1:
        raise Mistake(f"{root} has one class, '{next(iter(found))}'; two are needed")
    return found


def _folders(root: Path) -> list[Path]:
    plain = (p for p in root.iterdir() if p.is_dir() and p.name[0] not in "._")
    return sorted(plain)


def _pictures(root: Path) -> list[Path]:
    return sorted(
        p
        for p in root.iterdir()
        if p.suffix.lower() in pictures.SUFFIXES and p.name[0] != "." and p.is_file()
    )


def _fingerprint(listing: list[tuple[str, int, Path]]) -> str:
    digest = hashlib.sha256()
    for part, label, file in listing:
        stat = file.stat()
        digest.update(f"{part}|{label}|{file.name}|".encode())
        digest.update(f"{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _convert(
    listing: list[tuple[str, int, Path]],
    size: tuple[int, int],
    channels: int,
    to: Path,
) -> dict:
    """Decode every picture into the folder `to`."""
    broken, seen, border = [], {}, None

    def load(file: Path) -> tuple[str, np.ndarray | None]:
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        try:
            return digest, pictures.read(content, channels, size)
        except Mistake:
            return digest, None

    for part in dict.fromkeys(part for part, _, _ in listing):
        files = [(label, file) for p, label, file in listing if p == part]
        inputs = np.lib.format.open_memmap(
            to / f"{part}_inputs.npy", "w+", np.uint8, (len(files), *size, channels)
        )
        targets = np.array([label for label, _ in files], np.int32)
        np.save(to / f"{part}_targets.npy", targets)
        with pictures.workers() as pool:
            images = pool.map(load, (file for _, file in files))
            found = track(images, len(files), f"reading {part} pictures")
            for i, (digest, image) in enumerate(found):
                file = str(files[i][1])
                if image is None:
                    broken.append(file)
                else:
                    inputs[i] = image
                    seen.setdefault(digest, {}).setdefault(part, file)
        if part == "train" and channels == 1:
            border = pictures.border(inputs)
    if broken:
        more = f", and {len(broken) - SHOWN} more" if len(broken) > SHOWN else ""
        raise Mistake(
            f"{len(broken)} of {len(listing)} pictures cannot be read: "
            + ", ".join(broken[:SHOWN])
            + more
            + "; remove or replace them"
        )
    twins = [files["test"] for files in seen.values() if len(files) == 2]
    return {"border": border, "twins": twins}
