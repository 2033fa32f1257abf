"""Cross-validation: every example is answered by a network that did not see it."""

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from zoo import recipe as recipes
from zoo.building import answers, unit
from zoo.core import files, locks, seal
from zoo.core.folders import check_folder, check_links, given_back, make_folder
from zoo.core.paths import expand
from zoo.core.progress import say, track
from zoo.data import Dataset, floors, identity, load_for
from zoo.errors import Mistake
from zoo.metrics import (
    intervals,
    measure,
    medians,
    noise,
    of_each,
    of_quantiles,
    rates,
    with_cuts,
)
from zoo.metrics.strings import counts_of
from zoo.recipe import FINGERPRINT, Recipe, fingerprint, to_json
from zoo.run import Run
from zoo.training import train
from zoo.training.folder import Stopped, absolute
from zoo.training.setup import check

PART, SEARCH = "part-{}", "search-{}"  # folders: of a part, and of the search for it


@dataclasses.dataclass
class _Part:
    """A part that is answered by the network that learned from the others.

    quantiles: float (n, k, q), if the outputs, (n, k), are the medians of some.
    """

    run: Run
    dataset: Dataset
    outputs: np.ndarray
    floors: dict[str, np.ndarray]
    quantiles: np.ndarray | None = None


def cross_validate(
    recipe: Recipe | str | Path,
    parts: int,
    folder: str | Path,
    choose: Callable[[Recipe, Path], Recipe] = lambda one, _: one,
    *,
    quiet: bool = False,
) -> Run:
    """Train `recipe` once for each of `parts` parts of its examples.

    The part is the test split; everything that is fitted, imputation, scaling and the
    words of a vocabulary included, is fitted to the other parts. The recipe's seed
    decides the parts, see `zoo.data.folds.cut`: of classes they are stratified; with
    `data_arguments={"groups": ...}` a group is in one part, and with {"time": ...}
    every part is answered from the past. Parts that are finished in `folder` are not
    trained again.

    Args:
        recipe: what to train, or its name.
        parts: how many, at least 2.
        folder: of the run; new, empty, or one that this was begun in.
        choose: from the recipe whose test split is the part, and a folder, to the
            recipe that is trained instead, such as the best one of a search, see
            `zoo.tuning.choice.best_of`.
        quiet: print no progress.

    Returns:
        A run without a model. Its `metrics["test"]` are over all examples that were
        answered, of two classes those of `rates`, else those of `measure`, where the
        loss of numbers is in units of the first part's training targets, and labels are
        given from the cuts on of the network that answers;
        `metrics["interval"]` has their 95 % intervals, see `intervals`;
        `metrics["classes"]` recall and precision, see `zoo.metrics.of_each`;
        `metrics["quantiles"]`, of a network with some, how good these are;
        `metrics["floors"]` the same of what needs no network, learned and asked part by
        part as the network is; `metrics["folds"]`, for each part, its number of
        examples, its metrics and its floors; `metrics["seconds"]` is the sum over the
        parts.

    Raises:
        Mistake: the data cannot be split into so many parts, or do not fit the recipe;
            or the folder cannot be written, or holds something else.
    """
    folder, recipe = expand(folder), absolute(recipes.of(recipe))
    if type(parts) is not int or parts < 2:
        raise Mistake(f"{parts!r} folds; accepted: a whole number, at least 2")
    _check_folder(folder)
    first = of_part(recipe, 0, parts)
    check(first, load_for(first))  # before anything is written
    with given_back(make_folder(folder)), locks.hold(folder):
        try:
            return _cross_validate(recipe, parts, folder, choose, quiet)
        except (KeyboardInterrupt, Stopped):
            raise Stopped(
                "stopped; what is trained is kept; the same command with "
                f"--run {folder} continues it"
            ) from None


def _check_folder(folder: Path) -> None:
    """Refuse a folder that cannot be written, or that this was not begun in."""
    check_folder(folder)
    check_links(folder)
    inside = {each.name for each in folder.iterdir()} if folder.is_dir() else set()
    begun = {path.format(0) for path in (PART, SEARCH)}
    if inside - {locks.NAME} and not inside & begun:
        raise Mistake(
            f"the folder {folder} is not empty, and holds no cross-validation; name "
            "another with --run"
        )


def _cross_validate(recipe, parts, folder, choose, quiet) -> Run:
    answered, left_out = [], {}
    numbers = range(parts)
    if not quiet:
        numbers = track(numbers, parts, f"training on all parts but one of {parts}")
    for part in numbers:
        one = choose(of_part(recipe, part, parts), folder / SEARCH.format(part))
        place = folder / PART.format(part)
        run = train(one, run=place, resume=True, floor=False, quiet=True)
        dataset = _as_learned(run, load_for(one))
        whole = answers.of(
            run.model, run.forward, dataset.test, dataset.task, whole=True
        )
        outputs = medians(whole) if run.quantiles else whole
        found, reasons = floors.answers(dataset, dataset.test, floors.SECONDS)
        left_out |= reasons
        if dataset.task == "strings":  # whose paths have any length
            outputs = counts_of(outputs, dataset.test.targets)
            found = {
                name: counts_of(each, dataset.test.targets)
                for name, each in found.items()
            }
        elif dataset.task == "labels":  # of which each network has its own cuts
            outputs = with_cuts(outputs, run.cuts(dataset.classes))
        many = whole if run.quantiles else None
        answered.append(_Part(run, dataset, outputs, found, many))
    if not quiet:
        for name, reason in left_out.items():
            say(f"{name}, which needs no network, is left out: {reason}")
    environment = files.read_json(
        answered[0].run.folder / "environment.json", seal.LARGEST
    )
    files.write_json(folder / "recipe.json", to_json(recipe))
    environment[FINGERPRINT] = fingerprint(folder)
    files.write_json(folder / "environment.json", environment)
    files.write_json(folder / "metrics.json", _measured(answered, recipe.seed))
    return Run(folder)


def of_part(recipe: Recipe, part: int, parts: int) -> Recipe:
    """The recipe whose test split is a part, and the rest its training."""
    arguments = {**recipe.data_arguments, "fold": (part, parts)}
    return dataclasses.replace(recipe, data_arguments=arguments, expects=None)


def _measured(parts: list[_Part], seed: int) -> dict:
    """The metrics of a cross-validation."""
    outputs = np.concatenate([part.outputs for part in parts])
    splits = [part.dataset.test for part in parts]
    targets = np.concatenate([split.targets for split in splits])
    task, names = parts[0].dataset.task, parts[0].dataset.classes
    spread = unit.spread(parts[0].run.model)
    judge = partial(measure, task=task, spread=spread)
    over_all = rates if task == "classes" and len(names) == 2 else judge
    groups, line = None, parts[0].dataset.timeline
    if line:
        groups = line.together(len(targets))
    elif splits[0].groups is not None:
        groups = np.concatenate([split.groups for split in splits])
    spent = [part.run.metrics["seconds"] for part in parts]
    asked = parts[0].run.quantiles
    quantiles = {}
    if asked and all(part.run.quantiles == asked for part in parts):
        whole = np.concatenate([part.quantiles for part in parts])
        quantiles = {"quantiles": {"test": of_quantiles(whole, targets, asked)}}
    classes = {}
    if task in ("classes", "labels"):
        logits, cuts = outputs, 0.0
        if task == "labels":  # see `with_cuts`
            logits, cuts = outputs[:, 0], outputs[:, 1]
        classes = {"classes": {"test": of_each(logits, targets, names, task, cuts)}}
    return {
        "test": over_all(outputs, targets),
        "interval": intervals(over_all, outputs, targets, seed, groups),
        "noise": noise(outputs, targets, task, line.horizon if line else 1),
        **quantiles,
        **classes,
        "floors": {
            name: over_all(answers, targets)
            for name, answers in together([part.floors for part in parts]).items()
        },
        "folds": [
            {
                "examples": len(split),
                "test": judge(part.outputs, split.targets),
                "floors": {
                    name: judge(answers, split.targets)
                    for name, answers in part.floors.items()
                },
            }
            for part, split in zip(parts, splits, strict=True)
        ],
        "seconds": {key: sum(each[key] for each in spent) for key in spent[0]},
        "parameters": parts[0].run.metrics["parameters"],
    }


def together(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The answers of the floors that all parts have, by name, to all examples."""
    return {name: np.concatenate(answers) for name, answers in common(parts).items()}


def common(parts: list[dict]) -> dict[str, list]:
    """What each floor that all parts have has in each of them, by the floor's name.

    A floor that was stopped early in some parts has the name that says so.
    """
    plain = [{name.split(",")[0]: name for name in part} for part in parts]
    everywhere = [name for name in plain[0] if all(name in part for part in plain)]
    return {
        max((names[name] for names in plain), key=len): [
            part[names[name]] for part, names in zip(parts, plain, strict=True)
        ]
        for name in everywhere
    }


def _as_learned(run: Run, dataset: Dataset) -> Dataset:
    """The data set with the classes and columns of a run, which it began with."""
    kept = identity.kept(run.folder)
    then = kept.pop("examples")
    dataset = identity.align(dataset, **kept)
    words = identity.differences(then, identity.examples(dataset))
    if words:
        raise Mistake(
            f"the data are not those that {run.folder} was trained on: {words}; "
            "cross-validate again in another folder"
        )
    return dataset
