"""Files that are written whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from zoo.errors import Mistake


def write(path: Path, data: bytes) -> None:
    """Put `data` into the file `path`: to a temporary file first, then renamed.

    Raises:
        Mistake: the disk is full or the folder cannot be written; `path` is as before.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(temporary, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """A failure of the disk inside becomes a `Mistake` about `path`."""
    try:
        yield
    except OSError as error:
        raise Mistake(
            f"cannot write {path}: {error.strerror or error}; "
            "what was saved before is intact"
        ) from error
