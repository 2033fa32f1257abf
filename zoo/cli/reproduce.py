"""Train a recipe with several seeds and say whether its claim holds.

The claim holds if the seeds support it: the lower end of the 95 % interval of their
mean (one-sided, Student) is not below it; of a claim `at_most`, the upper end is not
above it.
The exit status is 1 if it does not. Fields of the recipe can be changed as for
`zoo train`, above all where the data lie: data.path=./pizza_steak_sushi.

Example:
  zoo reproduce circles --seeds 3
"""

import sys

from zoo import backend
from zoo.cli._arguments import add_backend, add_changes
from zoo.core.progress import show
from zoo.engine import startup
from zoo.metrics import shown


def arguments(parser):
    parser.add_argument("recipe", metavar="RECIPE", help="a name from `zoo list`")
    add_changes(parser)
    parser.add_argument(
        "--seeds", type=int, default=5, help="how many runs, at least 2 (5)"
    )
    add_backend(parser)


def run(options):
    backend.require("train", startup.load(options.backend))

    from zoo.evaluation.reproduction import reproduce

    verdict = reproduce(options.recipe, options.changes, seeds=options.seeds)
    metric = verdict.metric
    values = ", ".join(shown(metric, value) for value in verdict.values)
    show(f"{metric}, one value a seed: {values}")
    show(f"mean ± standard deviation (n): {verdict.summary.shown(metric)}")
    holds = "holds" if verdict.holds else "does NOT hold"
    show(f"the claim of {shown(metric, verdict.claim)} {holds}")
    if not verdict.holds:
        sys.exit(1)
