"""Show which pixels, words, columns or times speak for an answer.

A picture is drawn beside the map of what speaks for its answer, orange, and against it,
blue, into a PNG file. Of a text words are marked, with + or -; a row is a table. Of a
series every step of the window is a stripe behind its line, in an SVG file; so is every
stretch of a sound or a sequence.

Methods: occlusion of anything, and the one for an ONNX file; gradient and
integrated_gradients of pictures, texts, rows and series; smoothgrad, grad_cam and
hires_cam of pictures; shapley of rows of few columns.

Examples:
  zoo explain lenet:mnist seven.png --to why.png
  zoo explain lenet:mnist seven.png --of 1 --method grad_cam
  zoo explain runs/reviews "a waste of two hours"
  zoo explain digits.onnx seven.png
  zoo explain mammogram_mlp:masses -- 62,4,5,3
  zoo explain runs/load load.csv --of "load +1"
"""

import json
import os
import sys
from pathlib import Path

from zoo.cli import _engine
from zoo.cli._arguments import add_backend, add_run
from zoo.cli._table import table
from zoo.core.arguments import input_of, readable
from zoo.core.folders import check_place
from zoo.core.paths import expand
from zoo.core.progress import show
from zoo.errors import Mistake, plain
from zoo.exported import Exported

STRONGEST = 12  # steps or stretches that are printed


def arguments(parser):
    add_run(parser)
    parser.add_argument(
        "inputs", metavar="INPUT", nargs="*", default=[], help="what to explain"
    )
    add_backend(parser)
    parser.add_argument("--method", help="one of those above")
    parser.add_argument(
        "--of", metavar="NAME", help="the class, label or number (what is answered)"
    )
    parser.add_argument(
        "--to",
        type=expand,
        metavar="FILE",
        help="where to write: .png, .svg or .html; for several inputs a folder",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the noise of smoothgrad, 0 or more (0)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--as-is", action="store_true", help="look for no ink in pictures"
    )


def run(options):
    done = _engine.opened(options, "explain", gradients=True)

    from zoo.data import places
    from zoo.explanation import explain

    about = done.dataset if isinstance(done, Exported) else done.about_data
    kind = about.kind
    given = list(map(input_of, options.inputs))
    inputs = places.expanded(given, kind, sys.stdin.buffer)
    _check_places(inputs, options.to, kind)
    found = explain(
        done,
        inputs,
        method=options.method,
        of=options.of and readable(options.of),
        seed=options.seed,
        as_is=options.as_is,
    )
    written = _write(found, options.to, kind)
    if options.json:
        show(json.dumps([each.to_json() for each in found], indent=1))
        return
    for number, each in enumerate(found):
        show(f"{each.input.split(chr(10))[0]}: {each.title}"[:300])
        if each.steps:
            _print_steps(each)
        elif each.values:
            _print_row(each)
        elif each.parts:
            _print_text(each)
        if written:
            show(written[number])


def _ending(kind: str) -> str:
    """How the file of an explanation ends, unless --to says otherwise."""
    timed = dict.fromkeys(("series", "sound", "sequence"), ".svg")
    return {"image": ".png", **timed}.get(kind, ".html")


def _is_file(to: Path | None) -> bool:
    """Whether --to is a file; else it is a folder, which may not be there."""
    return bool(to and to.suffix and not to.is_dir())


def _check_places(inputs: list, to: Path | None, kind: str) -> None:
    """Refuse what cannot be written before anything is computed."""
    from zoo.explanation.result import check_ending

    ending = _ending(kind)
    if _is_file(to):
        if len(inputs) > 1:
            raise _one_file(to, len(inputs))
        check_ending(to, sorted({ending, ".html"}))
        check_place(to)
    elif to:
        check_place(to / f"input-1.explained{ending}")
    elif ending != ".html":
        named = [each for each in inputs if isinstance(each, str | os.PathLike)]
        beside = {Path(each).parent for each in named if os.path.isfile(each)}
        for folder in sorted(beside) or [Path()]:
            then = "name a folder of yours: --to FOLDER"
            check_place(folder / f"input-1.explained{ending}", then)


def _one_file(to: Path, count: int) -> Mistake:
    return Mistake(f"--to {to} is one file for {count} inputs; give a folder")


def _write(found, to, kind) -> list[Path]:
    """Write pictures always, beside them by default; other kinds where asked."""
    ending = _ending(kind)
    if to is None and ending == ".html":
        return []
    if _is_file(to):
        if len(found) > 1:  # such as the rows of a table
            raise _one_file(to, len(found))
        return [found[0].save(to)]
    names = [_name(each, number) for number, each in enumerate(found, 1)]
    if to is not None:
        names = [to / name.name for name in names]
    if len({*names}) < len(names):
        names = [n.with_name(f"{i}-{n.name}") for i, n in enumerate(names, 1)]
    return [
        each.save(name.with_name(name.name + ending))
        for each, name in zip(found, names, strict=True)
    ]


def _name(explanation, number) -> Path:
    from zoo.data.kinds.picture_files import EXPLAINED

    path = Path(explanation.input)
    if (explanation.seen is not None or explanation.steps) and path.is_file():
        return path.with_name(f"{path.stem}{EXPLAINED}")
    return Path(f"input-{number}{EXPLAINED}")


def _print_steps(explanation):
    """The strongest steps, in the order of time."""
    import numpy as np

    from zoo.explanation import showing

    strongest = np.sort(np.argsort(-np.abs(explanation.attributions))[:STRONGEST])
    bars = showing.bars(explanation)
    rows = [
        [
            explanation.parts[i],
            explanation.values[i],
            f"{explanation.attributions[i]:+.4g}",
            bars[i],
        ]
        for i in strongest
    ]
    table(["step", "value", "share", ""], rows)


def _print_row(explanation):
    from zoo.explanation import showing

    rows = zip(
        explanation.parts,
        explanation.values,
        (f"{each:+.4g}" for each in explanation.attributions),
        showing.bars(explanation),
        strict=True,
    )
    table(["column", "value", "share", ""], list(rows))


def _print_text(explanation):
    from rich.console import Console
    from rich.text import Text

    from zoo.explanation import showing

    colors = {"+": "dark_orange", "-": "blue"}
    words = [
        Text(plain(word), f"bold {colors[word[0]]}" if word[0] in colors else "")
        for word in showing.marked(explanation)
    ]
    Console(soft_wrap=not sys.stdout.isatty()).print(Text(" ").join(words))
