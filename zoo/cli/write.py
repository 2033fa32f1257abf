"""Go on with a text, as a run has learned it; the same text on every backend.

A low temperature gives what is usual, 0 what is most probable each time; --top-k 20
draws from the 20 most probable characters, or words, alone. Another seed gives another
text.

Examples:
  zoo write runs/plays --prompt "ROMEO:" --length 400
  zoo write runs/plays --prompt "ROMEO:" --temperature 0.5 --top-k 20 --seed 1
"""

import sys

from zoo import backend
from zoo.cli._arguments import add_backend, add_run
from zoo.core.arguments import readable
from zoo.engine import startup
from zoo.run import open_run


def arguments(parser):
    from zoo.writing import LENGTH, TEMPERATURE

    add_run(parser)
    parser.add_argument(
        "--prompt", metavar="TEXT", default="", help="how the text begins"
    )
    parser.add_argument(
        "--length",
        type=int,
        default=LENGTH,
        metavar="N",
        help=f"characters, or words, to write, at least 1 ({LENGTH})",
    )
    parser.add_argument(
        "--temperature",
        type=float,
        default=TEMPERATURE,
        metavar="T",
        help=f"0 to 100 ({TEMPERATURE})",
    )
    parser.add_argument(
        "--top-k",
        type=int,
        default=0,
        metavar="K",
        help="draw from the K most probable alone, 1 or more (0: from all)",
    )
    parser.add_argument("--seed", type=int, default=0, help="0 or more (0)")
    add_backend(parser)


def run(options):
    done = open_run(options.run, trust=options.trust)
    backend.require("predict", startup.load(options.backend))

    from zoo.writing import write

    prompt = readable(options.prompt)
    text = write(
        done,
        prompt,
        length=options.length,
        temperature=options.temperature,
        top_k=options.top_k,
        seed=options.seed,
    )
    sys.stdout.write(f"{prompt}{text}\n")
