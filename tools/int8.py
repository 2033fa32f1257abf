"""Write the table of int8 in docs/hand-over.md.

    python tools/int8.py [NAME...]     of all shipped trained weights, or of these again

Each is exported in float32 and in int8, in every format that has int8, and opened by
the format's own runtime. The test split gives the accuracy of both. Both answer one
example and 500, in turns; the shortest time counts. The data must be prepared.
"""

import contextlib
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"  # it writes all four formats
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path.insert(0, str(Path(__file__).parents[1]))  # for the benchmarks

import keras
import numpy as np
import pages

import zoo
from benchmarks import command, measurements
from zoo.building import trained
from zoo.exporting import formats
from zoo.metrics import measure

PAGE = pages.DOCS / "hand-over.md"
MARKS = "<!-- int8: tools/int8.py writes this -->", "<!-- end of int8 -->"
HEAD = [
    "| weights | format | kB | int8 | accuracy, % | int8 | one, ms | int8 "
    "| 500, ms | int8 |",
    "| --- | --- |" + " ---: |" * 8,
]
ROUNDS, SECONDS = 50, 5.0  # of each pair, at most


def main() -> None:
    """Rows of weights that are not named stay as they are."""
    warnings.simplefilter("ignore")
    names = sys.argv[1:] or trained.names()
    note = f"Measured on: {measurements.machine()}."
    for name in names:
        made = measured(name)
        text = PAGE.read_text("utf-8")
        before = text.split(MARKS[0])[1].split(MARKS[1])[0].splitlines()
        rows = [line for line in before if line.startswith("| `")]
        rows = [line for line in rows if f"`{name}`" not in line] + made
        body = [*HEAD, *sorted(rows), "", note]
        PAGE.write_text(pages.between(text, MARKS, body), "utf-8")
        print(*made, sep="\n", flush=True)


def measured(name: str) -> list[str]:
    """The rows of some trained weights, one a format; none without a test split."""
    run = zoo.run.open_run(name)
    dataset = run.dataset()
    rows = []
    if dataset.test is None:  # as of perceptron:iris
        return rows
    for format in formats.names():
        form = formats.module(format)
        if not form.INT8:
            continue
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, f"{kind}{form.SUFFIX}") for kind in ("plain", "int8")]
            with contextlib.redirect_stdout(sys.stderr):
                for file, int8 in zip(files, (False, True), strict=True):
                    zoo.export(run, file, int8=int8)
            opened = [answering(file, form) for file in files]
            pairs = (
                [f"{size(file) / 1000:,.0f}" for file in files],
                [f"{accuracy(answer, dataset):.2%}".strip("%") for answer in opened],
                *(times(opened, dataset.test.inputs[:count]) for count in (1, 500)),
            )
        cells = " | ".join(cell for pair in pairs for cell in pair)
        rows.append(f"| `{name}` | {format} | {cells} |")
    return rows


def answering(file: Path, form):
    """What answers a file; Keras's own compiled steps are faster than its layers."""
    if form.SUFFIX == ".keras":
        return keras.saving.load_model(file).predict_on_batch
    return form.opened(file)


def size(file: Path) -> int:
    """Bytes of a file, and of that with OpenVINO's weights."""
    weights = file.with_suffix(".bin")
    return file.stat().st_size + (weights.stat().st_size if weights.exists() else 0)


def accuracy(answer, dataset) -> float:
    split = dataset.test
    starts = range(0, len(split), 500)
    found = [answer(np.asarray(split.inputs[start : start + 500])) for start in starts]
    return measure(np.concatenate(found), split.targets, dataset.task)["accuracy"]


def times(opened, inputs) -> list[str]:
    """The shortest time of each, in milliseconds, of rounds in turns."""
    inputs, best = np.asarray(inputs), [np.inf, np.inf]
    began = time.perf_counter()
    for _ in range(ROUNDS):
        for place, answer in enumerate(opened):
            start = time.perf_counter()
            answer(inputs)
            best[place] = min(best[place], time.perf_counter() - start)
        if time.perf_counter() - began > SECONDS:
            break
    return [f"{1000 * seconds:.3g}" for seconds in best]


if __name__ == "__main__":
    command.run(main)
