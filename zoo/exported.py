"""A network in an ONNX file of zoo's: it answers without Keras, and without its run."""

import os
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo import backend
from zoo.core import files, measured, operators, seal
from zoo.core.processors import processors
from zoo.errors import Mistake

if TYPE_CHECKING:
    from zoo.data import Dataset

SUFFIX = ".onnx"
IN_RUN = "model.onnx"  # where `zoo.export` puts it by default
# What one thread computes in less is not shared with others: to wake them, and to wait
# for them where other programs keep the processors busy, takes as long.
SHORT = 2e-3  # seconds
LARGEST = 192 * 2**20  # bytes that the arrays of an answer may take
TRIED = 2  # calls by one thread that are timed, of which the first may be a slow one
CLOSE = 1e-5  # relative to the largest answer: what backends may differ by
# What ONNX Runtime says of its arena, and of the machine.
_NO_MEMORY = re.compile("smaller than requested bytes|Failed to allocate|bad alloc")
_SMALLEST = float(
    np.finfo("float32").tiny
)  # of a probability, whose logarithm is taken


class Exported:
    """An ONNX file that `zoo.export` wrote.

    It may come from anybody: an ONNX file holds numbers and operators that ONNX Runtime
    knows, and no code. Only operators that zoo writes are accepted, see
    `zoo.core.operators`, and their arrays take at most `LARGEST` bytes.

    Args:
        path: of the file.

    Raises:
        Mistake: there is no such file, it is none of ONNX, or none that zoo wrote; it
            asks for more than zoo's files do; or onnxruntime is not installed.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        if not self.path.is_file():
            raise Mistake(f"there is no file {path}; `zoo export RUN --to {path}`")
        if not backend.is_installed("onnxruntime"):
            raise Mistake(
                f"{path} is answered by onnxruntime, which is not installed; "
                'pip install "zoo[export]"'
            )
        self._took: dict[int, list[float]] = {}  # seconds, by the number of inputs
        self._content: bytes | None = None  # of the file, where that may go
        self._most = sys.maxsize  # inputs at a time that the memory allows
        try:
            self._read = os.stat(self.path)
            content = self.path.read_bytes()
        except OSError as error:
            raise Mistake(f"{path} cannot be read: {error.strerror}") from error
        operators.check(content, path)
        try:
            self._session = _session(content, threads=1)
        # ONNX Runtime has an error of its own for each kind of damage.
        except Exception as error:
            reason = str(error).strip().splitlines()[0][:200]
            raise Mistake(
                f"{path} is no ONNX file that can be run: {reason}"
            ) from error
        self._said = self._session.get_modelmeta().custom_metadata_map
        if "data.json" not in self._said:
            raise Mistake(
                f"{path} does not say what it takes, so raw inputs cannot be read; "
                "`zoo export` writes files that do"
            )

    @cached_property
    def dataset(self) -> "Dataset":
        """What it learned from, without examples."""
        from zoo import data

        with tempfile.TemporaryDirectory() as folder:
            for name in ("data.json", "vocabulary.json"):
                if name in self._said:
                    Path(folder, name).write_text(self._said[name], "utf-8")
            try:
                return data.restore(folder)
            except Mistake as mistake:
                said = str(mistake).replace(folder, f"in {self.path}, ")
                raise Mistake(said) from mistake

    @cached_property
    def _taken(self) -> tuple[str, type]:
        """The name and the type of its input."""
        taken, *more = self._session.get_inputs() or [None]
        if taken is None or more:
            raise Mistake(f"{self.path} is damaged: it has not one input")
        return taken.name, np.int32 if taken.type == "tensor(int32)" else np.float32

    @cached_property
    def _shared(self):
        """The network on all processors; on one of them where the file has changed."""
        many = processors()
        if many == 1 or (self._content is None and self._has_changed()):
            return self._session
        return _session(self._content or self.path.read_bytes(), many)

    def _begin_again(self) -> None:
        """Make the sessions anew: what failed holds its memory for ever."""
        content = self._content
        if content is None:
            if self._has_changed():
                raise Mistake(f"{self.path} has changed while it answered; ask again")
            content = self.path.read_bytes()
        vars(self).pop("_shared", None)
        self._session = _session(content, threads=1)

    def _has_changed(self) -> bool:
        try:
            now, then = os.stat(self.path), self._read
        except OSError:  # it is gone
            return True
        return (now.st_size, now.st_mtime_ns) != (then.st_size, then.st_mtime_ns)

    def keep(self) -> None:
        """Read all that is needed of the file now: it may be removed then."""
        if not self._has_changed():
            self._content = self.path.read_bytes()
        _ = self.dataset, self._taken, self._shared

    def _run(self, inputs: np.ndarray) -> np.ndarray:
        """By one thread, or by all where that takes long; the bits are the same."""
        took = self._took.setdefault(len(inputs), [])
        if len(took) == TRIED:
            session = self._shared if min(took) > SHORT else self._session
            return session.run(None, {self._taken[0]: inputs})[0]
        start = time.perf_counter()
        found = self._session.run(None, {self._taken[0]: inputs})[0]
        took.append(time.perf_counter() - start)
        return found

    @cached_property
    def temperature(self) -> float:
        """What its logits are divided by before they become probabilities."""
        found = self._value("temperature", "1")
        if not measured.is_temperature(found):
            raise Mistake(f"{self.path} is damaged: its temperature")
        return found

    @cached_property
    def quantiles(self) -> tuple[float, ...]:
        """The shares of values below each answer, if its numbers are quantiles."""
        found = self._value("quantiles", "[]")
        if not isinstance(found, list) or not all(map(measured.is_number, found)):
            raise Mistake(f"{self.path} is damaged: its quantiles")
        return tuple(map(float, found))

    def cuts(self, labels: Sequence[str]) -> list[float]:
        """The logit from which on each of these labels is given."""
        found = self._value("cuts", "{}")
        cuts = [found.get(each, 0.0) for each in labels] if type(found) is dict else []
        if len(cuts) < len(labels) or not all(map(measured.is_number, cuts)):
            raise Mistake(f"{self.path} is damaged: its cuts")
        return [float(each) for each in cuts]

    def _value(self, name: str, default: str):
        """What the file says in JSON."""
        try:
            return files.parse_json(self._said.get(name, default).encode())
        except ValueError as error:
            raise Mistake(f"{self.path} is damaged: its {name}") from error

    def answers(self, inputs: np.ndarray, batch: int = 500) -> np.ndarray:
        """Logits, or the numbers that it answers, float32.

        Args:
            inputs: decoded, (n, ...).
            batch: how many are computed at a time; fewer, if their arrays take more
                than `LARGEST` bytes.

        Raises:
            Mistake: it does not take such inputs, or one of them takes more memory.
        """
        kind, parts, start = self._taken[1], [], 0
        while start < len(inputs):
            many = min(batch, self._most)
            part = np.asarray(inputs[start : start + many], kind)
            try:
                parts.append(self._run(part))
            except Exception as error:  # as above
                reason = str(error).strip().splitlines()[0]
                if not _NO_MEMORY.search(str(error)):
                    raise Mistake(
                        f"{self.path} does not answer inputs of shape "
                        f"{part.shape[1:]}: {reason[:200]}"
                    ) from error
                if len(part) == 1:
                    raise TooLarge(
                        f"{self.path} takes more than {LARGEST / 2**20:.0f} MiB to "
                        "answer one input; its run, with Keras, may take more"
                    ) from error
                self._most = len(part) // 2
                self._begin_again()
                continue
            self._check(parts[-1], len(part))
            start += len(part)
        found = np.concatenate(parts) if len(parts) > 1 else parts[0]
        if self._said.get("outputs") != "probabilities":
            return found
        # Probabilities were divided by the temperature before.
        logits = np.log(np.maximum(found, _SMALLEST))
        if self.dataset.task == "labels":
            logits = logits - np.log(np.maximum(1 - found, _SMALLEST))
        return logits * self.temperature

    def _check(self, found: np.ndarray, count: int) -> None:
        """Refuse what are not `count` answers of the kind that the data have."""
        answers, task, shape = len(self.dataset.answers), self.dataset.task, found.shape
        if task == "numbers":
            numbers = (count, answers)
            right = shape == (
                (*numbers, len(self.quantiles)) if self.quantiles else numbers
            )
        elif task in ("classes", "labels"):
            alone = (task, answers, shape) == ("classes", 2, (count, 1))
            right = alone or shape == (count, answers)
        else:  # one for each step
            last = answers + (task == "strings")
            right = len(shape) == 3 and shape[::2] == (count, last)
        if not right or found.dtype != np.float32:
            raise Mistake(
                f"{self.path} answers {count} inputs with {found.dtype} of shape "
                f"{shape}, which are no {answers} {task} each"
            )


class TooLarge(Mistake):
    """One input takes more memory than an ONNX file may take."""


def _session(content: bytes, threads: int):
    """A network in ONNX Runtime, whose threads sleep while they wait.

    Its arrays lie in an arena of its own that does not grow beyond `LARGEST`. What
    the runtime computes before the first input, constants of constants, would lie
    elsewhere; zoo's files hold none, and it is left for the time of an answer.
    """
    import onnxruntime

    memory = onnxruntime.OrtMemoryInfo(
        "Cpu",
        onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR,
        0,
        onnxruntime.OrtMemType.DEFAULT,
    )
    as_asked = 1  # of ONNX Runtime's ways to grow; the other doubles
    arena = {"max_mem": LARGEST, "arena_extend_strategy": as_asked}
    # It replaces the last one, which the sessions that were made with it keep.
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg(arena))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what goes wrong is raised, and need not be printed
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    # The weights, which are as large as the file.
    options.add_session_config_entry(
        "session.use_device_allocator_for_initializers", "1"
    )
    return onnxruntime.InferenceSession(
        content, options, disabled_optimizers=["ConstantFolding"]
    )


def is_file(place) -> bool:
    """Whether `place` is the name of an ONNX file, and not that of a run."""
    named = isinstance(place, str | os.PathLike)
    return named and os.fspath(place).endswith(SUFFIX) and not os.path.isdir(place)


def in_run(folder: Path, weights: str, precision: str) -> Exported | None:
    """The export in a run's folder, if it answers as the run does.

    Args:
        folder: of the run.
        weights: the name of their file in it.
        precision: in which the run computes.

    Returns:
        None if there is no such file, or it is not to be used: a warning says why.

    Raises:
        Mistake: the weights are not those of the training.
    """
    path = folder / IN_RUN
    if not path.is_file():
        return None
    seal.check(folder, (weights,), seal.LARGEST_MODEL)
    reason = _unfit(path, (seal.read(folder) or {}).get(weights), precision)
    if not reason:
        try:
            return Exported(path)
        except Mistake as mistake:
            reason = str(mistake)
    warnings.warn(f"{path} is not used: {reason}", stacklevel=2)
    return None


def _unfit(path: Path, weights: str | None, precision: str) -> str:
    """Why an export must not answer for these weights, given by their checksum."""
    if precision != "float32":
        return f"it computes in float32, and the run in {precision}"
    again = f"; `zoo export {path.parent}` writes it again"
    try:
        said = files.read_json(path.with_name(f"{path.name}.json"), seal.LARGEST)
    except Mistake as mistake:
        return f"{mistake}{again}"
    if said.get("precision") != "float32" or said.get("outputs") == "probabilities":
        return f"it gives {said.get('outputs')} in {said.get('precision')}{again}"
    if weights is None or said.get("weights") != weights:
        return f"it does not say that it was made of the run's weights{again}"
    if said.get("file") != seal.checksum(path):
        return f"it is not the file that was exported{again}"
    found = said.get("difference")
    if not isinstance(found, int | float) or not 0 <= found <= CLOSE:
        return f"its answers differ by {found} from those of the network"
    return ""
