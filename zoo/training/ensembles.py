"""`ensemble`: one run of several, whose answer is the mean of theirs."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from zoo import recipe as recipes
from zoo.building import ensemble as graph
from zoo.building import stored, unit
from zoo.core import columns, environment, files, processes, seal
from zoo.core.progress import Progress
from zoo.data import Dataset, Split, identity
from zoo.engine import device, steps
from zoo.errors import Mistake
from zoo.recipe import Recipe
from zoo.run import WEIGHTS, Run, open_run
from zoo.training import record
from zoo.training.folder import take

MOST = 32  # members
ADVICE = (
    "train the members with seeds of their own and data.seed=0, which holds out the "
    "same examples"
)


def ensemble(
    *runs: Run | str | Path,
    run: str | Path | None = None,
    quiet: bool = False,
) -> Run:
    """Make one run of several: its answer is the mean of their answers.

    Of classes it is the mean of their probabilities, of labels that of each label, of
    numbers and forecasts that of the numbers (Lakshminarayanan et al. 2017,
    arXiv:1612.01474). The run holds all weights, and is used like any other. Its
    temperature, its cuts and the errors that `confidence` asks for are found on the
    validation split, if no member has learned from it.

    Args:
        runs: 2 to 32: runs, their folders, or names of trained weights, of any networks
            of zoo that take the same input and give the same answers.
        run: the new run's folder; a readable name under `runs/` by default.
        quiet: print nothing.

    Returns:
        The run. `metrics["members"]` has the metrics of each member on the same
        examples.

    Raises:
        Mistake: they differ in input, answers, precision or the examples that judge
            them, two of them are one network, or one is an ensemble or code of a
            user's own; it says which. Or the data or the folder are not to be had.
    """
    begun = record.clock()
    if not 2 <= len(runs) <= MOST:
        raise Mistake(f"{len(runs)} runs; an ensemble has 2 to {MOST} members")
    opened = [open_run(each) for each in runs]
    names = _names(opened)
    for each, name in zip(opened, names, strict=True):
        _check_member(each, name)
    first = opened[0]
    for number, other in enumerate(opened[1:], 1):
        _check_pair(first, other, f"{names[0]} and {names[number]}")
    _check_different(opened, names)
    held = len({_sum(each.about_data, "validation") for each in opened}) == 1
    recipe = _recipe(opened, held)
    with (
        take(recipe, f"ensemble_{Path(recipe.data).name}", run, None) as taken,
        Progress("answering the examples", len(opened) + 1, quiet) as progress,
    ):
        if not held:
            progress.say(
                "no temperature and no errors for --confidence: the members hold out "
                f"different examples for validation, and learned from others'; {ADVICE}"
            )
        dataset = first.dataset(**({} if held else {"validation": 0}))
        if not held:
            dataset = dataclasses.replace(dataset, validation=None)
        known = identity.examples(dataset)
        _check_judged(first, known)
        dataset = dataclasses.replace(dataset, examples=known)
        models = []
        for done, each in enumerate(opened, 1):
            models.append(each.model)
            progress.update(done)
        model = graph.joined(models, dataset.task)
        folder = Path(taken[0])
        metrics = _measured(model, dataset, opened, names, begun)
        with processes.unbroken():
            _write(model, folder, recipe, dataset, metrics, opened, names)
    return Run(folder)


def _names(runs: Sequence[Run]) -> list[str]:
    """The names of the folders, or their paths where two have one name."""
    names = [run.folder.resolve().name for run in runs]
    return names if len({*names}) == len(names) else [str(run.folder) for run in runs]


def _check_member(run: Run, name: str) -> None:
    recipe = run.recipe
    if recipe.model == graph.NAME:
        raise Mistake(f"{name} is an ensemble itself; give the runs it was made of")
    if not (run.folder / "data.json").is_file():
        raise Mistake(f"{name} is a cross-validation; give the runs of its parts")
    if stored.is_own(recipe):
        raise Mistake(
            f"{name} is a run of {recipe.model}, code that is not zoo's; an ensemble "
            "is data and executes none"
        )
    if run.about_data.unit:
        raise Mistake(
            f"{name} goes on with texts, which an ensemble does not: `zoo write` keeps "
            "the states of one network"
        )
    if run.about_data.task == "strings":
        raise Mistake(
            f"{name} reads strings, and the steps at which two networks read a symbol "
            "are not the same: their mean would mean nothing"
        )
    if not (run.folder / WEIGHTS).is_file() or not run.about_data.examples:
        raise Mistake(
            f"{name} is a run of an older zoo, which does not say what it learned "
            "from; train it again"
        )
    if run.quantiles:
        raise Mistake(
            f"{name} gives quantiles, whose means are none; train members without "
            "model.quantiles"
        )


def _check_pair(first: Run, other: Run, both: str) -> None:
    """Refuse runs of which a mean would mean nothing."""
    pair = first.about_data, other.about_data
    facts = [
        _facts(run, about) for run, about in zip((first, other), pair, strict=True)
    ]
    for what, here in facts[0].items():
        there = facts[1][what]
        if here != there:
            more = f"; {ADVICE}" if what in ("vocabularies", "columns") else ""
            raise Mistake(
                f"{both} make no ensemble: their {what} are {_short(here)} and "
                f"{_short(there)}{more}"
            )
    for split in ("test", "validation", "train"):
        sums = [_sum(about, split) for about in pair]
        if sums[0] == sums[1] and sums[0]:
            return
        if any(sums):
            raise Mistake(
                f"{both} make no ensemble: their {split} splits hold different "
                f"examples, so that nothing would judge both; {ADVICE}"
            )


def _check_judged(first: Run, now: dict[str, dict]) -> None:
    """Refuse data that changed: the metrics of the members are of other examples."""
    then = first.about_data.examples
    split = next((each for each in ("test", "validation") if each in now), "")
    judged = ({k: v for k, v in each.items() if k == split} for each in (then, now))
    if words := identity.differences(*judged):
        raise Mistake(
            f"the examples of {first.recipe.data} are not those that judged the "
            f"members: {words}; put the data back, or train the members again"
        )


def _facts(run: Run, about: Dataset) -> dict:
    """What members must have in common, in words and values."""
    encoder = about.encoder
    return {
        "kinds of data": about.kind,
        "kinds of answers": about.task,
        "answers": about.answers,
        "shapes of an input": about.input_shape,
        "columns": columns.to_json(about.columns) or about.features,
        "windows": about.timeline.to_json() if about.timeline else None,
        "vocabularies": (encoder.words, encoder.length) if encoder else None,
        "precisions": run.recipe.precision,
    }


def _short(value) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _sum(about: Dataset, split: str) -> str:
    return about.examples.get(split, {}).get("sha256", "")


def _check_different(runs: Sequence[Run], names: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for run, name in zip(runs, names, strict=True):
        checksum = seal.checksum(run.folder / WEIGHTS)
        if checksum in seen:
            raise Mistake(
                f"{seen[checksum]} and {name} are one network: their weights are "
                "equal; give runs of different seeds"
            )
        seen[checksum] = name


def _recipe(runs: Sequence[Run], held: bool) -> Recipe:
    """The first run's, with the members in place of its network."""
    first = runs[0].recipe
    members = tuple(
        {"model": run.recipe.model, "arguments": run.recipe.model_arguments}
        for run in runs
    )
    given = {k: v for k, v in first.data_arguments.items() if held or k != "validation"}
    return dataclasses.replace(
        first,
        model=graph.NAME,
        model_arguments={"members": members},
        data_arguments=given,
        validation=first.validation if held else 0.0,
        expects=None,
    )


def _measured(
    model: keras.Model,
    dataset: Dataset,
    runs: Sequence[Run],
    names: Sequence[str],
    begun: dict[str, float],
) -> dict:
    forward = steps.compile_forward(model)

    def answer(split: Split) -> np.ndarray:
        return steps.predict(forward, split.inputs)

    metrics, split = record.measured(dataset, answer, unit.spread(model))
    metrics["members"] = {
        name: run.metrics.get(split, {}) for name, run in zip(names, runs, strict=True)
    }
    if floors := runs[0].metrics.get("floors"):  # which are of the same examples
        metrics["floors"] = floors
    metrics["parameters"] = model.count_params()
    now = record.clock()
    metrics["seconds"] = {name: now[name] - begun[name] for name in now}
    return metrics


def _write(
    model: keras.Model,
    folder: Path,
    recipe: Recipe,
    dataset: Dataset,
    metrics: dict,
    runs: Sequence[Run],
    names: Sequence[str],
) -> None:
    about = environment.describe(keras.backend.backend(), device.describe())
    about["members"] = {
        name: _origin(run) for name, run in zip(names, runs, strict=True)
    }
    with files.writing(folder):
        files.write_json(folder / "recipe.json", recipes.to_json(recipe))
        about[recipes.FINGERPRINT] = recipes.fingerprint(folder)
        files.write_json(folder / "environment.json", about)
        dataset.save(folder)
    record.write_end(model, folder, metrics)


def _origin(run: Run) -> str:
    """Which network a member is, in words."""
    recipe = run.recipe
    backend = f", trained on {run.backend}" if run.backend else ""
    checksum = seal.checksum(run.folder / WEIGHTS)
    return f"{recipe.model}, seed {recipe.seed}{backend}, weights {checksum[:12]}"
