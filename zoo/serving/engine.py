"""Which engine answers requests: the one that answers a single input sooner."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zoo import answering, exported
from zoo.core import files, seal
from zoo.errors import Mistake
from zoo.exported import Exported
from zoo.exporting import export
from zoo.run import Run

Answer = Callable[[np.ndarray], np.ndarray]
TRIED = 5  # answers that are timed


def quickest(source: Run | Exported, one: np.ndarray) -> tuple[str, Answer, float]:
    """The engine's name, its function from inputs to outputs, and seconds for `one`.

    A run that Keras would answer is exported and checked now, into memory: ONNX Runtime
    answers LeNet in a quarter of the time. Keras stays where the network cannot be
    exported, the packages for it are missing, Keras itself is quicker, or somebody has
    opened the run's model: who asks for a backend wants its answers.

    Args:
        source: as `zoo.answering.opened` gave it.
        one: an input, (1, ...), decoded.
    """
    opened = isinstance(source, Run) and "model" in vars(source)
    found = [(answering.engine(source), answering.forward(source))]
    if found[0][0] != answering.ONNX and not opened and not answering.accelerated():
        assert isinstance(source, Run), "a file is answered by ONNX Runtime"
        if made := _exported(source, one):
            found.append((answering.ONNX, made.answers))
    timed = [(name, answer, _seconds(answer, one)) for name, answer in found]
    return min(timed, key=lambda each: each[2])


def _exported(run: Run, one: np.ndarray) -> Exported | None:
    """The run's network in ONNX Runtime, if it answers as the run does."""
    if run.recipe.precision != "float32":
        return None
    with tempfile.TemporaryDirectory(prefix="zoo-serve-") as folder:
        try:
            path = export(run, Path(folder) / exported.IN_RUN)
            said = files.read_json(path.with_name(f"{path.name}.json"), seal.LARGEST)
            if said["difference"] > exported.CLOSE:
                return None
            found = Exported(path)
            found.keep()
            found.answers(one)  # which may take more memory than a file is given
        except Mistake:
            return None
        return found


def _seconds(answer: Answer, one: np.ndarray) -> float:
    answer(one)  # it compiles now
    took = []
    for _ in range(TRIED):
        start = time.perf_counter()
        answer(one)
        took.append(time.perf_counter() - start)
    return min(took)
