"""Export a run as ONNX, checked against the original.

Example:
  zoo export runs/digits --to digits.onnx
"""

from zoo.run import open_run


def arguments(parser):
    parser.add_argument("run", metavar="RUN", help="the folder of a run")
    parser.add_argument("--to", metavar="FILE", help="model.onnx in the run's folder")


def run(options):
    from zoo.exporting import export

    print(export(open_run(options.run), options.to))
