"""A folder of class folders, with or without train/, val/ and test/ above them."""

import os
from pathlib import Path

import numpy as np

from zoo.core.paths import expand
from zoo.data.cache import remember
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds import picture_files, pictures
from zoo.data.sources import copies, decoding, listing
from zoo.data.sources.listing import TEST, TRAIN, VALIDATION
from zoo.data.splits import carved
from zoo.errors import Mistake

SIZE = 224


def read(
    path: str | os.PathLike,
    size: int | tuple[int, int] = SIZE,
    channels: int = 3,
    test: float | None = None,
) -> Dataset:
    """The pictures of a folder, each class in a folder of its own.

    The splits are train/ (or training/), val/ (valid/, validation/, dev/) and test/
    (testing/), in letters of any case. Without val/ and test/, a test split is carved
    out: stratified, always the same, copies of a picture on one side. A file without
    an ending that says so is a picture if its first bytes are those of one. Warnings
    count what is passed over, with an example, classes that a split lacks, and
    pictures that lie in two splits or two classes.

    Args:
        path: the folder.
        size: height and width in pixels, one number if they are equal. The middle of
            each picture is cut out in these proportions and resized, antialiased.
        channels: 3 for RGB, 1 for gray.
        test: share of the training pictures to carve out for the test, default 0.2,
            or 0 if there is a val/; not for a folder with its own test/.

    Raises:
        Mistake: no folder, no classes, one class, an empty class, a class that is in
            val/ or test/ alone, or unreadable pictures, which it names with the reason.
    """
    root = expand(path)
    size, channels = picture_files.checked(size, channels)
    if not root.is_dir():
        if root.exists():
            raise Mistake(f"{path} is a file; give the folder that holds class folders")
        raise Mistake(f"there is no folder {path}")
    listed = listing.look(root)
    if TEST in listed.parts and test is not None:
        own = f"{listed.folders[TEST].name}/"
        raise Mistake(f"{path} has its own {own}; leave out test={test}")
    listing.tell(root, listed)
    files = listed.files()
    identity = {
        "folder": str(root.resolve()),
        "size": size,
        "channels": channels,
        "layout": 2,
    }
    state = listing.state_of(files)
    arrays, facts = remember(
        root.resolve().name,
        identity,
        lambda to: {"files": state, **_convert(files, size, channels, to)},
        fresh=lambda facts: facts["files"] == state,
    )
    splits = {
        part: Split(
            arrays[f"{part}_inputs"],
            arrays[f"{part}_targets"],
            arrays[f"{part}_prints"],
        )
        for part in listed.parts
    }
    copies.tell(root, listed, {part: split.prints for part, split in splits.items()})
    dataset = Dataset(
        name=str(path),
        kind="image",
        train=splits[TRAIN],
        validation=splits.get(VALIDATION),
        test=splits.get(TEST),
        classes=listed.classes,
        license="that of the pictures: zoo does not know it",
        description=f"Pictures in {root.name}/, one folder for each class.",
        border=facts["border"],
    )
    return carved(dataset, test)


def _convert(
    listing: list[tuple[str, int, Path]],
    size: tuple[int, int],
    channels: int,
    to: Path,
) -> dict:
    """Decode every picture into the folder `to`."""
    broken, border = [], None
    for part in dict.fromkeys(part for part, _, _ in listing):
        files = [(label, file) for p, label, file in listing if p == part]
        inputs = np.lib.format.open_memmap(
            to / f"{part}_inputs.npy", "w+", np.uint8, (len(files), *size, channels)
        )
        targets = np.array([label for label, _ in files], np.int32)
        np.save(to / f"{part}_targets.npy", targets)
        paths = [file for _, file in files]
        prints, bad = decoding.fill(inputs, paths, f"reading {part} pictures")
        np.save(to / f"{part}_prints.npy", prints)
        broken += bad
        if part == TRAIN and channels == 1:
            border = pictures.border(inputs)
    decoding.refuse(broken, len(listing))
    return {"border": border}
