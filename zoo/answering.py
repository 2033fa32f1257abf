"""Which engine answers for a run: Keras, or ONNX Runtime by its export."""

import os
import stat
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo import backend, exported
from zoo.building import stored, trained
from zoo.core import seal
from zoo.engine import startup
from zoo.exported import Exported
from zoo.run import Run, open_run

if TYPE_CHECKING:
    from zoo.data import Dataset

ONNX = "onnxruntime"


def opened(
    run: Run | Exported | str | Path, trust: bool = False
) -> tuple[Run | Exported, "Dataset"]:
    """A run or an ONNX file, and what it learned from.

    What a name or a path gives is kept: who asks in a loop gets the same run, compiled
    as it is, until one of its files changes.

    Raises:
        Mistake: see `zoo.predict`.
    """
    if not isinstance(run, Run | Exported):
        run = _kept(run, trust)
    return run, run.dataset if isinstance(run, Exported) else run.about_data


MOST_KEPT = 4  # runs, of which each holds its weights in memory
_KEPT: dict[tuple, Run | Exported] = {}
_WRITTEN_IN_PLACE = (stored.SOURCE, stored.WEIGHTS)


def _kept(run: str | Path, trust: bool) -> Run | Exported:
    is_file = exported.is_file(run)
    place = os.path.abspath(run if is_file else trained.folder(run))
    state = (place, trust, _state(place))
    found = _KEPT.get(state)
    if found is None:
        found = Exported(run) if is_file else open_run(run, trust=trust)
        for old in [each for each in _KEPT if each[:2] == state[:2]]:
            del _KEPT[old]  # of files that were changed
        while len(_KEPT) >= MOST_KEPT:
            del _KEPT[next(iter(_KEPT))]
        _KEPT[state] = found
    return found


def _state(place: str) -> tuple:
    """By what a change of a file, or of a run, is seen.

    The checksums of a run's files lie in `run.json`, and whatever else is put into its
    folder changes the time of that; to ask for each file would take as long as a small
    network's answer. Only code and weights are asked for: an editor may write them in
    place. A run of an older zoo has no checksums.
    """
    try:
        seen = os.stat(place)
        if not stat.S_ISDIR(seen.st_mode):
            return (_signs(seen),)
        sealed = _there(place, seal.NAME)
        if sealed is None:
            each = [(item.name, *_signs(item.stat())) for item in os.scandir(place)]
            return _signs(seen), *sorted(each)
        inside = (_there(place, name) for name in _WRITTEN_IN_PLACE)
        return _signs(seen), sealed, *inside
    except OSError:
        return ()


def _there(place: str, name: str) -> tuple[int, int, int] | None:
    try:
        return _signs(os.stat(os.path.join(place, name)))
    except FileNotFoundError:
        return None


def _signs(seen: os.stat_result) -> tuple[int, int, int]:
    return seen.st_size, seen.st_mtime_ns, seen.st_ino


def engine(source: Run | Exported) -> str:
    """What answers for a run or a file: "onnxruntime", or the name of Keras's backend.

    It is ONNX Runtime for a file; and for a run that holds an export which was made of
    its weights and passed its check, see `Run.exported`, until Keras has opened the
    run's model, which may be changed then, or computes on a GPU.
    """
    return ONNX if _answers_itself(source) else backend.current()


def forward(source: Run | Exported) -> Callable[..., np.ndarray]:
    """A function from decoded inputs, and how many to compute at a time, to outputs.

    It is that of `engine`; Keras's is compiled once.
    """
    if isinstance(source, Exported):
        return source.answers
    if _answers_itself(source):
        return source.exported.answers
    startup.import_keras()
    from zoo.engine import steps

    return partial(steps.predict, source.forward)


def _answers_itself(source: Run | Exported) -> bool:
    """Whether no Keras is needed."""
    if isinstance(source, Exported):
        return True
    return "model" not in vars(source) and bool(source.exported) and not accelerated()


def accelerated() -> bool:
    """Whether Keras has been imported and computes on no processor."""
    if "keras" not in sys.modules:
        return False
    from zoo.engine import device

    return device.describe() != "cpu"
