"""Evaluate a run on its data set, or on other examples, on any backend.

Example:
  zoo evaluate runs/digits --backend torch
  zoo evaluate runs/patients --data other_hospital.csv
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
        choices=("train", "validation", "test", "all"),
        help="part of the data set (test; with --data all)",
    )
    parser.add_argument(
        "--data",
        metavar="PATH",
        help="other examples, or where those of the run lie now: a file or a folder",
    )


def run(options):
    done = open_run(options.run, trust=options.trust)
    backend.require("evaluate", startup.load(options.backend))

    from zoo.evaluation import evaluate

    metrics = evaluate(done, options.split, data=options.data)
    rows = [(name, f"{value:.6f}") for name, value in metrics.items()]
    table(["metric", options.split or ("all" if options.data else "test")], rows)
