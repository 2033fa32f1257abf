"""`run.json`: the checksums of a run's files, written last and checked on opening.

They find damage and carelessness. They are no signature: who can write the folder can
write another `run.json`, so nothing in a run is executed even if all sums are right.
"""

import hashlib
import os
import re
from pathlib import Path

from zoo.core import files, signatures
from zoo.errors import Mistake

NAME, VERSION = "run.json", 1
LARGEST = 64 * 2**20  # bytes of a JSON file; a vocabulary of 20,000 words has 0.3 MB
LARGEST_MODEL = 2**32  # bytes; EfficientNet B7 has 0.3 GB, and 4 are summed in 3 s
_UNSEALED = (".", "state-", "report", "example.", "README")
_SUM = re.compile("[0-9a-f]{64}")


def write(folder: Path) -> None:
    """Write the checksum of every file in `folder`, those inside of folders apart.

    Training states name their own checksums; hidden files are temporary, and a README
    is there to be edited.
    """
    sums = {
        path.name: checksum(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != NAME and _is_sealed(path.name)
    }
    files.write_json(folder / NAME, {"version": VERSION, "files": sums})


def read(folder: Path) -> dict[str, str] | None:
    """File name -> SHA-256; None for a run of zoo 0.1, which has no sums.

    Raises:
        Mistake: `run.json` is damaged, or of a newer zoo.
    """
    path = folder / NAME
    if not path.exists():
        return None
    content = files.read_json(path, LARGEST)
    version, sums = content.get("version"), content.get("files")
    if type(version) is int and version > VERSION:
        raise Mistake(
            f"{path} is of version {str(version)[:20]}; this zoo reads version "
            f"{VERSION}: install the zoo that made it, or a newer one"
        )
    if type(version) is not int or version < 1:
        raise Mistake(f"{path} is damaged: its version is {str(version)[:40]!r}")
    if not isinstance(sums, dict) or not all(
        isinstance(value, str) and _SUM.fullmatch(value) and _is_plain(name)
        for name, value in sums.items()
    ):
        raise Mistake(f"{path} is damaged: it holds no checksums of files")
    return sums


def check(
    folder: Path, names: tuple[str, ...], largest: int = LARGEST
) -> dict[str, str] | None:
    """Refuse files that are not as `run.json` says; those that may be there.

    Args:
        folder: of the run.
        names: of files in it.
        largest: bytes that each of them may have.

    Returns:
        What `run.json` says, see `read`.

    Raises:
        Mistake: a file was changed, added or taken away, is no plain file, or is too
            large to be summed; it names the file.
    """
    sums = read(folder)
    if sums is None:
        return None
    for name in names:
        path = folder / name
        if name in sums and not path.is_file():
            raise Mistake(f"{path} is missing; {NAME} lists it: copy the run again")
        if not os.path.lexists(path):
            continue
        if not path.is_file():  # reading a pipe or a device may never end
            raise Mistake(f"{path} is no plain file; copy the run again")
        if path.stat().st_size > largest:
            raise Mistake(f"{path} cannot be read: it has more than {largest:,} bytes")
        if sums.get(name) != checksum(path):
            why = signatures.instead_of(path) or f"its SHA-256 is not that in {NAME}"
            raise Mistake(
                f"{path} is not the file that training wrote: {why}; copy the run again"
            )
    return sums


def checksum(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits.

    Raises:
        Mistake: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Mistake(f"{path} cannot be read: {error.strerror}") from error


def _is_plain(name: str) -> bool:
    """Whether it is the name of a file in the run, and no way out of it."""
    return name != ".." and Path(name).name == name


def _is_sealed(name: str) -> bool:
    return name.endswith(".py") or not name.startswith(_UNSEALED)
