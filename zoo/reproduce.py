"""Run a recipe with several seeds and say whether its claim holds."""

import dataclasses
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from zoo import recipe as recipes
from zoo.errors import Mistake
from zoo.ledger import Summary, summarize
from zoo.train import train


@dataclass(frozen=True)
class Verdict:
    """What came out.

    Attributes:
        metric: what was measured on the test split.
        values: one a seed.
        summary: of the values.
        claim: the mean that the recipe claims to reach.
        holds: whether the mean is at most two standard errors below the claim.
    """

    metric: str
    values: tuple[float, ...]
    summary: Summary
    claim: float
    holds: bool


def reproduce(name: str, *, seeds: int = 5, quiet: bool = False) -> Verdict:
    """Train the recipe `name` with seeds 0, 1, ..., and compare with its claim.

    Args:
        name: of a recipe, or the path of a recipe file.
        seeds: how many runs, at least 2.
        quiet: print no progress.

    Raises:
        Mistake: the recipe claims nothing, or `seeds` is below 2.
    """
    recipe = recipes.load(name)
    if recipe.expects is None:
        raise Mistake(f"recipe {name} has no `expects=`, so there is nothing to check")
    if seeds < 2:
        raise Mistake(f"seeds={seeds}; accepted: at least 2, for a spread")
    metric, claim = recipe.expects.metric, recipe.expects.at_least
    values = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            run = train(
                dataclasses.replace(recipe, seed=seed),
                run=Path(folder) / str(seed),
                quiet=quiet,
            )
            values.append(run.metrics["test"][metric])
    summary = summarize(values)
    error = summary.deviation / math.sqrt(seeds)
    holds = summary.mean >= claim - 2 * error
    return Verdict(metric, tuple(values), summary, claim, holds)
