"""Measure zoo against hand-written loops and plain Keras, in interleaved rounds.

    python tools/benchmark.py train              a training step of every network
    python tools/benchmark.py predict            one answer, and many
    python tools/benchmark.py race               seconds to 99 % on MNIST, from warm
    python tools/benchmark.py table              README's tables from the file
    python tools/benchmark.py table --check      exit with 1 if they differ
    python tools/benchmark.py scaling --help     several devices: tools/scaling.py

Measurements go to `tools/benchmark.jsonl`; a newer one replaces an older one of its
name. On a GPU the same commands measure the GPU.
"""

import argparse
import statistics
import sys

import readme
import scaling
from benchmarks import results, rounds, table
from benchmarks.cases import CASES

MEASURES = {"train": rounds.train, "predict": rounds.predict}


def main() -> None:
    if sys.argv[1:2] == ["scaling"]:
        scaling.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, dest="verb")
    for verb in (*MEASURES, "race"):
        command = commands.add_parser(verb)
        if verb in MEASURES:
            command.add_argument("--networks", nargs="+", default=[""], help="names")
            command.add_argument("--contestants", nargs="+", help="all of the backend")
        command.add_argument("--backends", nargs="+", help="all that are installed")
        command.add_argument("--rounds", type=int, default=7, help="7 by default")
    command = commands.add_parser("table")
    command.add_argument("--check", action="store_true", help="write nothing")
    commands.add_parser("scaling", help="several devices: tools/scaling.py")
    options = parser.parse_args()
    if options.verb == "table":
        command = "python tools/benchmark.py table"
        readme.update(table.written, options.check, command)
        return
    from zoo import backend

    backends = options.backends or backend.installed()
    if options.verb == "race":
        _race(options, backends)
    else:
        _measure(options, backends)


def _race(options, backends):
    for name in backends:
        found = rounds.race(name, options.rounds)
        results.put({"verb": "race", "backend": name} | found)
        print(name, found, flush=True)


def _measure(options, backends):
    for network in CASES:
        if not any(word in network for word in options.networks):
            continue
        for name in backends:
            measure = MEASURES[options.verb]
            for line in measure(network, name, options.rounds, options.contestants):
                line = {
                    "verb": options.verb,
                    "network": network,
                    "backend": name,
                } | line
                results.put(line)
                print(_words(line), flush=True)


def _words(line):
    names = [line["network"], line["backend"], line["contestant"], line.get("size", "")]
    ms = statistics.median(line["ms"])
    return f"{', '.join(filter(None, names))}: {ms:.4g} ms, first {line['first']:.2g} s"


if __name__ == "__main__":
    main()
