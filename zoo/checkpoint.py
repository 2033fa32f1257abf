"""The state of a training run on disk: written whole or not at all."""

import io
import json
import os
import warnings
import zipfile
from pathlib import Path

import numpy as np

from zoo.errors import Mistake

KEPT = 2


def write(path: Path, data: bytes) -> None:
    """Put `data` into the file `path`: to a temporary file first, then renamed.

    Raises:
        Mistake: the disk is full or the folder cannot be written; `path` is as before.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise Mistake(
            f"cannot write {path}: {error.strerror}; what was saved before is intact"
        ) from error


def save(folder: Path, arrays: list[np.ndarray], progress: dict) -> Path:
    """Save a training state; the two newest states are kept.

    Args:
        folder: the run's folder.
        arrays: every variable of model and optimizer, in order.
        progress: JSON values that say where training stands; `progress["number"]`
            rises from state to state.
    """
    named = {f"v{i:05}": array for i, array in enumerate(arrays)}
    text = np.frombuffer(json.dumps(progress).encode(), "uint8")
    buffer = io.BytesIO()
    np.savez(buffer, progress=text, **named)
    path = folder / f"state-{progress['number']:08}.npz"
    write(path, buffer.getvalue())
    for old in _states(folder)[:-KEPT]:
        old.unlink()
    return path


def load(folder: Path) -> tuple[list[np.ndarray], dict] | None:
    """The newest undamaged state: arrays and progress; None if there is no state.

    Every array carries a checksum, which is compared. A damaged state is reported
    by a warning and the one before it is used.

    Raises:
        Mistake: there are states and all are damaged.
    """
    states = _states(folder)
    for path in reversed(states):
        try:
            with np.load(path) as file:
                progress = json.loads(file["progress"].tobytes())
                names = sorted(name for name in file.files if name != "progress")
                return [file[name] for name in names], progress
        except (zipfile.BadZipFile, ValueError, OSError, EOFError, KeyError) as error:
            warnings.warn(f"{path} is damaged ({error}); not used", stacklevel=2)
    if states:
        raise Mistake(
            f"all training states in {folder} are damaged; train again without --resume"
        )
    return None


def _states(folder: Path) -> list[Path]:
    return sorted(Path(folder).glob("state-*.npz"))
