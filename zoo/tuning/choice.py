"""Nested search: what a cross-validation trains, chosen without the part it answers."""

from collections.abc import Callable, Sequence
from pathlib import Path

from zoo.recipe import Recipe
from zoo.tuning import tune


def best_of(
    trials: int, folds: int = 0, tuner: str = "random", only: Sequence[str] = ()
) -> Callable[[Recipe, Path], Recipe]:
    """What `zoo.cross_validate` takes as `choose`: the best recipe of a search.

    Every part has a search of its own, which sees the other parts alone, so that no
    example is answered that the choice has seen.

    Args:
        trials, folds, tuner, only: of each search, see `zoo.tune`.
    """

    def choose(recipe: Recipe, folder: Path) -> Recipe:
        search = tune(
            recipe,
            trials=trials,
            folds=folds,
            tuner=tuner,
            only=only,
            run=folder,
            winners=0,
            quiet=True,
        )
        return search.recipe

    return choose
