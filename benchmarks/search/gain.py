"""What a search gains over the recipe that it started from, into the ledger.

    python -m benchmarks.search gain runs/tune-lenet_mnist-jax-20260131-120000
    python -m benchmarks.search gain mammogram --trials 64 --folds 5

Of a finished search, the winner and the recipe are trained with the same fresh seeds
and meet the test split once each. A recipe whose claim is a cross-validation is
searched within each of its parts (nested cross-validation), so that no example is
tested on that the search has seen. What the ledger holds is not run again.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import command
from tools import ledger
from zoo import backend
from zoo import recipe as recipes
from zoo.engine import startup
from zoo.recipe import Recipe
from zoo.run import Run


def main(words: list[str]) -> None:
    parser = command.parser(__doc__)
    parser.add_argument("search", help="a search's folder, or a recipe with folds")
    parser.add_argument("changes", nargs="*", metavar="field=value")
    parser.add_argument(
        "--trials", type=command.times, default=64, help="of a nested search"
    )
    parser.add_argument("--folds", type=int, default=5, help="of a nested search")
    parser.add_argument("--seeds", type=command.times, default=3)
    parser.add_argument("--backend", default="jax")
    options = parser.parse_intermixed_args(words)
    ledger.require_clean_code()
    if Path(options.search).is_dir():
        _of_search(Path(options.search), options.seeds)
    else:
        _nested(options)


def _of_search(folder: Path, seeds: int) -> None:
    from zoo.tuning import load

    search = load(folder)
    settings = search.settings
    startup.load(settings.backend)

    from zoo.training import train

    how = {
        "tuner": settings.tuner,
        "trials": len(search.trials),
        "seed": settings.seed,
        "overrides": search.best["overrides"],
    }

    def run(recipe: Recipe, folder: Path) -> Run:
        return train(recipe, run=folder, resume=True, quiet=True)

    _compare(settings.name, settings.recipe, how, seeds, run, search.recipe, run)


def _nested(options) -> None:
    startup.load(options.backend)

    from zoo.evaluation.cross_validation import cross_validate
    from zoo.tuning.choice import best_of

    recipe = recipes.override(recipes.load(options.search), options.changes)
    parts = recipe.expects.folds
    how = {"tuner": "random", "trials": options.trials, "folds": options.folds}

    best = best_of(options.trials, options.folds)
    _compare(
        options.search,
        recipe,
        how | {"seed": 0},
        options.seeds,
        lambda recipe, folder: cross_validate(recipe, parts, folder),
        recipe,
        lambda recipe, folder: cross_validate(recipe, parts, folder, best),
    )


def _compare(
    name: str,
    hand: Recipe,
    how: dict,
    seeds: int,
    train_hand: Callable[[Recipe, Path], Run],
    searched: Recipe,
    train_searched: Callable[[Recipe, Path], Run],
) -> None:
    """Add the lines that the ledger lacks, of the recipe and of the search's winner."""
    found = {"search": {**how, "from": ledger.fields(hand)}}
    for seed in range(hand.seed + 1, hand.seed + 1 + seeds):
        for recipe, run, more in (
            (hand, train_hand, {}),
            (searched, train_searched, found),
        ):
            own = dataclasses.replace(recipe, seed=seed)
            if _is_known(name, own, more):
                continue
            kind = "searched" if more else "hand-set"
            print(f"{name}, {kind}, seed {seed}", flush=True)
            label = f"{kind}-{seed}"
            line = ledger.measure(name, label, partial(run, own), **more)
            print(f"test accuracy {line['metrics']['test']['accuracy']:.4f}")


def _is_known(name: str, recipe: Recipe, more: dict) -> bool:
    return any(
        line["recipe"] == name
        and line["seed"] == recipe.seed
        and line["backend"] == backend.current()
        and line["fields"] == ledger.fields(recipe)
        and line.get("search") == more.get("search")
        for line in ledger.read()
    )
