"""What lies in a folder of pictures: splits, classes, files, and what is no picture."""

import os
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from zoo.data.kinds import picture_files
from zoo.errors import Mistake

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
}
# What systems and tools leave behind; nobody means it as data.
JUNK = (
    *("thumbs.db", "desktop.ini", "__macosx", ".ds_store", ".gitkeep", ".gitignore"),
    *("@eadir", "lost+found", "$recycle.bin", "system volume information"),
)
WANTED = "put the pictures of each class into a folder: class/picture.jpg"


@dataclass
class Listing:
    """The pictures of a folder.

    parts: the files by split and class; the split "train" alone where the folder
        holds class folders and no splits.
    folders: the folder of each split.
    passed: what is no picture of a class: the path, and why.
    """

    parts: dict[str, dict[str, list[Path]]] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    passed: list[tuple[Path, str]] = field(default_factory=list)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of their letters."""
        return tuple(self.parts[TRAIN])

    def files(self) -> list[tuple[str, int, Path]]:
        """Split, class number and path of every picture, split by split."""
        return [
            (part, label, file)
            for part, classes in self.parts.items()
            for label, name in enumerate(self.classes)
            for file in classes.get(name, ())
        ]


def look(root: Path) -> Listing:
    """List a folder of class folders, or of train/, val/ and test/ that hold them.

    A folder train/ that holds pictures itself, beside other folders of pictures, is a
    class that is called "train".

    Raises:
        Mistake: no classes, one class, a class without pictures, splits without
            train/, two folders for one split, a class that is not in train/, or a
            folder that cannot be read.
    """
    listing, above = Listing(), Listing()
    folders, files = _inside(root, above)
    listing.folders = _splits(root, folders)
    if not listing.folders:
        listing.folders = {TRAIN: root}
        listing.parts[TRAIN] = _classes(root, listing)
    else:
        beside = [p for p in folders + files if p not in listing.folders.values()]
        listing.passed += above.passed
        listing.passed += [(p, "it lies beside the splits") for p in beside]
        for part, folder in listing.folders.items():
            listing.parts[part] = _classes(folder, listing)
    _check_train(listing)
    for part in listing.parts:
        _check_classes(root, listing, part)
    return listing


def class_name(folder: Path) -> str:
    """The name of a class folder, read as UTF-8 whatever the locale.

    Bytes that are not UTF-8 are kept, as Python keeps them in names of files. Accents
    are letters' own (NFC); macOS writes them as characters beside the letters.
    """
    name = os.fsencode(folder.name).decode("utf-8", "surrogateescape")
    return unicodedata.normalize("NFC", name)


def _splits(root: Path, folders: list[Path]) -> dict[str, Path]:
    """The folder of each split, the training split first; empty if there are none."""
    named = [folder for folder in folders if folder.name.lower() in SPLITS]
    if len(named) < len(folders):
        named = [folder for folder in named if not _pictures_in(folder)]
    found: dict[str, Path] = {}
    for folder in named:
        part = SPLITS[folder.name.lower()]
        if part in found:
            raise Mistake(
                f"{root} has {found[part].name}/ and {folder.name}/, both for the "
                f"{part} split; put their pictures into one"
            )
        found[part] = folder
    if found and TRAIN not in found:
        names = ", ".join(f"{folder.name}/" for folder in found.values())
        raise Mistake(
            f"{root} has {names} but no train/; put the class folders of the training "
            f"pictures into {root / 'train'}"
        )
    return {part: found[part] for part in (TRAIN, VALIDATION, TEST) if part in found}


def _classes(root: Path, listing: Listing) -> dict[str, list[Path]]:
    folders, files = _inside(root, listing)
    listing.passed += [(file, "it lies beside the class folders") for file in files]
    found = {}
    for folder in folders:
        if class_name(folder) in found:
            raise Mistake(
                f"{root} has two folders for the class '{class_name(folder)}', whose "
                "names differ in the bytes of an accent; put their pictures into one"
            )
        inner, files = _inside(folder, listing)
        found[class_name(folder)] = list(filter(picture_files.is_one, files))
        others = set(files) - set(found[class_name(folder)])
        listing.passed += [(file, "it is no picture") for file in sorted(others)]
        if found[class_name(folder)]:
            inside = "it lies inside a class folder"
            listing.passed += [(folder, inside) for folder in inner]
        elif inner:
            raise Mistake(f"{folder} holds no pictures, only folders; {WANTED}")
    return dict(sorted(found.items()))


def _check_train(listing: Listing) -> None:
    found, root = listing.parts[TRAIN], listing.folders[TRAIN]
    if not found:
        raise Mistake(f"{root} has no class folders; {WANTED}")
    empty = [name for name, files in found.items() if not files]
    if empty:
        known = ", ".join(picture_files.SUFFIXES)
        raise Mistake(f"{root / empty[0]} holds no pictures ({known}); {WANTED}")
    if len(found) == 1:
        raise Mistake(f"{root} has one class, '{next(iter(found))}'; two are needed")


def _check_classes(root: Path, listing: Listing, part: str) -> None:
    """Classes that are in train/ alone are allowed; see `lacking`."""
    found = {name for name, files in listing.parts[part].items() if files}
    if not found:
        raise Mistake(f"{listing.folders[part]} has no class folders; {WANTED}")
    if found - set(listing.classes):
        first, other = listing.folders[TRAIN].name, listing.folders[part].name
        odd = ", ".join(sorted(found ^ set(listing.classes)))
        raise Mistake(
            f"{first}/ and {other}/ in {root} hold different classes; only in one of "
            f"them: {odd}"
        )


def lacking(listing: Listing, part: str) -> list[str]:
    """The classes of which a split has no picture."""
    found = listing.parts[part]
    return [name for name in listing.classes if not found.get(name)]


def _inside(root: Path, listing: Listing) -> tuple[list[Path], list[Path]]:
    """The folders and the other entries of a folder, sorted, without hidden ones."""
    try:
        entries = sorted(root.iterdir(), key=os.fsencode)
    except OSError as error:
        raise Mistake(f"{root} cannot be read: {error.strerror}") from error
    folders, files = [], []
    for path in entries:
        if path.name.lower() in JUNK or path.name.startswith("._"):
            continue
        if path.is_symlink() and not path.exists():
            target = os.readlink(path)
            listing.passed.append((path, f"it is a link to {target}, not there"))
            continue
        if path.name[0] == ".":
            if picture_files.is_one(path) or (path.is_dir() and _pictures_in(path)):
                listing.passed.append((path, "it is hidden"))
        elif path.is_dir() and path.name[0] == "_":
            listing.passed.append((path, "its name begins with _"))
        else:
            (folders if path.is_dir() else files).append(path)
    return folders, files


def _pictures_in(folder: Path) -> bool:
    _, files = _inside(folder, Listing())
    return any(map(picture_files.is_one, files))
