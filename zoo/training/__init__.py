"""Train a recipe: `train(recipe) -> Run`.

The loop: for each stage, for each epoch, for each chunk of batches that the feed gives,
the backend's trainer takes its steps; then validation, history and the training state.
"""

import contextlib
import os
import signal
import threading
from pathlib import Path

import keras

from zoo import data
from zoo import recipe as recipes
from zoo.distribution import joined
from zoo.engine import device, groups, startup
from zoo.errors import Mistake
from zoo.recipe import Recipe
from zoo.run import Run, check_folder, new_folder, withdraw
from zoo.training.session import Session, clock
from zoo.training.setup import build_for, check


def train(
    recipe: Recipe,
    *,
    name: str = "",
    run: str | Path | None = None,
    resume: bool = False,
    quiet: bool = False,
) -> Run:
    """Train `recipe` on the active backend.

    Args:
        recipe: what to train.
        name: of the recipe, for the folder's name; the model and data by default.
        run: the run's folder; a new readable name under `runs/` by default.
        resume: continue from the newest training state in `run`, if there is one; the
            final weights equal those of a run that was never interrupted, bit for bit.
            Under torchrun, an unfinished run is resumed in any case.
        quiet: print no progress.

    Returns:
        The run, with its model, history and metrics.

    Raises:
        Mistake: the recipe does not fit the data, the backend or the devices; the
            training state is of another recipe or backend; the loss is not a number
            any more; the disk is full; another process has died.
        Stopped: Ctrl-C or SIGTERM; the state is saved.
    """
    with startup.small_loops_whole(), joined() as group:
        for stage in recipe.stage_recipes():
            groups.check_batch(stage.batch)
        name = name or f"{Path(recipe.model).stem}_{Path(recipe.data).name}"
        chosen, resume, ended = group.decide(lambda: _choose_folder(name, run, resume))
        folder = Path(chosen)
        if ended:
            return Run(folder, trust=Run(folder).recipe.model == recipe.model)
        if group.starter:
            group.start(
                {
                    "recipe": recipes.to_json(recipe),
                    "run": chosen,
                    "resume": resume,
                    "quiet": quiet,
                }
            )
            return Run(folder, trust=True)
        try:
            return _train(group, recipe, folder, resume, quiet)
        except group.lost as error:
            reason = " ".join(str(error).split("\n\n")[-1].split())
            raise Mistake(
                f"process {group.rank} of {group.processes} cannot go on without the "
                f"others: {reason}; what was saved before is intact; "
                f"start all of them again with --run {folder} --resume"
            ) from error


def _choose_folder(name, run, resume) -> tuple[str, bool, bool]:
    """The run's folder, whether to go on with what is in it, and whether it has ended.

    Only one process asks: the others may be on machines that do not see the folder.
    """
    restarts = groups.restarts()
    if run:
        folder = Path(run)
    elif restarts is None:
        folder = new_folder(name, keras.backend.backend())
    else:
        folder = Path("runs") / f"{name}-{os.environ['TORCHELASTIC_RUN_ID']}"
    check_folder(folder)
    begun = (folder / "recipe.json").exists()
    ended = (folder / "metrics.json").exists()
    if restarts is not None and begun and (restarts or not ended):
        resume = True
    if not resume and folder.exists() and any(folder.iterdir()):
        raise Mistake(
            f"the folder {folder} is not empty; "
            "resume it with --resume or name another with --run"
        )
    return str(folder), resume, ended


def _train(group, recipe, folder, resume, quiet) -> Run:
    begun = clock()
    if recipe.deterministic:
        device.make_deterministic()
    dataset = group.in_turn(lambda: data.load_for(recipe))
    check(recipe, dataset)
    with group.scope():
        model = build_for(recipe, dataset)
    session = Session(group, recipe, folder, dataset, model, quiet, begun)
    try:
        session.begin(resume)
        with _stop_on_signals() as asked:
            session.run(asked)
    except Mistake:
        if group.rank == 0 and not resume:
            withdraw(folder)
        raise
    return session.finish()


@contextlib.contextmanager
def _stop_on_signals():
    """A list that fills when the process is asked to stop; a second time, it stops."""
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(number, frame):
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
