"""Export a run for other programs, checked against the original.

Beside the file lie FILE.json, what it takes and gives, and FILE.checks.npz, 100 inputs
with their answers, which --check compares again, on any machine.
With --int8 (onnx, openvino, keras, litert) the file is about a quarter as large and its
answers differ a little; the checks then say how many must stay the same.

Examples:
  zoo export runs/digits --to digits.onnx
  zoo export runs/digits --format litert --outputs probabilities
  zoo export runs/digits --to small.onnx --int8
  zoo export --check digits.onnx
"""

from pathlib import Path

from zoo.cli._arguments import add_trust
from zoo.core.progress import show
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.run import open_run


def arguments(parser):
    parser.add_argument("run", metavar="RUN", nargs="?", help="the folder of a run")
    add_trust(parser)
    parser.add_argument(
        "--format",
        help="onnx, openvino, keras, saved_model, litert or torch; as FILE ends",
    )
    parser.add_argument(
        "--to", metavar="FILE", help="by default model.onnx in the run's folder"
    )
    parser.add_argument(
        "--outputs", default="logits", help="logits, or probabilities of all classes"
    )
    parser.add_argument("--int8", action="store_true", help="weights in int8")
    parser.add_argument(
        "--check", metavar="FILE", help="compare a file's answers again"
    )


def run(options):
    from zoo.exporting import check, checks, export

    if bool(options.check) == bool(options.run):
        raise Mistake(
            "give a run to export, or --check FILE; `zoo export --help` shows examples"
        )
    if options.check:
        startup.load()
        found = check(options.check, trust=options.trust)
        if checks.least(Path(options.check)) is None:
            show(f"{options.check}: its answers differ by {found:.1e}")
        else:
            show(f"{options.check}: {found:.0%} of its answers are those of float32")
        return
    done = open_run(options.run, trust=options.trust)
    startup.load()
    path = export(
        done,
        options.to,
        format=options.format,
        outputs=options.outputs,
        int8=options.int8,
    )
    show(path)
