"""Training states: where a run stands, in memory and on disk.

A state's file is written whole or not at all.
"""

import contextlib
import dataclasses
import hashlib
import io
import json
import math
import warnings
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from zoo.core import files, measured
from zoo.errors import Mistake

LARGEST = 2**34  # bytes; of EfficientNet B7 with Adam a state has 0.8 GB
KEPT = 2  # if the newest is damaged, the one before is used
_SUMS = ("loss", "wrong", "examples", "seconds", "waited")
_TOTALS = ("total", "processor", "train", "waiting", "compiling", "examples")
# What NumPy, zipfile and json raise of damaged data.
_DAMAGED = (
    ValueError,
    KeyError,
    TypeError,
    OSError,
    EOFError,
    MemoryError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass
class State:
    """Where a training run stands: all that changes, except for the variables.

    Attributes:
        backend: the backend that trains; another one would round differently.
        stage, epoch, step: the position of the next batch, each from 0. Epochs count
            over all stages, steps within the epoch.
        sums: over the epoch so far: the loss, what is wrong with the answers, see
            `zoo.engine.counting`, the number of examples, the seconds, and how many of
            these waited for data.
        totals: over all starts of the run: seconds of each kind, the number of
            examples that were trained on during the seconds "train", and how many
            updates of the stages that have ended were skipped in float16.
        history: a dict for each epoch that has ended.
        best_loss, best_epoch: the least validation loss of a stage with early
            stopping, and its epoch.
        best: the model's variables at that epoch; [] if there is none.
    """

    backend: str
    stage: int = 0
    epoch: int = 0
    step: int = 0
    sums: dict = field(default_factory=lambda: dict.fromkeys(_SUMS, 0))
    totals: dict = field(default_factory=lambda: dict.fromkeys(_TOTALS, 0))
    history: list[dict] = field(default_factory=list)
    best_loss: float = math.inf
    best_epoch: int = 0
    best: list[np.ndarray] = field(default_factory=list)

    def progress(self) -> dict:
        """All but the arrays, as JSON values."""
        return {key: value for key, value in vars(self).items() if key != "best"}


def save(folder: Path, arrays: list[np.ndarray], progress: dict) -> Path:
    """Save a training state; the two newest states are kept.

    The file's name ends with the SHA-256 of its content.

    Args:
        folder: the run's folder.
        arrays: every variable of model and optimizer, in order, then `State.best`.
        progress: see `State.progress`.

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
    path = folder / f"state-{number:08}-{hashlib.sha256(data).hexdigest()}.npz"
    try:
        files.write(path, data)
    except Mistake as mistake:
        then = "no state was saved yet: begin again when there is room"
        if states:
            then = f"`zoo train {folder} --resume` continues when there is room"
        raise Mistake(f"{mistake}; {then}") from mistake
    for old in [*states[: 1 - KEPT], *folder.glob(".state-*")]:
        old.unlink()
    return path


def forget(folder: Path) -> None:
    """Remove the states of a run that has ended."""
    for path in _states(folder):
        path.unlink()


def newest(folder: Path) -> bytes | None:
    """The newest undamaged state; None if there is no state.

    A damaged state is reported by a warning and set aside, and the one before is used.

    Raises:
        Mistake: there are states and all are damaged.
    """
    for path in reversed(_states(folder)):
        with contextlib.suppress(Mistake):  # it is a pipe, or too large
            data = files.read(path, LARGEST)
            if path.stem.rpartition("-")[2] in _checksums(data):
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
    """The arrays and the progress that `save` was given.

    Raises:
        Mistake: the data are no training state. Reading runs no code and takes no
            more memory than the data have, even if a stranger made them.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            if sum(each.file_size for each in file.infolist()) > len(data):
                raise ValueError("it is compressed")
        with np.load(io.BytesIO(data)) as file:
            names = sorted(name for name in file.files if name != "progress")
            progress = json.loads(bytes(file["progress"]))
            arrays = [file[name] for name in names]
    except _DAMAGED as error:
        raise Mistake(f"this is no training state: {error}") from error
    if not isinstance(progress, dict) or not all(hasattr(x, "dtype") for x in arrays):
        raise Mistake("this is no training state: it holds something else")
    return arrays, progress


def restored(progress: dict) -> State:
    """The state with this progress, without arrays.

    Raises:
        Mistake: another version of zoo wrote it, or it is damaged.
    """
    names = {each.name for each in dataclasses.fields(State)} - {"best"}
    if progress.keys() != names:
        raise Mistake(
            f"a training state with {', '.join(sorted(map(str, progress)))}; this zoo "
            f"reads {', '.join(sorted(names))}: resume with the zoo that saved it"
        )
    counts = [progress[name] for name in ("stage", "epoch", "step", "best_epoch")]
    history, sums, totals = (progress[n] for n in ("history", "sums", "totals"))
    if (
        not all(type(each) is int and each >= 0 for each in counts)
        or not measured.is_number(progress["best_loss"])
        or not isinstance(history, list)
        or not all(map(measured.is_group, [sums, totals, *history]))
        or (history and measured.fault_of_epochs(history))
        or any(line.keys() != history[-1].keys() for line in history)
        or {*_SUMS} - sums.keys()
        or {*_TOTALS} - totals.keys()
    ):
        raise Mistake("the training state is damaged: its progress is none of zoo's")
    return State(**progress)


def _checksums(data: bytes) -> tuple[str, str]:
    """The checksum that a state's name may end with; zoo 0.2 and older had CRC-32."""
    return hashlib.sha256(data).hexdigest(), f"{zlib.crc32(data):08x}"


def _states(folder: Path) -> list[Path]:
    return sorted(Path(folder).glob("state-*-*.npz"))
