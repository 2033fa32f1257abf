"""Measure zoo against hand-written loops and plain Keras, in interleaved rounds.

    python -m benchmarks.speed train           a training step of every network
    python -m benchmarks.speed parts           products and passes of a step, alone
    python -m benchmarks.speed half            the step in mixed_bfloat16
    python -m benchmarks.speed predict         one answer, and many
    python -m benchmarks.speed race            seconds to 99 % on MNIST, from warm
    python -m benchmarks.speed table           the tables from the file
    python -m benchmarks.speed table --check   exit with 1 if they differ

Measurements go to `benchmarks/results/speed.jsonl`; a newer one replaces an older one
of its name. On a GPU the same commands measure the GPU.
"""

import statistics

from benchmarks import command
from benchmarks.speed import results, rounds, table
from benchmarks.speed.cases import CASES, CONVOLUTIONAL
from benchmarks.speed.contestants import HALVES, PARTS, PREDICT, TRAIN
from tools import pages

MEASURES = {
    "train": (rounds.train, TRAIN, CASES),
    "parts": (rounds.train, PARTS, CONVOLUTIONAL),
    "half": (rounds.train, HALVES, CASES),
    "predict": (rounds.predict, PREDICT, CASES),
}


def main(words: list[str] | None = None) -> None:
    parser = command.parser(__doc__)
    commands = parser.add_subparsers(required=True, dest="verb")
    for verb in (*MEASURES, "race"):
        own = commands.add_parser(verb)
        if verb in MEASURES:
            own.add_argument("--networks", nargs="+", help="names, or parts of them")
            own.add_argument("--contestants", nargs="+", help="all of the backend")
        own.add_argument("--backends", nargs="+", help="all that are installed")
        own.add_argument("--rounds", type=command.times, default=7, help="7 by default")
    own = commands.add_parser("table")
    own.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(words)
    if options.verb == "table":
        pages.update(table.texts(), options.check, "python -m benchmarks.speed table")
        return
    backends = command.backends(options.backends)
    if options.verb == "race":
        for name in backends:
            found = rounds.race(name, options.rounds)
            results.put({"verb": "race", "backend": name} | found)
            print(name, found, flush=True)
    else:
        _measure(options, backends)


def _measure(options, backends):
    measure, contestants, known = MEASURES[options.verb]
    networks = command.chosen("network", options.networks, known)
    everyone = dict.fromkeys(each for name in backends for each in contestants[name])
    only = command.chosen("contestant", options.contestants, everyone)
    for network in networks:
        for name in backends:
            for line in measure(network, name, options.rounds, only, contestants):
                about = {"verb": options.verb, "network": network, "backend": name}
                results.put(about | line)
                print(_words(about | line), flush=True)


def _words(line):
    names = [line["network"], line["backend"], line["contestant"], line.get("size", "")]
    ms = statistics.median(line["ms"])
    return f"{', '.join(filter(None, names))}: {ms:.4g} ms, first {line['first']:.2g} s"


if __name__ == "__main__":
    command.run(main)
