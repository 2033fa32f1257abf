"""Files that are written whole or not at all, in UTF-8 whatever the locale."""

import contextlib
import json
import os
import re
import secrets
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PureWindowsPath

from zoo.core import signatures
from zoo.errors import Mistake

PARTS = 2**20  # of a file; each takes up to 300 bytes of memory
DEEPEST = 100  # objects and lists inside of each other; those of zoo have up to six
_TEMPORARY = re.compile(r"\.(.+)\.\d+-[0-9a-f]{6}(\.\w+)")  # as `replacing` names them


def write(path: Path, data: bytes) -> None:
    """Put `data` into the file `path`; its folder is made if need be.

    Raises:
        Mistake: the disk is full or the folder cannot be written; `path` is as before.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Put `text` into the file `path`, see `write`.

    Bytes of a file's name that are not UTF-8 (Python's surrogates) become `\\udcXX`.
    """
    write(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: Path, value, indent: int | None = 2) -> None:
    """Write `value` as JSON, see `write`.

    Other scripts stay readable; what is not UTF-8 is written as JSON's own escape, so
    that reading gives the same text back.
    """
    write_text(path, json.dumps(value, indent=indent, ensure_ascii=False) + "\n")


def read(path: Path, largest: int) -> bytes:
    """The content of a file, which may come from anybody.

    Raises:
        Mistake: it is no plain file, cannot be read, or has more than `largest` bytes.
    """
    try:
        if not path.is_file():
            why = "it is no plain file" if path.exists() else "there is no such file"
            raise Mistake(f"{path} cannot be read: {why}")
        is_large = path.stat().st_size > largest
        data = b"" if is_large else path.read_bytes()
    except OSError as error:
        raise Mistake(f"{path} cannot be read: {error}") from error
    if is_large or len(data) > largest:
        raise Mistake(f"{path} cannot be read: it has more than {largest:,} bytes")
    return data


def state(path: str | os.PathLike) -> tuple[int, ...] | None:
    """What is another after a file was written, or a folder got or lost a file.

    None of what is not there, or has a name that no file can have. A copy may have the
    size of what it replaces, and its time of modification: it has another time of
    change, or lies at another place on the disk.
    """
    try:
        seen = os.stat(path)
    except (OSError, ValueError):
        return None
    return seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino


def check_readable(path: Path) -> None:
    """Refuse a file or a folder that the system does not let this process read.

    Raises:
        Mistake: it says why.
    """
    try:
        if path.is_dir():
            os.scandir(path).close()
        elif path.is_file():
            with open(path, "rb") as file:
                file.read(1)
    except OSError as error:
        raise Mistake(f"{path} cannot be read: {error.strerror}") from error


def read_json(path: Path, largest: int) -> dict:
    """The JSON object in the file `path`, which may come from anybody.

    Args:
        path: of a plain file in UTF-8.
        largest: bytes that it may have.

    Raises:
        Mistake: it cannot be read, is larger, or holds something else: no JSON, no
            object, a name twice, or too deep a nesting.
    """
    try:
        value = parse_json(read(path, largest))
    except Mistake:
        raise
    except ValueError as error:
        why = signatures.instead_of(path) or error
        raise Mistake(f"{path} cannot be read: {why}") from error
    if not isinstance(value, dict):
        raise Mistake(f"{path} cannot be read: it holds no JSON object")
    return value


def parse_json(data: bytes):
    """The value of JSON text in UTF-8.

    Raises:
        ValueError: it is no JSON, has a name twice in an object, is nested too deep, or
            has too many parts.
    """
    if sum(map(data.count, (b",", b"[", b"{"))) > PARTS:
        raise ValueError(f"it has more than {PARTS:,} parts")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    level = [value]
    for _ in range(DEEPEST):
        level = [each for one in level for each in _inside(one)]
        if not level:
            return value
    raise ValueError("it is nested too deep")


def _inside(value) -> Iterable:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _object(pairs: list) -> dict:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice[:40]!r} stands twice in one object")
    return found


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """The name of a temporary file, which takes the place of `path` at the end.

    It lies beside `path`, ends like it (Keras and Matplotlib look at that) and holds
    the number of this process and a random part: two processes or threads that write
    the same file, even on two machines, do not meet. File and folder are synchronized,
    so that the file survives a power cut. After an error nothing is left of it.

    Raises:
        Mistake: the disk is full or the folder cannot be written; `path` is as before.
    """
    unique = f"{os.getpid()}-{secrets.token_hex(3)}"
    temporary = path.with_name(f".{path.stem}.{unique}{path.suffix}")
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
            _synchronize(path.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def forget_unfinished(folder: Path, names: Collection[str]) -> None:
    """Remove what is left of writing files of these names, see `replacing`.

    Only a process that was killed leaves something. No other may be writing them now.
    """
    for path in folder.iterdir():
        left = _TEMPORARY.fullmatch(path.name)
        if left and "".join(left.groups()) in names:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """A failure of the disk inside becomes a `Mistake` about `path`."""
    if "\0" in str(path):
        raise Mistake(f"cannot write {str(path)!r}: its name holds a NUL")
    try:
        yield
    except OSError as error:
        raise Mistake(
            f"cannot write {path}: {error.strerror or error}; "
            "what was saved before is intact"
        ) from error


def without_folders(name: str) -> str:
    """The last name of a path of any system; another name, of a data set, as it is."""
    if "\\" in name or name.startswith((".", "~", "/")):
        return PureWindowsPath(name).name or "data"
    return name


def _synchronize(folder: Path) -> None:
    """Make a new name in `folder` survive a power cut, where the system can do that."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows opens no folders
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # some network file systems refuse
            os.fsync(opened)
    finally:
        os.close(opened)
