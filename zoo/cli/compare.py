"""Compare runs on the same examples: paired differences with intervals.

All runs answer the examples on one backend, and the first is the yardstick: accuracies
are compared by the exact McNemar test, means by the paired bootstrap. A page with the
curves over each other is written beside the table.

Example:
  zoo compare runs/digits runs/wider runs/deeper
"""

from zoo.cli._arguments import add_backend, add_trust
from zoo.cli._table import table
from zoo.core.folders import check_place
from zoo.core.paths import expand
from zoo.core.progress import show
from zoo.engine import startup
from zoo.run import open_run


def arguments(parser):
    parser.add_argument("runs", metavar="RUN", nargs="+", help="2 to 10 runs' folders")
    parser.add_argument(
        "--output",
        type=expand,
        metavar="FILE",
        default="comparison.html",
        help="the page (comparison.html)",
    )
    add_backend(parser)
    add_trust(parser)


def run(options):
    from zoo.explanation.result import check_ending

    check_ending(options.output, (".html",))
    check_place(options.output, "name a file of yours: --output FILE")
    opened = [open_run(each, trust=options.trust) for each in options.runs]
    startup.load(options.backend)

    from zoo.reporting.comparison import compare

    found = compare(*opened, trust=options.trust)
    table(*found.results())
    show()
    table(*found.paired())
    if found.settings:
        show()
        table(["", *found.names], found.settings)
    if found.note:
        show(found.note)
    show(found.save(options.output))
