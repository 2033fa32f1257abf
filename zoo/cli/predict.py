"""Answer pictures, sentences or rows with a run, on any backend.

What goes in is what the run learned from: names of pictures; sentences, in quotes; or
CSV files and rows such as 5.1,1.4. A row that begins with a minus stands after --.
RUN may be an ONNX file of `zoo export`, too: it answers without Keras.

Examples:
  zoo predict runs/digits seven.png eight.png
  zoo predict runs/reviews "a waste of two hours"
  zoo predict runs/circles -- -0.5,0.25
  zoo predict digits.onnx seven.png
"""

import json

from zoo import backend, exported
from zoo.cli._arguments import add_run
from zoo.cli._table import table
from zoo.engine import startup
from zoo.run import open_run

OTHERS = 2  # classes shown besides the most probable one
ENDS = 30  # letters shown of each end of a long input


def arguments(parser):
    add_run(parser)
    parser.add_argument(
        "inputs", metavar="INPUT", nargs="*", default=[], help="what to answer"
    )
    parser.add_argument("--backend", help="jax, tensorflow or torch")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options):
    done = options.run
    if not exported.is_file(done):  # which needs no Keras
        done = open_run(done, trust=options.trust)
        backend.require("predict", startup.load(options.backend))

    from zoo.prediction import predict

    predictions = predict(done, options.inputs)
    if options.json:
        print(json.dumps([each.to_json() for each in predictions], indent=1))
        return
    if predictions[0].numbers:
        rows = [(_shortened(each.input), *_numbers(each)) for each in predictions]
        table(["input", *predictions[0].numbers], rows)
        return
    rows = [_row(each) for each in predictions]
    table(["input", "label", "probability", "other labels"], rows)


def _row(prediction):
    others = list(prediction.probabilities.items())[1 : OTHERS + 1]
    return (
        _shortened(prediction.input),
        prediction.label,
        f"{prediction.probability:.2%}",
        ", ".join(f"{label} {share:.2%}" for label, share in others),
    )


def _numbers(prediction):
    return [f"{number:.6g}" for number in prediction.numbers.values()]


def _shortened(text):
    text = " ".join(text.split())
    return text if len(text) <= 2 * ENDS else f"{text[:ENDS]} ... {text[-ENDS:]}"
