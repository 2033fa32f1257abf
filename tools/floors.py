"""Measure what needs no network on the data of each recipe: recipes/floors.json.

    python tools/floors.py                                   every recipe
    python tools/floors.py efficientnet_food data.path=./pizza_steak_sushi

They are those of `zoo.data.floors`, on the examples that the recipe's claim is about.
Lines of the ledger hold them since zoo 0.2, and then count; this file is for recipes
whose lines are older. Where a recipe claims a cross-validation, the floors go through
the same parts, with five seeds.
"""

import argparse
import dataclasses
import importlib.metadata
import json
import statistics
import sys
import time

import numpy as np

from zoo import recipe as recipes
from zoo.data import load_for
from zoo.data.floors import SECONDS, answers, floors
from zoo.errors import Mistake
from zoo.metrics import measure as measured

FILE = recipes.folder() / "floors.json"
SEEDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="recipes, and data.NAME=VALUE")
    words = parser.parse_args().words
    changes = [word for word in words if "=" in word]
    names = [word for word in words if "=" not in word] or recipes.names()
    known = {}  # recipes of the same examples have the same floors
    for name in names:
        recipe = recipes.override(recipes.load(name), changes)
        claim = recipe.expects and (recipe.expects.split, recipe.expects.folds)
        about = (recipe.data, recipe.data_arguments, recipe.validation, claim)
        if repr(about) not in known:
            known[repr(about)] = measure(recipe)
        put(name, {**known[repr(about)], "command": f"python tools/floors.py {name}"})
        print(f"{name}: {known[repr(about)]['floors']}", flush=True)


def read() -> dict[str, dict]:
    """The floors of each recipe, by its name."""
    return json.loads(FILE.read_text("utf-8")) if FILE.is_file() else {}


def put(name: str, line: dict) -> None:
    """Add the floors of a recipe to the file, or replace them."""
    lines = dict(sorted({**read(), name: line}.items()))
    FILE.write_text(json.dumps(lines, indent=1) + "\n", "utf-8")


def measure(recipe: recipes.Recipe) -> dict:
    """The metrics of each floor on the examples that the recipe's claim is about."""
    start = time.perf_counter()
    expects = recipe.expects or recipes.Expected("accuracy", 0)
    if expects.folds:
        seeds = [dataclasses.replace(recipe, seed=seed) for seed in range(SEEDS)]
        found = mean([in_parts(one, expects.folds) for one in seeds])
    else:
        found = floors(load_for(recipe), expects.split).metrics
    return {
        "floors": found,
        "seconds": round(time.perf_counter() - start, 1),
        "versions": f"scikit-learn {importlib.metadata.version('scikit-learn')}",
    }


def in_parts(recipe: recipes.Recipe, parts: int) -> dict[str, dict[str, float]]:
    """The floors of a cross-validation."""
    from zoo.evaluation.cross_validation import of_part, together

    answered, targets, task = [], [], ""
    for part in range(parts):
        dataset = load_for(of_part(recipe, part, parts))
        answered.append(answers(dataset, dataset.test, SECONDS)[0])
        targets.append(dataset.test.targets)
        task = dataset.task
    truth = np.concatenate(targets)
    spread = truth.std(axis=0)
    return {
        name: measured(each, truth, task, spread)
        for name, each in together(answered).items()
    }


def mean(found: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """The mean of each metric of the floors that all of several measurements have."""
    from zoo.evaluation.cross_validation import common

    return {
        name: {
            metric: statistics.fmean(each[metric] for each in metrics)
            for metric in metrics[0]
        }
        for name, metrics in sorted(common(found).items())
    }


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Mistake as mistake:
        sys.exit(str(mistake))
