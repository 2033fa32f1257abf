"""Evaluate a run on its data set, on any backend.

Example:
  zoo evaluate runs/digits --backend torch
"""

from zoo import backend
from zoo.cli._arguments import add_backend, add_run
from zoo.cli._table import table
from zoo.engine import startup
from zoo.run import open_run


def arguments(parser):
    add_run(parser)
    add_backend(parser)
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test"),
        default="test",
        help="part of the data set (test)",
    )


def run(options):
    done = open_run(options.run, trust=options.trust)
    backend.require("evaluate", startup.load(options.backend))

    from zoo.evaluation import evaluate

    metrics = evaluate(done, options.split)
    rows = [(name, f"{value:.6f}") for name, value in metrics.items()]
    table(["metric", options.split], rows)
