"""What lies in a folder of pictures or sounds: splits, classes, files, and the rest."""

import hashlib
import os
import unicodedata
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from zoo.core import signatures
from zoo.data import judged
from zoo.data.kinds import picture_files, sound_files
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
SHOWN = 10  # classes in a warning


@dataclass(frozen=True)
class Files:
    """What is looked for in a folder.

    noun: what one file is called.
    example: the name of one.
    suffixes: with which their names end.
    is_one: tells them from others.
    from_others: the kinds of other files that can be saved as one.
    """

    noun: str
    example: str
    suffixes: tuple[str, ...]
    is_one: Callable[[Path], bool]
    from_others: tuple[str, ...]

    def count(self, number: int) -> str:
        """So many of them, in words."""
        return f"{number:,} {self.noun}{'s' * (number != 1)}"

    @property
    def wanted(self) -> str:
        """What to do with them."""
        return f"put the {self.noun}s of each class into a folder: class/{self.example}"


PICTURES = Files(
    "picture",
    "picture.jpg",
    picture_files.SUFFIXES,
    picture_files.is_one,
    (signatures.PICTURE, signatures.PAGES, signatures.FILM),
)
SOUNDS = Files(
    "sound",
    "sound.wav",
    sound_files.SUFFIXES,
    sound_files.is_one,
    (signatures.FILM,),
)


@dataclass
class Listing:
    """The pictures or sounds of a folder.

    kind: which of them.
    parts: the files by split and class; the split "train" alone where the folder
        holds class folders and no splits.
    folders: the folder of each split.
    passed: what is none of them of a class: the path, and why.
    """

    kind: Files = PICTURES
    parts: dict[str, dict[str, list[Path]]] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    passed: list[tuple[Path, str]] = field(default_factory=list)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of their letters."""
        return tuple(self.parts[TRAIN])

    def files(self) -> list[tuple[str, int, Path]]:
        """Split, class number and path of every file, split by split."""
        return [
            (part, label, file)
            for part, classes in self.parts.items()
            for label, name in enumerate(self.classes)
            for file in classes.get(name, ())
        ]


def look(root: Path, kind: Files = PICTURES) -> Listing:
    """List a folder of class folders, or of train/, val/ and test/ that hold them.

    A folder train/ that holds files itself, beside other folders of files, is a class
    that is called "train".

    Raises:
        Mistake: no classes, one class, a class without files, splits without
            train/, two folders for one split, a class that is not in train/, or a
            folder that cannot be read.
    """
    listing, above = Listing(kind), Listing(kind)
    folders, files = _inside(root, above)
    listing.folders = _splits(root, folders, kind)
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


def look_without_splits(root: Path, kind: Files) -> Listing:
    """List a folder of class folders, of which one is enough, and no splits.

    Raises:
        Mistake: no classes, a class without files, splits, or a folder that cannot be
            read.
    """
    listing = Listing(kind, folders={TRAIN: root})
    for folder in _inside(root, Listing(kind))[0]:
        if folder.name.lower() in SPLITS and not _any_in(folder, kind):
            raise Mistake(
                f"{root} holds {folder.name}/, as if it had splits; give a folder that "
                f"holds the class folders themselves, such as {folder}"
            )
    listing.parts[TRAIN] = _classes(root, listing)
    _check_filled(listing)
    return listing


def class_name(folder: Path) -> str:
    """The name of a class folder, read as UTF-8 whatever the locale.

    Bytes that are not UTF-8 are kept, as Python keeps them in names of files. Accents
    are letters' own (NFC); macOS writes them as characters beside the letters.
    """
    name = os.fsencode(folder.name).decode("utf-8", "surrogateescape")
    return unicodedata.normalize("NFC", name)


def _splits(root: Path, folders: list[Path], kind: Files) -> dict[str, Path]:
    """The folder of each split, the training split first; empty if there are none."""
    named = [folder for folder in folders if folder.name.lower() in SPLITS]
    if len(named) < len(folders):
        named = [folder for folder in named if not _any_in(folder, kind)]
    found: dict[str, Path] = {}
    for folder in named:
        part = SPLITS[folder.name.lower()]
        if part in found:
            raise Mistake(
                f"{root} has {found[part].name}/ and {folder.name}/, both for the "
                f"{part} split; put their {kind.noun}s into one"
            )
        found[part] = folder
    if found and TRAIN not in found:
        names = ", ".join(f"{folder.name}/" for folder in found.values())
        raise Mistake(
            f"{root} has {names} but no train/; put the class folders of the training "
            f"{kind.noun}s into {root / 'train'}"
        )
    return {part: found[part] for part in (TRAIN, VALIDATION, TEST) if part in found}


def _classes(root: Path, listing: Listing) -> dict[str, list[Path]]:
    folders, files = _inside(root, listing)
    listing.passed += [(file, "it lies beside the class folders") for file in files]
    found, kind = {}, listing.kind
    for folder in folders:
        if class_name(folder) in found:
            raise Mistake(
                f"{root} has two folders for the class '{class_name(folder)}', whose "
                f"names differ in the bytes of an accent; put their {kind.noun}s into "
                "one"
            )
        inner, files = _inside(folder, listing)
        found[class_name(folder)] = list(filter(kind.is_one, files))
        others = set(files) - set(found[class_name(folder)])
        listing.passed += [(file, _other(file, kind)) for file in sorted(others)]
        if found[class_name(folder)]:
            inside = "it lies inside a class folder"
            listing.passed += [(folder, inside) for folder in inner]
        elif inner:
            raise Mistake(
                f"{folder} holds no {kind.noun}s, only folders; {kind.wanted}"
            )
    return dict(sorted(found.items()))


def _other(file: Path, kind: Files) -> str:
    """What a file is that is none of the kind."""
    if not file.is_file():  # reading a pipe or a device may never end
        return "it is no plain file"
    try:
        found = signatures.what_is(signatures.beginning(file))
    except OSError:
        found = signatures.NOTHING
    return found.words if found.kind in kind.from_others else f"it is no {kind.noun}"


def _check_train(listing: Listing) -> None:
    _check_filled(listing)
    found = listing.parts[TRAIN]
    if len(found) == 1 and not judged.known():
        root, name = listing.folders[TRAIN], next(iter(found))
        raise Mistake(f"{root} has one class, '{name}'; two are needed")


def _check_filled(listing: Listing) -> None:
    found, root, kind = listing.parts[TRAIN], listing.folders[TRAIN], listing.kind
    if not found:
        raise Mistake(f"{root} has no class folders; {kind.wanted}")
    empty = [name for name, files in found.items() if not files]
    if empty:
        known, there = ", ".join(kind.suffixes), root / empty[0]
        passed = ((each, why) for each, why in listing.passed if each.parent == there)
        example = next((f"; {each.name}: {why}" for each, why in passed), "")
        raise Mistake(
            f"{there} holds no {kind.noun}s ({known}){example}; {kind.wanted}"
        )


def _check_classes(root: Path, listing: Listing, part: str) -> None:
    """Classes that are in train/ alone are allowed; see `lacking`."""
    found = {name for name, files in listing.parts[part].items() if files}
    if not found:
        raise Mistake(
            f"{listing.folders[part]} has no class folders; {listing.kind.wanted}"
        )
    if found - set(listing.classes):
        first, other = listing.folders[TRAIN].name, listing.folders[part].name
        odd = ", ".join(sorted(found ^ set(listing.classes)))
        raise Mistake(
            f"{first}/ and {other}/ in {root} hold different classes; only in one of "
            f"them: {odd}"
        )


def lacking(listing: Listing, part: str) -> list[str]:
    """The classes of which a split has no file."""
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
        if picture_files.is_explanation(path):
            listing.passed.append((path, "zoo explain drew it"))
            continue
        if path.is_symlink() and not path.exists():
            target = os.readlink(path)
            listing.passed.append((path, f"it is a link to {target}, not there"))
            continue
        if path.name[0] == ".":
            kind = listing.kind
            if kind.is_one(path) or (path.is_dir() and _any_in(path, kind)):
                listing.passed.append((path, "it is hidden"))
        elif path.is_dir() and path.name[0] == "_":
            listing.passed.append((path, "its name begins with _"))
        else:
            (folders if path.is_dir() else files).append(path)
    return folders, files


def _any_in(folder: Path, kind: Files) -> bool:
    _, files = _inside(folder, Listing(kind))
    return any(map(kind.is_one, files))


def tell(root: Path, listed: Listing) -> None:
    """Warn of what lies in the folder and is not used, and of classes not judged."""
    if listed.passed:
        example, why = listed.passed[0]
        what = (
            "file or folder is" if len(listed.passed) == 1 else "files or folders are"
        )
        warnings.warn(
            f"{len(listed.passed)} {what} passed over in {root}, such as {example}: "
            f"{why}",
            stacklevel=4,
        )
    for part in (VALIDATION, TEST):
        if part in listed.parts and (names := lacking(listed, part)):
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            warnings.warn(
                f"{listed.folders[part]} has no {listed.kind.noun}s of {len(names)} of "
                f"{len(listed.classes)} classes: {', '.join(names[:SHOWN])}{more}; "
                "nothing is measured of them there",
                stacklevel=4,
            )


def state_of(listing: list[tuple[str, int, Path]]) -> str:
    """Of files, by their paths, sizes and times: a hash that changes with them.

    The time of the last change of an entry is among them: two files of one size and
    time that take each other's name have new ones.
    """
    digest = hashlib.sha256()
    folders: dict[Path, bytes] = {}  # whatever links lead there
    for part, label, file in listing:
        try:
            stat = file.stat()
        except OSError as error:
            raise Mistake(f"{file} cannot be read: {error.strerror}") from error
        if file.parent not in folders:
            folders[file.parent] = os.fsencode(file.parent.resolve())
        digest.update(f"{part}|{label}|".encode() + folders[file.parent])
        digest.update(b"/" + os.fsencode(file.name))
        times = f"{stat.st_mtime_ns}|{stat.st_ctime_ns}"
        digest.update(f"|{stat.st_size}|{times}\n".encode())
    return digest.hexdigest()
