"""Measure what zoo costs besides the mathematics: start-up, input, growth.

    python -m benchmarks.costs startup         imports, and the time to the first step
    python -m benchmarks.costs busy            a step beside other programs
    python -m benchmarks.costs input           reading pictures
    python -m benchmarks.costs rows            a table of a million rows
    python -m benchmarks.costs augmentation    changing them
    python -m benchmarks.costs waiting         training that waits for them
    python -m benchmarks.costs growth          with examples, batch, width and length
    python -m benchmarks.costs serving         a server beside a bare one
    python -m benchmarks.costs writing         a text of 1,000 characters
    python -m benchmarks.costs table           the tables from the file
    python -m benchmarks.costs table --check   exit with 1 if they differ

MNIST is read from $TFDS_DATA_DIR.
Measurements go to `benchmarks/results/costs.jsonl`; a newer one replaces an older one
of its name.
"""

import importlib

from benchmarks import command
from benchmarks.costs import report
from tools import pages

VERBS = (
    *("startup", "busy", "input", "rows"),
    *("augmentation", "waiting", "growth", "serving", "writing"),
)


def main(words: list[str] | None = None) -> None:
    parser = command.parser(__doc__)
    commands = parser.add_subparsers(required=True, dest="verb")
    for verb in VERBS:
        module = importlib.import_module(f"benchmarks.costs.{verb}")
        own = commands.add_parser(verb, description=module.__doc__)
        own.add_argument("--rounds", type=command.times, default=5, help="5 by default")
        own.add_argument("--backends", nargs="+", help="all that are installed")
    own = commands.add_parser("table", description=report.__doc__)
    own.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(words)
    if options.verb == "table":
        pages.update(report.texts(), options.check, "python -m benchmarks.costs table")
        return
    module = importlib.import_module(f"benchmarks.costs.{options.verb}")
    for line in module.measure(command.backends(options.backends), options.rounds):
        report.put({"verb": options.verb, **line})
        print(report.words(line), flush=True)


if __name__ == "__main__":
    command.run(main)
