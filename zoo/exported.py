"""A network in an ONNX file of zoo's: it answers without Keras, and without its run."""

import os
import tempfile
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo import backend
from zoo.core import files, measured, seal
from zoo.core.folders import cache_dir
from zoo.core.paths import expand
from zoo.core.sessions import LARGEST, Graph
from zoo.errors import Mistake

if TYPE_CHECKING:
    from zoo.data import Dataset

SUFFIX = ".onnx"
IN_RUN = "model.onnx"  # where `zoo.export` puts it by default
CLOSE = 1e-5  # relative to the largest answer: what backends may differ by
_SMALLEST = float(
    np.finfo("float32").tiny
)  # of a probability, whose logarithm is taken


class Exported:
    """An ONNX file that `zoo.export` wrote.

    It may come from anybody: an ONNX file holds numbers and operators that ONNX Runtime
    knows, and no code. Only operators that zoo writes are accepted, see
    `zoo.core.operators`, and what they may take is bounded, see `zoo.core.sessions`.

    Args:
        path: of the file.

    Raises:
        Mistake: there is no such file, it is none of ONNX, or none that zoo wrote; it
            asks for more than zoo's files do; or onnxruntime is not installed.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = expand(path)
        if not self.path.is_file():
            raise Mistake(f"there is no file {path}; `zoo export RUN --to {path}`")
        if not backend.is_installed("onnxruntime"):
            raise Mistake(
                f"{path} is answered by onnxruntime, which is not installed; "
                'pip install "zoo[export]"'
            )
        self._graph = Graph(self.path)
        self._said = self._graph.said
        self._right: tuple = ()  # the form of answers that `_check` let pass
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

    def keep(self) -> None:
        """Read all that is needed of the file now: it may be removed then."""
        self._graph.keep()
        _ = self.dataset

    @cached_property
    def temperature(self) -> float:
        """What its logits are divided by before they become probabilities."""
        found = self._value("temperature", "null")  # which zoo always writes
        if not measured.is_temperature(found):
            raise Mistake(f"{self.path} is damaged: its temperature")
        return found

    @cached_property
    def quantiles(self) -> tuple[float, ...]:
        """The shares of values below each answer, if its numbers are quantiles."""
        found = self._value("quantiles", "[]")
        if not isinstance(found, list) or not all(map(measured.is_finite, found)):
            raise Mistake(f"{self.path} is damaged: its quantiles")
        return tuple(map(float, found))

    def cuts(self, labels: Sequence[str]) -> list[float]:
        """The logit from which on each of these labels is given."""
        found = self._value("cuts", "null")
        cuts = [found.get(each) for each in labels] if type(found) is dict else [None]
        if not all(map(measured.is_finite, cuts)):
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
            batch: how many are computed at a time; fewer, if they take more memory or
                time than `zoo.core.sessions` allows.

        Raises:
            Mistake: it does not take such inputs.
            TooMuch: one of them takes more.
        """
        parts = []
        for count, part in self._graph.answers(inputs, batch):
            self._check(part, count)
            parts.append(part)
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
        shape = found.shape
        if shape[:1] == (count,) and (found.dtype, *shape[1:]) == self._right:
            return
        answers, task = len(self.dataset.answers), self.dataset.task
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
        self._right = found.dtype, *shape[1:]


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


def place_in_cache(folder: Path) -> Path:
    """Where the export of shipped weights is kept; `folder` is theirs."""
    name = "-".join([*folder.parts[-2:], seal.checksum(folder / seal.NAME)[:16]])
    return cache_dir() / "exports" / name / IN_RUN


def in_cache(folder: Path, weights: str, precision: str) -> Exported | None:
    """The export of shipped weights that the cache holds, if it answers as they do.

    Args:
        folder, weights, precision: see `in_run`.
    """
    path = place_in_cache(folder)
    known = (seal.read(folder) or {}).get(weights)
    if not path.is_file() or _unfit(path, known, precision):
        return None
    try:
        return Exported(path)
    except Mistake:  # which `zoo.exporting.shipped` makes again
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
    if path.stat().st_size > LARGEST:  # summing 4 GiB takes 9 s
        return f"it has more than {LARGEST / 2**20:.0f} MiB"
    if said.get("file") != seal.checksum(path):
        return f"it is not the file that was exported{again}"
    found = said.get("difference")
    if not isinstance(found, int | float) or not 0 <= found <= CLOSE:
        return f"its answers differ by {found} from those of the network"
    return ""
