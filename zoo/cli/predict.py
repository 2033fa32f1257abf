"""Answer pictures, sentences, rows, series or sounds with a run, on any backend.

What goes in is what the run learned from: names of pictures and sounds; sentences, in
quotes; or CSV files and rows such as 5.1,1.4. A row that begins with a minus stands
after --.
RUN may be an ONNX file of `zoo export`, too: it answers without Keras, and begins
sooner. So does a run that holds one (`zoo export RUN`), unless --backend is given.
A folder is the files in it, https://... what lies there, and - the standard input.

A text goes on as `zoo write` has it. Of a network that learned strings, as
lstm_digit_strings, what a sound says is written down.
Of a series, a table that ends with the last known steps, the next ones are forecast;
--chart draws them, and --back 24 forecasts the last 24 steps, beside the truth.

A network that learned from handwriting laid out as MNIST's is given the ink of a
picture, on whatever ground, laid out so; --show prints it, and --as-is forbids it.

Examples:
  zoo predict lenet:mnist photo.jpg --show
  zoo predict runs/digits seven.png eight.png
  zoo predict runs/reviews "a waste of two hours"
  zoo predict runs/circles -- -0.5,0.25
  zoo predict runs/digits seven.png --confidence 0.95
  zoo predict digits.onnx seven.png
  zoo predict runs/load load.csv --confidence 0.9 --chart load.svg
"""

import json
import math
import sys

from zoo.cli import _engine
from zoo.cli._arguments import add_backend, add_run
from zoo.cli._table import table
from zoo.core.arguments import input_of
from zoo.core.paths import expand
from zoo.core.progress import show
from zoo.errors import Mistake

TOP = 3  # classes shown
SHADES = " .:-=+*#%@"  # from black to white
WIDEST = 64  # letters of a picture's line
ENDS = 30  # letters shown of each end of a long input


def arguments(parser):
    add_run(parser)
    parser.add_argument(
        "inputs", metavar="INPUT", nargs="*", default=[], help="what to answer"
    )
    add_backend(parser)
    parser.add_argument(
        "--confidence",
        type=float,
        help="show intervals of numbers, or all classes that cannot be excluded, at "
        "this probability, above 0 and below 1",
    )
    parser.add_argument(
        "--back",
        type=int,
        default=0,
        metavar="N",
        help="of series: forecast N steps, at least 0, before the last one",
    )
    parser.add_argument(
        "--chart",
        type=expand,
        metavar="FILE",
        help="of series: draw them, as .svg, .png or .pdf",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--top",
        type=int,
        metavar="K",
        help=f"classes to show, at least 1 ({TOP}; all in JSON)",
    )
    parser.add_argument(
        "--batch",
        type=int,
        default=500,
        help="inputs computed at a time, at least 1 (500)",
    )
    parser.add_argument(
        "--as-is", action="store_true", help="look for no ink in pictures"
    )
    parser.add_argument(
        "--show", action="store_true", help="print what the network saw of pictures"
    )


def run(options):
    if options.top is not None and options.top < 1:
        raise Mistake(f"--top {options.top}; accepted: 1 or more")
    done = _engine.opened(options, "predict")

    from zoo.data import places
    from zoo.prediction import learned_from, predict, seen
    from zoo.reporting import forecasts

    about = learned_from(done)
    kind = about.kind
    if options.show and kind != "image":
        raise Mistake(f"--show is for pictures; {options.run} learned from {kind} data")
    if options.chart and kind != "series":
        raise Mistake(f"--chart is for series; {options.run} learned from {kind} data")
    if options.top and about.task not in ("classes", "labels"):
        raise Mistake(
            f"--top is for classes and labels; {options.run} answers {about.task}"
        )
    if options.chart:
        forecasts.check(options.chart)
    given = list(map(input_of, options.inputs))
    inputs = places.expanded(given, kind, sys.stdin.buffer)
    if options.show:
        for picture in seen(done, inputs, as_is=options.as_is):
            print(_drawn(picture), file=sys.stderr if options.json else sys.stdout)
    predictions = predict(
        done,
        inputs,
        confidence=options.confidence,
        back=options.back,
        batch=options.batch,
        as_is=options.as_is,
    )
    if options.chart:
        forecasts.draw(predictions, options.chart)
    if options.json:
        found = [each.to_json() for each in predictions]
        for each, said in zip(predictions, found, strict=True):
            if each.probabilities and options.top:
                said["probabilities"] = each.top(options.top)
        show(json.dumps(found, indent=1))
        return
    if predictions[0].continuation:
        show("\n\n".join(each.input + each.continuation for each in predictions))
        return
    if predictions[0].transcript is not None:
        rows = [
            (
                _shortened(each.input),
                each.transcript or "(nothing)",
                f"{each.probability:.2%}",
            )
            for each in predictions
        ]
        table(["input", "transcript", "probability"], rows)
        return
    if predictions[0].times:
        rows = [row for each in predictions for row in _steps(each)]
        table(
            ["series", "time", *_step_heads(predictions[0], options.confidence)], rows
        )
        return
    if predictions[0].numbers:
        rows = [(_shortened(each.input), *_numbers(each)) for each in predictions]
        table(["input", *_heads(predictions[0], options.confidence)], rows)
        return
    if not predictions[0].label:
        rows = [_labels(each, options.top or TOP) for each in predictions]
        table(["input", "labels", "probabilities"], rows)
        return
    rows = [_row(each, options.top or TOP) for each in predictions]
    last = "other labels"
    if options.confidence:
        last = f"not excluded at {options.confidence:.4g}"
        rows = [
            (*row[:-1], ", ".join(each.possible))
            for row, each in zip(rows, predictions, strict=True)
        ]
    table(["input", "label", "probability", last], rows)


def _row(prediction, top):
    others = list(prediction.top(top).items())[1:]
    return (
        _shortened(prediction.input),
        prediction.label,
        f"{prediction.probability:.2%}",
        ", ".join(f"{label} {share:.2%}" for label, share in others),
    )


def _labels(prediction, top):
    shares = prediction.top(top).items()
    return (
        _shortened(prediction.input),
        ", ".join(prediction.labels) or "(none)",
        ", ".join(f"{label} {share:.2%}" for label, share in shares),
    )


def _heads(prediction, confidence):
    for name in prediction.numbers:
        yield name
        if name in prediction.intervals:
            yield f"{name}, {confidence:.4g} interval"


def _step_heads(prediction, confidence):
    yield "forecast"
    yield from _apart(prediction)
    if prediction.intervals:
        yield f"{confidence:.4g} interval"
    if prediction.truth:
        yield "truth"


def _apart(prediction):
    """The quantiles beside the median, which is the forecast."""
    return [share for share in prediction.quantiles if share != "0.5"]


def _steps(prediction):
    """A row for each step of a forecast."""
    for when, (name, number) in zip(
        prediction.times, prediction.numbers.items(), strict=True
    ):
        cells = [_shortened(prediction.input), when, f"{number:.6g}"]
        for share in _apart(prediction):
            cells.append(f"{prediction.quantiles[share][name]:.6g}")
        if ends := prediction.intervals.get(name):
            cells.append(f"{ends[0]:.6g} to {ends[1]:.6g}")
        if prediction.truth:
            truth = prediction.truth.get(name, math.nan)
            cells.append("" if math.isnan(truth) else f"{truth:.6g}")
        yield cells


def _numbers(prediction):
    for name, number in prediction.numbers.items():
        yield f"{number:.6g}"
        if ends := prediction.intervals.get(name):
            yield f"{ends[0]:.6g} to {ends[1]:.6g}"


def _drawn(picture):
    """A picture (H, W, C) in letters, each twice as high as wide."""
    step = -(-picture.shape[1] // WIDEST)
    gray = picture.mean(axis=2)[:: 2 * step, ::step]
    return "\n".join(
        "".join(SHADES[int(value * len(SHADES) / 256)] for value in row) for row in gray
    )


def _shortened(text):
    text = " ".join(text.split())
    return text if len(text) <= 2 * ENDS else f"{text[:ENDS]} ... {text[-ENDS:]}"
