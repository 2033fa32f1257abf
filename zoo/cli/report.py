"""Draw a run's curves and confusion matrix.

Example:
  zoo report runs/digits
"""

from zoo.engine import startup
from zoo.run import open_run


def arguments(parser):
    parser.add_argument("run", metavar="RUN", help="the folder of a run")
    parser.add_argument("--backend", help="jax, tensorflow or torch")


def run(options):
    done = open_run(options.run)
    startup.load(options.backend)

    from zoo.reporting import report

    print(report(done))
