"""Draw a run's curves and confusion matrix.

Example:
  zoo report runs/digits
"""

from zoo.cli._arguments import add_backend, add_run
from zoo.engine import startup
from zoo.run import open_run


def arguments(parser):
    add_run(parser)
    add_backend(parser)


def run(options):
    done = open_run(options.run, trust=options.trust)
    startup.load(options.backend)

    from zoo.reporting import report

    print(report(done))
