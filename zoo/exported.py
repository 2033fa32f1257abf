"""A network in an ONNX file of zoo's: it answers without Keras, and without its run."""

import os
import tempfile
import time
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo import backend
from zoo.core import files, measured, seal
from zoo.core.processors import processors
from zoo.errors import Mistake

if TYPE_CHECKING:
    from zoo.data import Dataset

SUFFIX = ".onnx"
IN_RUN = "model.onnx"  # where `zoo.export` puts it by default
# What one thread computes in less is not shared with others: to wake them, and to wait
# for them where other programs keep the processors busy, takes as long.
SHORT = 2e-3  # seconds
TRIED = 2  # calls by one thread that are timed, of which the first may be a slow one
CLOSE = 1e-5  # relative to the largest answer: what backends may differ by
_SMALLEST = float(
    np.finfo("float32").tiny
)  # of a probability, whose logarithm is taken


class Exported:
    """An ONNX file that `zoo.export` wrote.

    It may come from anybody: an ONNX file holds numbers and operators that ONNX Runtime
    knows, and no code; arrays in other files are not read.

    Args:
        path: of the file.

    Raises:
        Mistake: there is no such file, it is none of ONNX, or none that zoo wrote; or
            onnxruntime is not installed.
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
        try:
            self._read = os.stat(self.path)
            self._session = _session(self.path.read_bytes(), threads=1)
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
        [taken] = self._session.get_inputs()
        return taken.name, np.int32 if taken.type == "tensor(int32)" else np.float32

    @cached_property
    def _shared(self):
        """The network on all processors; on one of them where the file has changed."""
        now, then, many = os.stat(self.path), self._read, processors()
        if many == 1 or (now.st_size, now.st_mtime_ns) != (
            then.st_size,
            then.st_mtime_ns,
        ):
            return self._session
        return _session(self.path.read_bytes(), many)

    def keep(self) -> None:
        """Read all that is needed of the file now: it may be removed then."""
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
            batch: how many are computed at a time.

        Raises:
            Mistake: it does not take such inputs.
        """
        kind, parts = self._taken[1], []
        for start in range(0, len(inputs), batch):
            part = np.asarray(inputs[start : start + batch], kind)
            try:
                parts.append(self._run(part))
            except Exception as error:  # as above
                raise Mistake(
                    f"{self.path} does not answer inputs of shape {part.shape[1:]}: "
                    f"{str(error).strip().splitlines()[0][:200]}"
                ) from error
        found = np.concatenate(parts) if len(parts) > 1 else parts[0]
        if self._said.get("outputs") != "probabilities":
            return found
        # Probabilities were divided by the temperature before.
        logits = np.log(np.maximum(found, _SMALLEST))
        if self.dataset.task == "labels":
            logits = logits - np.log(np.maximum(1 - found, _SMALLEST))
        return logits * self.temperature


def _session(content: bytes, threads: int):
    """A network in ONNX Runtime, whose threads sleep while they wait."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(content, options)


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
