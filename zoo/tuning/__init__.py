"""Search a recipe's hyperparameters: `tune(recipe) -> Search`.

keras-tuner draws the trials, zoo's own engine trains them, on validation data alone. A
search is a folder; it re-opens wherever it was stopped. Only the winner, trained again
with fresh seeds, meets the test split.
"""

import importlib.util
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING

from zoo import backend
from zoo import recipe as recipes
from zoo.building import stored
from zoo.core import files, locks
from zoo.core.arguments import spelled
from zoo.core.folders import check_folder, check_links, make_folder, new_folder
from zoo.core.paths import expand
from zoo.engine import startup
from zoo.errors import Mistake, unknown
from zoo.recipe import Recipe
from zoo.tuning.search import (
    FIRST,
    OBJECTIVES,
    Search,
    Settings,
    absolute,
    check_same,
    load,
    read,
    to_json,
)

if TYPE_CHECKING:
    import keras_tuner

__all__ = ["Search", "hypermodel", "load", "reopen", "tune"]


def hypermodel(name: str | Path | Recipe, **arguments) -> "keras_tuner.HyperModel":
    """A model or a recipe as a `keras_tuner.HyperModel`, for any tuner of keras-tuner.

    Args:
        name: a model (a name, a dotted path or a `.py` file with `build` and, for an
            architecture to search, `space`), or a recipe (a name, a `.py` file or the
            recipe itself), whose fields are then the defaults and whose data are
            trained on where `search` is given none.
        **arguments: of the model's `build`, such as `input_shape` and `classes`.

    Returns:
        A `HyperModel` whose models give logits and are compiled with a loss that takes
        them, class numbers as targets, and the metric "accuracy". `fit` uses the batch
        size that is searched. Augmentation is left out, for Keras's `fit` has none.

    Raises:
        Mistake: there is no such model or recipe, or keras-tuner is not installed.
    """
    _require()
    from zoo.tuning.for_keras_tuner import make

    return make(name, arguments)


def tune(
    recipe: Recipe | str | Path,
    changes: Sequence[str] = (),
    *,
    tuner: str = "random",
    trials: int = 30,
    seed: int = 0,
    objective: str = "",
    only: Sequence[str] = (),
    folds: int = 0,
    max_minutes: float | None = None,
    run: str | Path | None = None,
    workers: int = 0,
    winners: int = 3,
    lease: float = 60.0,
    name: str = "",
    quiet: bool = False,
) -> Search:
    """Search the space of `recipe` on the active backend.

    The first trial is the recipe itself. A trial that fails is recorded with its reason
    and the search continues. Small dense networks are trained side by side on JAX, see
    `zoo.tuning.side_by_side`; other models and backends train one by one.

    Args:
        recipe: what the search starts from, or its name.
        changes: to the recipe, such as "epochs=5".
        tuner: "random", "bayesian" (a Gaussian process) or "hyperband" (Li et al.
            2018, JMLR 18:1), whose trials count each time they are continued.
        trials: how many, at least 1.
        seed: of the search: one seed, the same trials. They use the recipe's own seed.
        objective: a metric of `zoo.tuning.search.OBJECTIVES` or "loss" on the
            validation split, of the weights that training keeps: the last epoch's, or
            the best one's with early stopping. By default "accuracy", for numbers
            "mae", for labels "average_precision".
        only: names of the hyperparameters to search; () is all of them.
        folds: of cross-validation; 0 judges by the recipe's validation split.
        max_minutes: the search stops then; what was running runs again after `reopen`.
        run: the search's folder; a new readable name under `runs/` by default. If it
            holds a search of these settings, that one is resumed.
        workers: processes of this machine that run trials; 0 is this process (and on
            TensorFlow, for many trials, one that is renewed to free memory). Machines
            that all see the folder `run` share a search if the same call is made on
            each.
        winners: fresh seeds with which the best trial is trained again; 0 is none.
        lease: seconds after which the trial of a silent worker of another machine goes
            to somebody else.
        name: what `zoo train` takes for the recipe, where it is not given by name.
        quiet: print no progress.

    Returns:
        The search.

    Raises:
        Mistake: a setting is not accepted, the recipe has no validation data, the
            folder holds something else, or every trial failed.
    """
    _require()
    if not isinstance(recipe, Recipe):
        name = spelled(recipe)
        recipe = recipes.load(name)
    recipe = recipes.override(recipe, changes)
    settings = Settings(
        name,
        tuple(changes),
        recipe,
        backend.current(),
        tuner,
        trials,
        seed,
        objective,
        tuple(only),
        folds,
    )
    stem = Path(name).stem if name else f"{Path(recipe.model).stem}"
    folder, name = expand(run) if run else None, f"tune-{stem}"
    return _search(folder, settings, max_minutes, workers, winners, lease, quiet, name)


def reopen(
    folder: str | Path,
    *,
    trials: int | None = None,
    max_minutes: float | None = None,
    workers: int = 0,
    winners: int = 3,
    lease: float = 60.0,
    quiet: bool = False,
    trust: bool = False,
) -> Search:
    """Go on with the search in `folder`; the arguments are those of `tune`.

    Args:
        folder: of the search.
        trials: how many in all; None is as many as it was begun with.
        trust: execute the code of others that the search names: a model, a loss, or
            what reads its data.

    Raises:
        Mistake: the folder is not a search, is damaged, was begun on another backend,
            or names code that is not trusted.
    """
    _require()
    settings = load(folder).settings
    if not trust:
        stored.check_trust(settings.recipe, Path(folder))
    if trials is not None:
        settings = replace(settings, trials=trials)
    folder = expand(folder)
    return _search(folder, settings, max_minutes, workers, winners, lease, quiet)


def _check_process(max_minutes, workers, winners, lease) -> None:
    """Refuse what no search can be run with; "not >" holds for NaN too."""
    limit = () if max_minutes is None else (max_minutes,)
    for given, kind in (((workers, winners), Integral), ((*limit, lease), Real)):
        for value in given:
            if not isinstance(value, kind) or isinstance(value, bool):
                raise Mistake(
                    "workers and winners are whole numbers, max_minutes and lease "
                    f"numbers; given: {value!r:.60}"
                )
    if max_minutes is not None and not max_minutes > 0:
        raise Mistake(f"max_minutes={max_minutes}; accepted: more than 0")
    if workers < 0:
        raise Mistake(f"workers={workers}; accepted: 0, this process, or more")
    if winners < 0:
        raise Mistake(f"winners={winners}; accepted: 0, no test, or more")
    if not lease > 0:
        raise Mistake(f"lease={lease}; accepted: more than 0 seconds")


def _search(folder, settings, max_minutes, workers, winners, lease, quiet, name=""):
    _check_process(max_minutes, workers, winners, lease)
    if folder:
        check_folder(folder)
        check_links(folder)
    startup.import_keras(settings.backend)
    deadline = None if max_minutes is None else time.monotonic() + 60 * max_minutes

    import keras_tuner

    from zoo.data import identity
    from zoo.training.folder import Stopped
    from zoo.tuning import trial
    from zoo.tuning.sharing import run_workers
    from zoo.tuning.tuner import RENEWED, Tuner, overrides, wave

    dataset = trial.datasets(settings.recipe, settings.folds)[0]
    objective = settings.objective or FIRST[dataset.task]
    if objective not in OBJECTIVES[dataset.task]:
        raise unknown(
            f"objective of {dataset.task}", objective, OBJECTIVES[dataset.task]
        )
    settings = replace(
        absolute(settings),  # it is opened from other folders, too
        objective=objective,
        wave=wave(settings.recipe, settings.tuner, dataset, objective),
        examples=identity.examples(dataset),
    )
    # Before anything is written; a search finds out again what its trials may change.
    overrides(settings, dataset, keras_tuner.HyperParameters())
    folder = folder or new_folder(name, settings.backend)[0]
    _open(folder, settings)
    tuner = Tuner(settings, folder, deadline, quiet, lease)
    if settings.backend == "tensorflow" and settings.trials > RENEWED:
        workers = max(1, workers)  # whose processes are renewed, to free memory
    try:
        if workers:
            with tuner.progress:
                run_workers(folder, workers, tuner.show, deadline=deadline, lease=lease)
        else:
            tuner.search()
        with locks.locked(folder / "state" / "finish"):
            return _finish(Search(folder), winners, quiet)
    except (KeyboardInterrupt, Stopped):
        raise Stopped(
            "stopped; the trials so far are kept; "
            f"`zoo tune {folder} --resume` continues it"
        ) from None


def _open(folder, settings):
    """Write the settings, or check that they are those of the search that is there."""
    path, state = folder / "search.json", folder / "state"
    taken = Mistake(f"the folder {folder} is not empty; name another with --run")

    def holds_something_else() -> bool:
        there = {each.name for each in folder.iterdir()} if folder.exists() else set()
        return path.name not in there and bool(there - {state.name})

    # Where there are states, another process may be writing the settings.
    if holds_something_else() and not state.is_dir():
        raise taken
    make_folder(state)
    with locks.locked(state / "lock"):
        if holds_something_else():
            raise taken
        if path.is_file():
            then = "give the same settings to resume it, or another folder with --run"
            check_same(read(path), settings, f"the search in {folder}", then)
        files.write_json(path, to_json(settings))


def _finish(search, winners, quiet):
    from zoo.training import states

    ended = [each for each in search.trials if each["status"] != "RUNNING"]
    failed = [each for each in ended if each["status"] == "FAILED"]
    if failed and len(failed) == len(ended):
        raise Mistake(
            f"all {len(failed)} trials of {search.folder} failed, the last: "
            f"{failed[-1]['reason']}; `zoo tune {search.folder}` shows why each did"
        )
    if not ended:
        return search
    if len(ended) >= search.settings.trials:  # of more, some may be trained again
        for folder in (search.folder / "state").glob("trial_*/fold_*"):
            states.forget(folder)
    files.write_text(search.folder / "best.txt", f"{search.overrides}\n")
    if winners:
        from zoo.tuning.winner import retrain

        retrain(search, winners, quiet)
    from zoo.tuning.report import report

    report(search)
    return search


def _require():
    if "KERASTUNER_ORACLE_IP" in os.environ:
        raise Mistake(
            "KERASTUNER_ORACLE_IP is set, and zoo's searches have no chief: unset it, "
            "and give the same command, with --run and a folder that all machines see, "
            "on each of them"
        )
    if not importlib.util.find_spec("keras_tuner"):
        raise Mistake(
            "searching needs keras-tuner, which is not installed; "
            'pip install "zoo[tune]"'
        )
