"""The winner of a search, trained again with fresh seeds before anything is claimed."""

import dataclasses

from zoo.core import files
from zoo.run import Run
from zoo.training import train
from zoo.tuning.search import Search


def retrain(search: Search, seeds: int, quiet: bool = False) -> None:
    """Train the best trial's recipe with new seeds and write `winner.json`.

    The seeds follow the recipe's own, which the trials were selected with. Each run
    reads the test split once, at its end. A run that is there already is not repeated.
    A test split that a seed decides, `data.fold`, stays the search's.

    Args:
        search: with a completed trial.
        seeds: how many.
        quiet: print no progress.
    """
    recipe, number = search.recipe, search.best["trial"]
    arguments = dict(recipe.data_arguments)
    if fold := arguments.get("fold"):
        arguments["fold"] = (*fold, recipe.seed)[:3]
    runs = {}
    for seed in range(recipe.seed + 1, recipe.seed + 1 + seeds):
        folder = search.folder / "winner" / f"trial-{number}-seed-{seed}"
        own = dataclasses.replace(
            recipe, seed=seed, data_arguments=arguments, expects=None
        )
        train(own, run=folder, resume=True, quiet=quiet)
        runs[seed] = folder
    metrics = [Run(folder).metrics for folder in runs.values()]
    files.write_json(
        search.folder / "winner.json",
        {
            "trial": number,
            "overrides": search.best["overrides"],
            "seeds": list(runs),
            "test": [each["test"] for each in metrics if "test" in each],
            "validation": [
                each["validation"] for each in metrics if "validation" in each
            ],
        },
    )
