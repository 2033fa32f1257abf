"""Make a folder of a run that any hub takes: weights, card, README, ONNX.

The folder opens as a run does: `zoo predict FOLDER ...`, `zoo.load(FOLDER)`, and from
the Hugging Face Hub `zoo.load("hf://user/name")`.

Example:
  zoo publish runs/digits digits-published
"""

from zoo.cli._arguments import add_run
from zoo.core.progress import show
from zoo.run import open_run


def arguments(parser):
    add_run(parser)
    parser.add_argument("folder", metavar="FOLDER", help="a new folder")


def run(options):
    from zoo.publishing import publish

    done = open_run(options.run, trust=options.trust)
    show(publish(done, options.folder))
    show("look at README.md: its license and the sentences under Use are yours to say")
