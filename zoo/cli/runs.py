"""List the runs of a folder with their metrics; nothing in them is executed.

Example:
  zoo runs runs --sort accuracy
"""

from zoo.cli._table import table
from zoo.core.progress import say


def arguments(parser):
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        nargs="?",
        default="runs",
        help="that holds runs (runs)",
    )
    parser.add_argument(
        "--sort",
        metavar="NAME",
        default="",
        help="a metric, parameters, epochs, seconds, or another column; the best first",
    )


def run(options):
    from zoo.reporting.listing import runs

    found = runs(options.folder, sort=options.sort)
    if found.rows:
        table(*found.table(options.sort))
    for name, reason in found.unreadable.items():
        say(f"{name}: {reason}")
