"""Measure what zoo costs besides the mathematics: start-up, input, growth.

    python tools/costs.py startup           imports, and the time to the first step
    python tools/costs.py input             reading pictures
    python tools/costs.py augmentation      changing them
    python tools/costs.py growth            with examples, batch, width and length
    python tools/costs.py table             README's tables from the file
    python tools/costs.py table --check     exit with 1 if they differ

MNIST is read from $TFDS_DATA_DIR.
Measurements go to `tools/costs.jsonl`; a newer one replaces an older one of its name.
"""

import argparse
import importlib

import readme
from costing import report

VERBS = ("startup", "input", "augmentation", "growth")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, dest="verb")
    for verb in VERBS:
        module = importlib.import_module(f"costing.{verb}")
        command = commands.add_parser(verb, description=module.__doc__)
        command.add_argument("--rounds", type=int, default=5, help="5 by default")
        command.add_argument("--backends", nargs="+", help="all that are installed")
    command = commands.add_parser("table", description=report.__doc__)
    command.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    if options.verb == "table":
        command = "python tools/costs.py table"
        readme.update(report.written, options.check, command)
    else:
        _measure(options)


def _measure(options):
    from zoo import backend

    module = importlib.import_module(f"costing.{options.verb}")
    backends = options.backends or backend.installed()
    for line in module.measure(backends, options.rounds):
        report.put({"verb": options.verb, **line})
        print(report.words(line), flush=True)


if __name__ == "__main__":
    main()
