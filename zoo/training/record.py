"""The files of a run while it is trained: written at its beginning, in it, at its end.

In a group all processes call these functions, and the first one writes.
"""

import contextlib
import csv
import io
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import keras
import numpy as np

from zoo import recipe as recipes
from zoo.building import model_files, stored, unit, weight_files
from zoo.core import environment, files, processes, seal
from zoo.core.progress import Progress
from zoo.data import floors
from zoo.engine import device
from zoo.errors import Mistake
from zoo.layers import carrying
from zoo.metrics import (
    best_cuts,
    calibration,
    errors_of,
    measure,
    medians,
    noise,
    of_each,
    of_quantiles,
    of_steps,
    surprises_of,
)
from zoo.run import Run
from zoo.training import states

_WRITTEN = (
    *("recipe.json", "environment.json", "data.json", "vocabulary.json", stored.SOURCE),
    *("history.csv", "metrics.json", stored.GRAPH, stored.WEIGHTS, seal.NAME),
)


def begin(session, resume: bool) -> None:
    """Write the recipe, the environment and the data; resume if asked.

    They are written before the first epoch, so that training does not begin if the
    disk is full or a name of a class cannot be written.

    Raises:
        Mistake: the state is of another backend or model, or damaged.
    """
    state, folder, recipe = None, session.folder, session.recipe
    with session.group.shared_mistakes():
        if session.group.rank == 0:
            state = states.newest(folder) if resume else None
            about = environment.describe(session.state.backend, device.describe())
            with files.writing(folder):
                (folder / seal.NAME).unlink(missing_ok=True)
                files.forget_unfinished(folder, _WRITTEN)
                stored.keep_source(recipe, folder)
                files.write_json(folder / "recipe.json", recipes.to_json(recipe))
                about[recipes.FINGERPRINT] = recipes.fingerprint(folder)
                files.write_json(folder / "environment.json", about)
                session.dataset.save(folder)
    state = session.group.broadcast(state or b"")
    if state:
        restore(session, *states.read(state))


def restore(session, arrays: list[np.ndarray], progress: dict) -> None:
    """Give `session` the variables and the state that `save` wrote.

    Raises:
        Mistake: they are of another backend or model, or damaged.
    """
    state, folder = states.restored(progress), session.folder
    if state.backend != session.state.backend:
        made = str(state.backend)[:40]
        raise Mistake(
            f"the training state in {folder} was made on {made}, this is "
            f"{session.state.backend}; "
            f"`zoo train {folder} --resume --backend {made}` continues it"
        )
    for stage in range(1, min(state.stage, len(session.stages) - 1) + 1):
        session.state.stage = stage
        session.start_stage()
    variables = _variables(session)
    count = len(variables)
    _check(arrays[:count], variables, folder)
    state.best = arrays[count:]
    if state.best:
        _check(state.best, session.model.variables, folder)
    session.state = state
    assign(variables, arrays[:count])
    if session.state.stage < len(session.stages):  # else all epochs are done
        session.set_step()
    session.trainer.pull()


def save(session) -> None:
    """Write the training state and the history so far."""
    session.trainer.push()
    _count_time(session)
    state = session.state
    with session.group.shared_mistakes():
        if session.group.rank == 0:
            arrays = values(_variables(session)) + state.best
            states.save(session.folder, arrays, state.progress())
            if state.history:
                _write_history(session.folder, state.history)
    session.saved = time.perf_counter()


def finish(session, keep_states: bool = False, floor: bool = True) -> Run:
    """Evaluate on the test split, once, and write the run."""
    save(session)
    totals, dataset = session.state.totals, session.dataset
    answer, spread = partial(session.answer, whole=True), unit.spread(session.model)
    metrics, split = measured(dataset, answer, spread, session.recipe.quantiles)
    _count_time(session)
    train, waiting = totals["train"], totals["waiting"]
    counts = ("examples", "skipped")
    metrics["seconds"] = {k: v for k, v in totals.items() if k not in counts}
    if totals.get("skipped"):
        metrics["skipped_updates"] = totals["skipped"]
    metrics["waiting_share"] = waiting / train if train else 0.0
    metrics["examples_per_second"] = totals["examples"] / max(train, 1e-9)
    metrics["parameters"] = session.model.count_params()
    metrics["epochs"] = session.state.epoch
    with session.group.shared_mistakes():
        if session.group.rank == 0:
            if floor:
                metrics["floors"] = measured_floors(dataset, split, session.quiet)
            with processes.unbroken():
                write_end(session.model, session.folder, metrics)
                if not keep_states:
                    states.forget(session.folder)
    return Run(session.folder, trust=True)


def measured(
    dataset, answer: Callable, spread, quantiles: Sequence[float] = ()
) -> tuple[dict, str]:
    """What a run keeps of a network's answers, and the split that judges it.

    The temperature, the cuts of labels and the errors of conformal prediction are found
    on the validation split.

    Args:
        dataset: with its examples.
        answer: from a split to the network's outputs.
        spread: of numbers the unit of their loss, see `zoo.building.unit`.
        quantiles: the shares of values below each answer, if the outputs are such.
    """
    held = [
        name for name in ("test", "validation") if getattr(dataset, name) is not None
    ]
    whole = {name: answer(dataset.split(name)) for name in held or ["train"]}
    outputs = {
        name: (medians(each) if quantiles else each, dataset.split(name).targets)
        for name, each in whole.items()
    }
    known, cuts = outputs.get("validation"), np.zeros(1)
    if known and dataset.task == "labels":
        cuts = best_cuts(*known)
    metrics: dict = {
        name: measure(*each, dataset.task, spread, cuts)
        for name, each in outputs.items()
    }
    split = next(iter(metrics))  # the one that the result is about
    if known and dataset.task == "labels":
        metrics["cuts"] = dict(zip(dataset.classes, cuts.tolist(), strict=True))
    if known and dataset.task == "numbers":
        metrics["conformal"] = errors_of(*known, dataset.outputs)
    if known and dataset.task == "classes":
        metrics["conformal"] = surprises_of(*known)
        metrics["calibration"] = calibration(known, outputs[split])
    if dataset.timeline:
        metrics["steps"] = {split: of_steps(*outputs[split], dataset.outputs)}
    if dataset.task in ("classes", "labels"):
        each = of_each(*outputs[split], dataset.classes, dataset.task, cuts)
        metrics["classes"] = {split: each}
    if quantiles:
        found = of_quantiles(whole[split], outputs[split][1], quantiles)
        metrics["quantiles"] = {split: found}
    overlap = dataset.timeline.horizon if dataset.timeline else 1
    metrics["noise"] = noise(*outputs[split], dataset.task, overlap)
    return metrics, split


def measured_floors(dataset, split: str, quiet: bool) -> dict[str, dict[str, float]]:
    """What needs no network, on the same examples; what is left out is told."""
    with Progress("measuring what needs no network", 1, quiet) as progress:
        found = floors.floors(dataset, split)
        for name, reason in found.left_out.items():
            progress.say(f"{name}, which needs no network, is left out: {reason}")
    return found.metrics


def write_end(model: keras.Model, folder: Path, metrics: dict) -> None:
    """Write a network and its metrics, and the sums of all files, whole or not."""
    with files.writing(folder):
        model_files.save(model, folder / stored.GRAPH)
        weight_files.save(model, folder / stored.WEIGHTS)
        files.write_json(folder / "metrics.json", metrics)
        seal.write(folder)


def clock() -> dict[str, float]:
    """Seconds, of the wall's clock and of this process's work on all cores."""
    return {"total": time.perf_counter(), "processor": time.process_time()}


def _count_time(session):
    """Add the time since the last call to the totals over all starts of the run."""
    now = clock()
    for name, value in now.items():
        session.state.totals[name] += value - session.clock[name]
    session.clock = now


@contextlib.contextmanager
def averaged(session):
    """Inside, the model has the averaged weights, if the stage averages them."""
    if not session.stages[session.state.stage].ema:
        yield
        return
    variables = session.model.trainable_variables
    trained = values(variables)
    session.optimizer.finalize_variable_values(variables)
    yield
    assign(variables, trained)


def _variables(session) -> list[keras.Variable]:
    """All that a training state keeps, carried states of recurrent layers last."""
    carried = carrying.states(session.trained)
    return [*session.model.variables, *session.optimizer.variables, *carried]


def values(variables) -> list[np.ndarray]:
    """Copies of the variables' values."""
    return [np.array(keras.ops.convert_to_numpy(v.value)) for v in variables]


def assign(variables, arrays) -> None:
    """Set each variable to its array."""
    for variable, value in zip(variables, arrays, strict=True):
        variable.assign(value)


def _check(arrays, variables, folder):
    """Refuse a state whose arrays are not those of these variables."""
    for array, variable in zip(arrays, variables, strict=False):
        if array.shape != tuple(variable.shape) or array.dtype.kind not in "biuf":
            raise Mistake(
                f"the training state in {folder} is of another model: "
                f"{variable.path} has the shape {tuple(variable.shape)} here and "
                f"{array.shape} there, of {array.dtype}; begin again in another "
                "folder, with --run"
            )
    if len(arrays) != len(variables):
        raise Mistake(
            f"the training state in {folder} is of another model: it has "
            f"{len(arrays)} arrays and {len(variables)} are needed; "
            "begin again in another folder, with --run"
        )


def _write_history(folder: Path, history: list[dict]) -> None:
    """Write `history.csv`: a line per epoch."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, history[-1].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    files.write_text(folder / "history.csv", buffer.getvalue())
