"""Run a recipe with several seeds and say whether its claim holds."""

import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zoo import recipe as recipes
from zoo.errors import Mistake
from zoo.evaluation.cross_validation import cross_validate
from zoo.metrics import Summary, summarize
from zoo.recipe import Expected, Recipe
from zoo.run import Run
from zoo.training import train


@dataclass(frozen=True)
class Verdict:
    """What came out.

    Attributes:
        metric: what was measured.
        values: one a seed.
        summary: of the values.
        claim: the mean that the recipe claims to reach, or to stay within.
        holds: whether the values support the claim, see `zoo.metrics.Summary`.
    """

    metric: str
    values: tuple[float, ...]
    summary: Summary
    claim: float
    holds: bool


def reproduce(
    name: str, changes: Sequence[str] = (), *, seeds: int = 5, quiet: bool = False
) -> Verdict:
    """Train the recipe `name` with seeds 0, 1, ..., and compare with its claim.

    Args:
        name: of a recipe, or the path of a recipe file.
        changes: to the recipe, see `zoo.recipe.override`; where the data lie, such as
            "data.path=./pictures". Other changes make another recipe than the one that
            the claim is about.
        seeds: how many runs, at least 2.
        quiet: print no progress.

    Raises:
        Mistake: the recipe claims nothing, `seeds` is below 2, or a change is none.
    """
    recipe = recipes.override(recipes.load(name), changes)
    if recipe.expects is None:
        raise Mistake(f"recipe {name} has no `expects=`, so there is nothing to check")
    if seeds < 2:
        raise Mistake(f"seeds={seeds}; accepted: at least 2, for a spread")
    expects, values = recipe.expects, []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            if not quiet:
                print(f"seed {seed}, run {seed + 1} of {seeds}", file=sys.stderr)
            run = once(
                dataclasses.replace(recipe, seed=seed),
                Path(folder) / str(seed),
                quiet=quiet,
            )
            values.append(_value(run, expects))
    summary = summarize(values)
    kept = holds(expects, summary)
    return Verdict(expects.metric, tuple(values), summary, expects.bound, kept)


def _value(run: Run, expects: Expected) -> float:
    """What a run has of the metric that is claimed."""
    found = run.metrics.get(expects.split, {})
    if expects.metric not in found:
        there = ", ".join(found) or "nothing"
        raise Mistake(
            f"the claim is about {expects.metric} of the {expects.split} split, and "
            f"there a run has {there}; correct `expects=`"
        )
    return found[expects.metric]


def holds(expects: Expected, summary: Summary) -> bool:
    """Whether the measurements support the claim."""
    if expects.at_most is not None:
        return summary.stays_within(expects.at_most)
    return summary.reaches(expects.bound)


def once(recipe: Recipe, folder: Path, *, quiet: bool = False) -> Run:
    """One run of `recipe`, the way its claim is measured; resumes what is in `folder`.

    That is a training, or a cross-validation if the claim has `folds`.
    """
    if recipe.expects and recipe.expects.folds:
        return cross_validate(recipe, recipe.expects.folds, folder, quiet=quiet)
    return train(recipe, run=folder, resume=True, quiet=quiet)
