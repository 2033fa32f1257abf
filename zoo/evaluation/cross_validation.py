"""Cross-validation of a recipe with two classes: every example is tested once."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zoo.core import files, locks, seal
from zoo.core.progress import track
from zoo.data import Dataset, identity, load_for
from zoo.engine.steps import compile_forward, predict
from zoo.errors import Mistake
from zoo.metrics import intervals, rates
from zoo.recipe import FINGERPRINT, Recipe, fingerprint, to_json
from zoo.run import Run
from zoo.training import train
from zoo.training.folder import absolute


def cross_validate(
    recipe: Recipe,
    parts: int,
    folder: str | Path,
    choose: Callable[[Recipe, Path], Recipe] = lambda one, _: one,
) -> Run:
    """Train `recipe` once for each of `parts` stratified parts of its examples.

    The part is the test split; everything that is fitted, imputation and scaling
    included, is fitted to the other parts. The recipe's seed decides the parts. Parts
    that are finished in `folder` are not trained again.

    Args:
        recipe: what to train, for two classes.
        parts: how many, at least 2.
        folder: of the run.
        choose: from the recipe whose test split is the part, and a folder, to the
            recipe that is trained instead, such as the best one of a search.

    Returns:
        A run without a model. Its `metrics["test"]` are those of `rates` over all
        examples, each predicted by the network that did not see it;
        `metrics["interval"]` has their 95 % intervals, see `intervals`;
        `metrics["seconds"]` is the sum over the parts.

    Raises:
        Mistake: the recipe has more than two classes, or its data cannot be split.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with locks.hold(folder):
        return _cross_validate(absolute(recipe), parts, folder, choose)


def _cross_validate(recipe, parts, folder, choose) -> Run:
    runs, logits, targets = [], [], []
    for part in track(range(parts), parts, f"training on all parts but one of {parts}"):
        arguments = {**recipe.data_arguments, "fold": (part, parts)}
        one = dataclasses.replace(recipe, data_arguments=arguments, expects=None)
        dataset = load_for(one, validation=0)
        if len(dataset.classes) != 2:
            raise Mistake(
                f"cross-validation is for two classes; {recipe.data} has "
                f"{len(dataset.classes)}"
            )
        one = choose(one, folder / f"search-{part}")
        run = train(one, run=folder / f"part-{part}", resume=True, quiet=True)
        dataset = _as_learned(run, load_for(one))
        runs.append(run)
        logits.append(predict(compile_forward(run.model), dataset.test.inputs))
        targets.append(dataset.test.targets)
    logits, targets = np.concatenate(logits), np.concatenate(targets)
    spent = [run.metrics["seconds"] for run in runs]
    metrics = {
        "test": rates(logits, targets),
        "interval": intervals(rates, logits, targets, recipe.seed),
        "seconds": {key: sum(each[key] for each in spent) for key in spent[0]},
        "parameters": runs[0].metrics["parameters"],
    }
    environment = files.read_json(runs[0].folder / "environment.json", seal.LARGEST)
    files.write_json(folder / "recipe.json", to_json(recipe))
    environment[FINGERPRINT] = fingerprint(folder)
    files.write_json(folder / "environment.json", environment)
    files.write_json(folder / "metrics.json", metrics)
    return Run(folder)


def _as_learned(run: Run, dataset: Dataset) -> Dataset:
    """The data set with the classes and columns of a run, which it began with."""
    kept = identity.kept(run.folder)
    dataset = identity.align(dataset, kept["classes"], kept["features"])
    words = identity.differences(kept["examples"], identity.examples(dataset))
    if words:
        raise Mistake(
            f"the data are not those that {run.folder} was trained on: {words}; "
            "cross-validate again in another folder"
        )
    return dataset
