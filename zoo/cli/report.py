"""Write a page that shows what a run has learned, and how far it can be trusted.

Examples:
  zoo report runs/digits
  zoo report runs/digits --format png
"""

from zoo.cli._arguments import add_backend, add_run
from zoo.core.progress import show
from zoo.engine import startup
from zoo.run import open_run


def arguments(parser):
    add_run(parser)
    parser.add_argument(
        "--format",
        choices=("html", "md", "png"),
        default="html",
        help="html, md (the same in words) or png (curves and confusion matrix)",
    )
    add_backend(parser)


def run(options):
    done = open_run(options.run, trust=options.trust)
    startup.load(options.backend)

    from zoo.reporting import report

    show(report(done, format=options.format))
