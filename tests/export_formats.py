"""Every model in every format, written and answered on the active backend.

    python tests/export_formats.py       write the table into docs/hand-over.md

`tests/test_export_formats.py` compares the table with what it finds, on each backend.
"""

import functools
import sys
import tempfile
import warnings
from pathlib import Path

import every_model
import keras
import numpy as np
import plain_keras
from test_onnx import BATCHES, CASES, spoiled

from zoo.core import operators, processes
from zoo.engine import steps
from zoo.exporting import formats
from zoo.exporting.checks import TOLERANCE

PAGE = plain_keras.PAGE
MARKS = (
    "<!-- formats: tests/export_formats.py writes this -->",
    "<!-- end of formats -->",
)
CASES = {  # a run's texts have a length
    case: {**options, "length": 3} if options.get("length", 3) is None else options
    for case, options in CASES.items()
}
BY_NAME = formats.names()


def written_here() -> list[str]:
    """The formats that the active backend writes."""
    own = (None, keras.backend.backend())
    return [name for name in BY_NAME if formats.module(name).BACKEND in own]


@functools.cache
def made(case: str) -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """A model, inputs and their answers."""
    model = spoiled(every_model.build(case.split()[0], **CASES[case]))
    inputs = plain_keras.inputs_of(model, sum(BATCHES))
    return model, inputs, steps.predict(steps.compile_forward(model), inputs)


def verdict(case: str, name: str, folder: Path) -> str:
    """Whether a model answers in a format, in batches of 1, 7 and 33, as it does."""
    model, inputs, expected = made(case)
    form = formats.module(name)
    file = folder / f"model{form.SUFFIX}"
    form.write(model, file, {"model": case})
    if name == "onnx":  # `zoo predict` takes whatever zoo writes
        operators.check(file.read_bytes(), file)
    parts = np.split(inputs, np.cumsum(BATCHES)[:-1])
    answer = form.opened(file)
    found = np.concatenate([answer(part) for part in parts])
    difference = plain_keras.difference(found, expected)
    return "yes" if difference <= TOLERANCE else f"differs by {difference:.0e}"


def title(case: str) -> str:
    options = ", ".join(f"{name}={value!r}" for name, value in CASES[case].items())
    return f"`{case.split()[0]}({options})`"


def table(verdicts: dict[tuple[str, str], str]) -> list[str]:
    """The rows of docs/hand-over.md."""
    lines = [f"| model | {' | '.join(BY_NAME)} |", "| --- |" + " --- |" * len(BY_NAME)]
    for case in CASES:
        cells = " | ".join(verdicts[case, name] for name in BY_NAME)
        lines.append(f"| {title(case)} | {cells} |")
    return lines


def main() -> None:
    """The table, of what processes on two backends have found: all formats.

    `tests/test_export_formats.py` compares it with what all three find.
    """
    if len(sys.argv) > 1:
        for case in CASES:
            for name in written_here():
                with tempfile.TemporaryDirectory() as folder:
                    said = verdict(case, name, Path(folder))
                    print(case, name, said, sep="\t", flush=True)
        return
    sys.path.insert(0, str(PAGE.parents[1] / "tools"))
    import pages

    found: dict[tuple[str, str], str] = {}
    for name in ("torch", "tensorflow"):
        done = processes.run("-W", "ignore", __file__, "here", KERAS_BACKEND=name)
        if done.returncode:
            raise SystemExit(done.stderr)
        for line in done.stdout.splitlines():
            case, form, said = line.split("\t")
            if found.get((case, form), "yes") == "yes":  # one backend's no is a no
                found[case, form] = said
    PAGE.write_text(
        pages.between(PAGE.read_text("utf-8"), MARKS, table(found)), "utf-8"
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
