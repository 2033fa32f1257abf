"""Measure what a search costs and gains: a verb, and its words after it.

    python -m benchmarks.search speed     trials a minute, against keras-tuner's `fit`
    python -m benchmarks.search workers   what sharing trials costs, against a version
    python -m benchmarks.search memory    of the processes, over the trials
    python -m benchmarks.search gain      over the recipe that it started from

`python -m benchmarks.search VERB --help` shows what a verb takes.
"""

import sys

from benchmarks import command
from benchmarks.search import gain, memory, speed, workers

VERBS = {
    "speed": speed.main,
    "workers": workers.main,
    "memory": memory.main,
    "gain": gain.main,
}


def main(words: list[str] | None = None) -> None:
    words = sys.argv[1:] if words is None else words
    parser = command.parser(__doc__)
    parser.add_argument("verb", choices=VERBS)
    VERBS[parser.parse_args(words[:1]).verb](words[1:])


if __name__ == "__main__":
    command.run(main)
