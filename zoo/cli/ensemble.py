"""Make one run of several: its answer is the mean of their answers.

The members are runs of any networks of zoo on the same data, such as several seeds.
The new run holds all their weights and is used like any other. Its accuracy is printed
below those of the members, on the same examples.

Examples:
  zoo train circles seed=1 data.seed=0 --run runs/one
  zoo train circles seed=2 data.seed=0 --run runs/two
  zoo ensemble runs/one runs/two --run runs/both
"""

from zoo.cli._arguments import add_backend
from zoo.cli._table import table
from zoo.core.progress import show
from zoo.engine import startup


def arguments(parser):
    parser.add_argument("runs", metavar="RUN", nargs="+", help="2 to 32 runs' folders")
    parser.add_argument(
        "--run", metavar="DIR", help="the new run's folder (a new name under runs/)"
    )
    add_backend(parser)


def run(options):
    startup.load(options.backend)

    from zoo.reporting import members
    from zoo.reporting.advice import of_silent
    from zoo.training.ensembles import ensemble

    made = ensemble(*options.runs, run=options.run)
    table(*members.rows(made))
    for line in of_silent(made.metrics):
        show(line)
    show(f"run: {made.folder}")
