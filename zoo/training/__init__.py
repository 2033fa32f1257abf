"""Train a recipe: `train(recipe) -> Run`.

`train` prepares the folder, the data and the model; `Session.run` is the loop.
"""

import contextlib
from pathlib import Path

from zoo import data
from zoo import recipe as recipes
from zoo.core import processes
from zoo.core.progress import say
from zoo.core.timing import start
from zoo.distribution import joined
from zoo.engine import device, groups, memory, startup
from zoo.errors import Mistake
from zoo.recipe import Recipe
from zoo.run import Run
from zoo.training import record
from zoo.training.folder import absolute, interrupted, take
from zoo.training.session import Session
from zoo.training.setup import as_begun, build_for, check


def train(
    recipe: Recipe | str | Path,
    *,
    name: str = "",
    run: str | Path | None = None,
    resume: bool = False,
    keep_states: bool = False,
    floor: bool = True,
    quiet: bool = False,
) -> Run:
    """Train `recipe` on the active backend.

    Args:
        recipe: what to train, or its name.
        name: of the recipe, for the folder's name; the model and data by default.
        run: the run's folder; a new readable name under `runs/` by default.
        resume: continue from the newest training state in `run`, if there is one; the
            final weights equal those of a run that was never interrupted, bit for bit.
            Under torchrun, an unfinished run is resumed in any case. A run that has
            ended is returned as it is.
        keep_states: keep the last two training states when the run has ended; they
            are three times as large as the model with Adam, and nothing needs them.
        floor: measure what needs no network, too, see `zoo.data.floors`: seconds at
            most, and once for a data set.
        quiet: print no progress.

    Returns:
        The run, with its model, history and metrics.

    Raises:
        Mistake: the recipe does not fit the data, the backend or the devices; the run
            to resume is of another recipe, backend or data; another process trains in
            its folder; the loss is not a number any more; the disk is full; another
            process has died.
        Stopped: Ctrl-C or SIGTERM; the state is saved. A second one stops at once, and
            so does one after the last epoch: the state that was saved before is kept.
    """
    begun = record.clock()
    start.ended("zoo")
    memory.free_earlier()
    recipe = absolute(recipes.of(recipe))
    name = name or f"{Path(recipe.model).stem}_{Path(recipe.data).name}"
    small, kept = startup.small_loops_whole(), memory.freed_memory_kept
    with small, kept, joined() as group, contextlib.ExitStack() as stack:
        for stage in recipe.stage_recipes():
            groups.check_batch(stage.batch)
        taken = take(recipe, name, run, resume, lock=not group.starter)
        chosen, resume, ended = group.decide(lambda: stack.enter_context(taken))
        folder = Path(chosen)
        if ended:
            if group.rank == 0 and not quiet:
                say(f"the run {folder} has ended; nothing is left to train")
            return Run(folder, trust=True)
        if group.starter:
            arguments = {
                "recipe": recipes.to_json(recipe),
                "run": chosen,
                "resume": resume,
                "keep_states": keep_states,
                "floor": floor,
                "quiet": quiet,
            }
            group.start(arguments)
            return Run(folder, trust=True)
        try:
            if recipe.deterministic:
                stack.enter_context(device.deterministic())
            dataset = group.in_turn(lambda: data.load_for(recipe))
            check(recipe, dataset, quiet or group.rank > 0)
            dataset = as_begun(group, folder, dataset)
            start.ended("data")
            with group.scope():
                model = build_for(recipe, dataset)
            start.ended("model")
            session = Session(group, recipe, folder, dataset, model, quiet, begun)
            record.begin(session, resume)
            with processes.asked_to_stop() as asked:
                session.run(asked)
            return record.finish(session, keep_states, floor)
        except KeyboardInterrupt:
            raise interrupted(folder) from None
        except group.lost as error:
            reason = " ".join(str(error).split("\n\n")[-1].split())
            raise Mistake(
                f"process {group.rank} of {group.processes} cannot continue without "
                f"the others: {reason}; what was saved before is intact; "
                f"start all of them again with --run {folder} --resume"
            ) from error
