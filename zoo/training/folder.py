"""The folder of a run while it is trained: chosen, locked, and given back."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keras

from zoo import data
from zoo import recipe as recipes
from zoo.building.ensemble import NAME as ENSEMBLE
from zoo.core import locks, seal
from zoo.core.folders import given_back, make_folder, new_folder
from zoo.core.paths import expand
from zoo.engine import groups
from zoo.errors import Mistake
from zoo.recipe import Recipe
from zoo.run import WEIGHTS, Run, open_run


class Stopped(Mistake):
    """Training was asked to stop (Ctrl-C, SIGTERM) and has saved its state."""

    status = 130


def saved(folder: Path, where: str) -> Stopped:
    """What training ends in that was asked to stop and has saved its state."""
    return Stopped(
        f"stopped {where}; the state is saved; `zoo train {folder} --resume` "
        "continues it"
    )


def interrupted(folder: Path) -> BaseException:
    """What a Ctrl-C ends in that stops at once: a second, or one after the epochs."""
    names = {path.name for path in folder.iterdir()}
    if has_ended(names):
        return Stopped(f"stopped; the run {folder} is complete")
    if any(name.startswith("state-") for name in names):
        return Stopped(
            "stopped; the last state that was saved is kept; "
            f"`zoo train {folder} --resume` continues it"
        )
    return KeyboardInterrupt()


def absolute(recipe: Recipe) -> Recipe:
    """`recipe` with absolute paths, which mean the same from any working folder."""
    paths = data.paths(recipe)
    arguments = {
        name: _absolute(value) if name in paths and value != "" else value
        for name, value in recipe.data_arguments.items()
    }
    return replace(
        recipe,
        model=_absolute(recipe.model) if recipe.model.endswith(".py") else recipe.model,
        data=_absolute(recipe.data) if data.is_path(recipe.data) else recipe.data,
        data_arguments=arguments,
    )


def absolute_change(change: str, recipe: Recipe) -> str:
    """A change that made `recipe`, as it is typed, with an absolute path if any."""
    key, equals, text = change.partition("=")
    own = {"data": data.is_path(text), "model": text.endswith(".py")}
    if own.get(key) or key in [f"data.{name}" for name in data.paths(recipe)]:
        return f"{key}{equals}{_absolute(text)}"
    return change


def _absolute(path) -> str:
    return os.path.abspath(expand(str(path)))


@contextlib.contextmanager
def take(
    recipe: Recipe,
    name: str,
    run: str | Path | None,
    resume: bool | None,
    lock: bool = True,
) -> Iterator[tuple[str, bool | None, bool]]:
    """The run's folder, for this process alone until the end of the block.

    If the block fails before it has saved a training state, nothing is left of the run,
    nor of the folders that were made for it; others stay.

    Args:
        recipe: with absolute paths.
        name: of the recipe, for the name of a new folder.
        run: the folder; None makes a new one under `runs/`.
        resume: continue what is in it; None if that cannot be done.
        lock: False where a child process will lock it.

    Returns:
        The folder, whether to resume what is in it, and whether the run has ended.

    Raises:
        Mistake: the folder cannot be written, another process writes to it, it is not
            empty and not to be resumed, or its run has another recipe.
    """
    restarts = groups.restarts()
    if restarts is not None and not run:
        run = Path("runs") / f"{name}-{os.environ['TORCHELASTIC_RUN_ID']}"
    if run:
        folder = expand(run)
        made = make_folder(folder)
    else:
        made = new_folder(name, keras.backend.backend())
        folder = made[0]
    with contextlib.ExitStack() as stack:
        stack.enter_context(given_back(made))
        if lock:
            stack.enter_context(locks.hold(folder))
        before = {path.name for path in folder.iterdir()} - {locks.NAME}
        begun, ended = "recipe.json" in before, has_ended(before)
        if restarts is not None and begun and (restarts or not ended):
            resume = True
        if before and not resume:
            then = "" if resume is None else "resume it with --resume or "
            raise Mistake(
                f"the folder {folder} is not empty; {then}name another with --run"
            )
        if begun:
            if (folder / "part-0").is_dir():
                raise Mistake(
                    f"{folder} is a cross-validation; `zoo cross-validate` with the "
                    f"same words and --run {folder} continues it"
                )
            if ended and open_run(folder).recipe.model == ENSEMBLE:
                raise Mistake(
                    f"{folder} is an ensemble, which is not trained: its members are, "
                    "before `zoo ensemble RUN RUN` makes one of them"
                )
            recipes.check_trained(folder)
            _check_recipe(folder, recipe, ended)
        else:
            stack.push(_emptying(folder, before))
        yield str(folder), resume, ended


def _emptying(folder: Path, before: set[str]):
    """For an `ExitStack`: after an error, remove what a run without a state wrote."""

    def leave(kind, *_):
        left = {path.name for path in folder.iterdir()} if kind else set()
        if kind and not has_ended(left) and not any(folder.glob("state-*")):
            for name in left - {*before, locks.NAME}:
                if (folder / name).is_file():
                    (folder / name).unlink()

    return leave


def has_ended(names: set[str]) -> bool:
    """Whether a run with these files has all that is written at its end.

    The checksums are the last; zoo 0.1 wrote none, and no `model.safetensors`.
    """
    return "metrics.json" in names and (seal.NAME in names or WEIGHTS not in names)


def _check_recipe(folder: Path, recipe: Recipe, ended: bool) -> None:
    """Refuse to resume a run of another recipe."""
    before, now = (
        json.loads(json.dumps(recipes.to_json(absolute(each))))
        for each in (Run(folder).recipe, recipe)
    )
    changed = [
        f"{key}={before[key]} there and {now[key]} now"
        for key in now
        if before[key] != now[key] and key != "expects"
    ]
    if not changed:
        return
    if ended:
        raise Mistake(
            f"the run in {folder} has ended, with another recipe: "
            f"{'; '.join(changed)}; train this one in a folder of its own: --run NEW"
        )
    raise Mistake(
        f"the run in {folder} has another recipe: {'; '.join(changed)}; "
        f"`zoo train {folder} --resume` continues it as it is"
    )
