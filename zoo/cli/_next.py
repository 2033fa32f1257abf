"""What to try on a new run: commands that can be typed as they are."""

import os
import shlex
import shutil
import sys
import warnings
from pathlib import Path

from zoo import backend
from zoo.core import files
from zoo.core.progress import show
from zoo.errors import Mistake
from zoo.run import Run


def suggest(done: Run, options, changes: list[str]) -> None:
    """Print the commands; `options` and `changes` are those of `zoo train`."""
    with warnings.catch_warnings():  # the training said what is odd about the data
        warnings.simplefilter("ignore")
        try:
            commands = _next(done)
        except Mistake:  # a run that had ended is shown, and its data are gone
            return
    if not options.resume:
        recipe = done.recipe
        last = f"stage.{len(recipe.stages)}." if recipe.stages else ""
        more = f"{last}epochs="
        kept = [change for change in changes if not change.startswith(more)]
        more += str(2 * recipe.stage_recipes()[-1].epochs)
        commands.append(["train", options.recipe, *kept, more])
    show("next:")
    for command in commands:
        show(f"  {shlex.join([_program(), *command])}")


def without_test(done: Run) -> str:
    """A line on a result that is no test's."""
    from zoo import data

    line = "There is no test split: the result is that of the validation split"
    if data.is_path(done.recipe.data):
        line += "; data.test=0.2 holds a test out of the training"
    return f"{line}."


def _next(done: Run) -> list[list[str]]:
    """What to try on the new run, as lists of words after `zoo`."""
    folder, here = str(done.folder), backend.current()
    others = [name for name in backend.installed() if name != here]
    elsewhere = ["--backend", others[0]] if others else []
    split = []
    if "test" not in done.metrics:
        split = ["--split", "validation" if "validation" in done.metrics else "train"]
    first = ["predict", folder]
    if done.about_data.unit:
        first = ["write", folder, "--length", "200"]
    return [
        [*first, *_example(done)],
        ["evaluate", folder, *split, *elsewhere],
    ]


def _program() -> str:
    """How to start zoo: as it was started, if the shell does not find it by name."""
    typed, found = sys.argv[0], shutil.which("zoo")
    if Path(typed).name != "zoo" or (found and os.path.samefile(found, typed)):
        return "zoo"
    return typed


def _example(done: Run) -> list[str]:
    """Words that give `zoo predict` an input; a picture is put into the run."""
    from zoo import data
    from zoo.data.kinds import rows

    kind = done.about_data.kind
    if kind == "text":
        return ["a film that I would gladly see again"]
    if kind == "language":
        return []
    if kind == "tabular":  # with the columns of the run
        dataset = done.dataset()
    else:
        dataset = data.load_for(done.recipe, validation=0)
    if dataset.timeline:
        return _series(done, dataset)
    example = (dataset.test or dataset.train).inputs[0]
    if kind in ("sound", "sequence"):
        return [_heard(done.folder, example, dataset.rate)]
    if dataset.columns:
        return ["--", rows.shown(example, done.about_data.columns)]
    if kind != "image":
        return ["--", ",".join(f"{value:.4g}" for value in example)]
    picture = done.folder / "example.png"
    with files.replacing(picture) as temporary:
        _write_picture(temporary, example)
    return [str(picture)]


def _series(done: Run, dataset) -> list[str]:
    """The table itself, or the last window of data that have no file."""
    from zoo import data
    from zoo.data.kinds import endings

    if data.is_path(done.recipe.data):
        line = dataset.timeline
        # What is known ahead ends with the table: the last horizon is known of it.
        back = ["--back", str(line.horizon)] if line.ahead else []
        return [done.recipe.data, *back]
    path = done.folder / "example.csv"
    window = (dataset.test or dataset.train).inputs[-1]
    text = endings.as_table(window, dataset.timeline, dataset.columns)
    files.write_text(path, text)
    return [str(path)]


def _heard(folder: Path, example, rate: int) -> str:
    """A file of a sound, or of a sequence, that is put into the run."""
    from zoo.data.kinds import sequences, sound_files

    path = folder / ("example.wav" if rate else "example.ts")
    if rate:
        files.write(path, sound_files.written(example, rate))
    else:
        files.write_text(path, sequences.written(example))
    return str(path)


def _write_picture(path: Path, image) -> None:
    from PIL import Image

    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(path)
