"""Export a run as ONNX, checked against the original.

Example:
  zoo export runs/digits --to digits.onnx
"""

from zoo.cli._arguments import add_run
from zoo.run import open_run


def arguments(parser):
    add_run(parser)
    parser.add_argument("--to", metavar="FILE", help="model.onnx in the run's folder")


def run(options):
    from zoo.exporting import export

    print(export(open_run(options.run, trust=options.trust), options.to))
