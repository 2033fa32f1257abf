"""The state of a training run on disk: written whole or not at all."""

import io
import json
import warnings
import zlib
from pathlib import Path

import numpy as np

from zoo.core import files
from zoo.errors import Mistake

KEPT = 2


def save(folder: Path, arrays: list[np.ndarray], progress: dict) -> Path:
    """Save a training state; the two newest states are kept.

    The file's name ends with the checksum of its content.

    Args:
        folder: the run's folder.
        arrays: every variable of model and optimizer, in order.
        progress: JSON values that say where training stands.

    Raises:
        Mistake: the disk is full or the folder cannot be written.
    """
    named = {f"v{i:05}": array for i, array in enumerate(arrays)}
    text = np.frombuffer(json.dumps(progress).encode(), "uint8")
    buffer = io.BytesIO()
    np.savez(buffer, progress=text, **named)
    data = buffer.getvalue()
    states = _states(folder)
    number = int(states[-1].name.split("-")[1]) + 1 if states else 1
    path = folder / f"state-{number:08}-{_checksum(data)}.npz"
    try:
        files.write(path, data)
    except Mistake as mistake:
        raise Mistake(
            f"{mistake}; `zoo train {folder} --resume` goes on when there is room"
        ) from mistake
    for old in [*states[: 1 - KEPT], *folder.glob(".state-*")]:
        old.unlink()
    return path


def newest(folder: Path) -> bytes | None:
    """The newest undamaged state; None if there is no state.

    A damaged state is reported by a warning and set aside, and the one before is used.

    Raises:
        Mistake: there are states and all are damaged.
    """
    states = _states(folder)
    for path in reversed(states):
        data = path.read_bytes()
        if path.stem.endswith(_checksum(data)):
            return data
        warnings.warn(f"{path} is damaged; the state before is used", stacklevel=2)
        path.rename(path.with_suffix(".damaged"))
    if any(folder.glob("state-*.damaged")):
        raise Mistake(
            f"all training states in {folder} are damaged; "
            "begin again in another folder, with --run"
        )
    return None


def read(data: bytes) -> tuple[list[np.ndarray], dict]:
    """The arrays and the progress that `save` was given."""
    with np.load(io.BytesIO(data)) as file:
        names = sorted(name for name in file.files if name != "progress")
        progress = json.loads(file["progress"].tobytes())
        return [file[name] for name in names], progress


def _checksum(data: bytes) -> str:
    return f"{zlib.crc32(data):08x}"


def _states(folder: Path) -> list[Path]:
    return sorted(Path(folder).glob("state-*-*.npz"))
