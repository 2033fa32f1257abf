"""Which engine answers for a run: Keras, or ONNX Runtime by its export."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo import backend, exported
from zoo.building import stored, trained
from zoo.core import files, seal
from zoo.core.sessions import TooMuch
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.exported import Exported
from zoo.run import Run, open_run

if TYPE_CHECKING:
    from zoo.data import Dataset

ONNX = "onnxruntime"
OPENED = Run | Exported  # made once: small networks answer while it is made again


def opened(
    run: Run | Exported | str | Path, trust: bool = False
) -> tuple[Run | Exported, "Dataset"]:
    """A run or an ONNX file, and what it learned from.

    What a name or a path gives is kept: who asks in a loop gets the same run, compiled
    as it is, until one of its files changes.

    Raises:
        Mistake: see `zoo.predict`.
    """
    if not isinstance(run, OPENED):
        run = _kept(run, trust)
    return run, run.dataset if isinstance(run, Exported) else run.about_data


def for_keras(run: Run | str | Path, trust: bool = False) -> Run:
    """A run whose model is for Keras to open; that of a name or a path is kept, too.

    It is another one than `opened` keeps: ONNX Runtime may answer for that, until Keras
    has opened its model.

    Raises:
        Mistake: see `zoo.run.open_run`.
    """
    if isinstance(run, Run) or exported.is_file(run):
        return open_run(run, trust=trust)  # of a file it says that it is no run
    found = _kept(run, trust, keras=True)
    assert isinstance(found, Run)
    return found


MOST_KEPT = 4  # runs, of which each holds its weights in memory
_KEPT: dict[tuple[str, bool, bool], tuple[dict[str, tuple | None], Run | Exported]] = {}
_WRITTEN_IN_PLACE = (seal.NAME, stored.WEIGHTS)  # and files of code


def _kept(run: str | Path, trust: bool, keras: bool = False) -> Run | Exported:
    if trained.is_at_hub(run):
        run = trained.folder(run)
    asked = os.fspath(run), trust, keras
    known = _KEPT.get(asked)
    if known is not None and _unchanged(known[0]):
        return known[1]
    is_file = exported.is_file(run)
    place = os.fspath(run if is_file else trained.folder(run))
    states = _states_of(place) | {asked[0]: files.state(asked[0])}
    found = Exported(run) if is_file else open_run(run, trust=trust)
    _KEPT.pop(asked, None)
    while len(_KEPT) >= MOST_KEPT:
        del _KEPT[next(iter(_KEPT))]
    _KEPT[asked] = states, found
    return found


def _states_of(place: str) -> dict[str, tuple | None]:
    """By what a change of a file, or of a run, is seen: the states of some paths.

    The checksums of a run's files lie in `run.json`, and whatever else is put into its
    folder changes the time of that; to ask for each file would take as long as a small
    network's answer. Only code and weights are asked for: an editor may write them in
    place. A run of an older zoo has no checksums.
    """
    paths = [place]
    if os.path.isdir(place):
        names = os.listdir(place)
        looked_at = [n for n in names if n in _WRITTEN_IN_PLACE or n[-3:] == ".py"]
        chosen = looked_at if seal.NAME in names else names
        paths += [os.path.join(place, name) for name in chosen]
    return {path: files.state(path) for path in paths}


def _unchanged(states: dict[str, tuple | None]) -> bool:
    return [*map(files.state, states)] == [*states.values()]


def engine(source: Run | Exported) -> str:
    """What answers for a run or a file: "onnxruntime", or the name of Keras's backend.

    It is ONNX Runtime for a file; and for a run that holds an export which was made of
    its weights and passed its check, see `Run.exported`, until Keras has opened the
    run's model, which may be changed then, or computes on a GPU. Weights that zoo ships
    are exported into the cache when they are first asked.
    """
    return ONNX if _answers_itself(source) else backend.current()


def forward(source: Run | Exported) -> Callable[..., np.ndarray]:
    """A function from decoded inputs, and how many to compute at a time, to outputs.

    It is that of `engine`; Keras's is compiled once.
    """
    if isinstance(source, Exported):
        return source.answers
    if _answers_itself(source):
        return partial(_by_export, source)
    return _by_keras(source)


def _by_keras(run: Run) -> Callable[..., np.ndarray]:
    if "model" not in vars(run):
        startup.import_keras()
    return partial(_in_few_sizes, run.forward)


def _in_few_sizes(call, inputs: np.ndarray, batch: int = 500) -> np.ndarray:
    """Outputs for all inputs; the last batch is computed as `padded`.

    JAX and TensorFlow make a program for every size, and PyTorch a recording where one
    comes again: who asks about 1, 2, 3, ... inputs would wait for each.
    """
    from zoo.engine import steps

    rest = len(inputs) % batch
    if not rest:
        return steps.predict(call, inputs, batch)
    last = steps.predict(call, padded(inputs[-rest:], batch), batch)[:rest]
    if rest == len(inputs):
        return last
    return np.concatenate([steps.predict(call, inputs[:-rest], batch), last])


STEP = 64  # inputs; a power of two may be twice as many, and take twice as long


def padded(inputs: np.ndarray, most: int = 2**31) -> np.ndarray:
    """`inputs`, the last repeated until they are so many that few sizes occur.

    That is a power of two up to `STEP`, then a multiple of it; `most` at most.
    """
    count = len(inputs)
    size = 1 << (count - 1).bit_length() if count < STEP else -(-count // STEP) * STEP
    more = min(size, most) - count
    if not more:
        return inputs
    return np.concatenate([inputs, np.repeat(inputs[-1:], more, axis=0)])


def no_answer(
    source: Run | Exported, names: Sequence[str], outputs: np.ndarray
) -> Mistake:
    """Whether the weights are at fault, or an input that is too large for them.

    Args:
        source: as `opened` gave it.
        names: of the inputs.
        outputs: for them, (n, ...), of which some are not finite.
    """
    if isinstance(source, Run) and not all(
        np.isfinite(each).all() for each in source.model.get_weights()
    ):
        return Mistake(f"the model of {source.folder} answers NaN; train it again")
    finite = np.isfinite(outputs).reshape(len(outputs), -1)
    wrong = np.flatnonzero(~finite.all(axis=1))
    return Mistake(
        f"{len(wrong)} of {len(names)} inputs have no answer, such as input "
        f"{wrong[0] + 1}, {names[wrong[0]][:60]}: the numbers overflow in the network; "
        "give values in the range of the training data"
    )


def _by_export(run: Run, inputs: np.ndarray, batch: int = 500) -> np.ndarray:
    assert run.exported
    try:
        return run.exported.answers(inputs, batch)
    except TooMuch:  # such inputs are rare, and the run may be asked itself
        return _by_keras(run)(inputs, batch)


def _answers_itself(source: Run | Exported) -> bool:
    """Whether no Keras is needed; weights that zoo ships are exported for it, once."""
    if isinstance(source, Exported):
        return True
    if "model" in vars(source):
        return False
    if not (source.exported or "_tried" in vars(source) or accelerated()):
        vars(source)["_tried"] = True
        if trained.is_shipped(source.folder):
            from zoo.exporting import shipped

            vars(source)["exported"] = shipped.export_once(source)
    return bool(source.exported) and not accelerated()


def accelerated() -> bool:
    """Whether Keras has been imported and computes on no processor."""
    return "keras" in sys.modules and _computes_on() != "cpu"


@cache  # PyTorch says it by making a tensor
def _computes_on() -> str:
    from zoo.engine import device

    return device.describe()
