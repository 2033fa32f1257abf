"""Every model's file, opened by plain Keras in a process that has no zoo.

    python tests/plain_keras.py       write the table into docs/hand-over.md

`tests/test_users.py` compares the table with what it finds, on each backend.
"""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import every_model
import keras
import numpy as np
from compiling import answers

from zoo.building import model_files

PAGE = Path(__file__).parents[1] / "docs" / "hand-over.md"
MARKS = (
    "<!-- plain Keras: tests/plain_keras.py writes this -->",
    "<!-- end of plain Keras -->",
)
CASES = {  # sequences are short: exporters write down each of their steps
    "deep_mlp": {
        "input_shape": (6, 5, 1),
        "hidden": (8,),
        "batch_normalization": "after",
        "dropout": 0.2,
    },
    "efficientnet_transfer": {"weights": None, "input_shape": (32, 32, 3)},
    "lenet": {},
    "lenet relu": {"variant": "relu", "input_shape": (12, 9, 3)},
    "lstm_forecast": {"window": 3, "horizon": 3, "units": (8,), "linear": 3},
    "lstm_forecast ahead": {
        "columns": (
            {"name": "load", "missing": True},
            {"name": "price"},
            {"name": "when", "kind": "date"},
        ),
        "window": 3,
        "horizon": 3,
        "ahead": ("price",),
        "cell": "gru",
        "units": (8, 8),
        "normalize": "mean",
        "dropout": 0.1,
    },
    "lstm_language": {
        "vocabulary_size": 20,
        "window": 3,
        "embedding": 8,
        "units": (6, 6),
        "dropout": 0.1,
    },
    "lstm_sentiment": {
        "vocabulary_size": 50,
        "length": 3,
        "units": (8, 8),
        "dropout": 0.1,
        "word_dropout": 0.1,
        "memory": (4, 0),
    },
    "lstm_sentiment both ways": {
        "vocabulary_size": 50,
        "length": None,
        "units": (8, 8),
        "cell": "gru",
        "bidirectional": True,
        "pooling": "mean",
        "memory": (4, 0),
    },
    "lstm_sentiment minimal": {
        "vocabulary_size": 50,
        "length": 3,
        "units": (8,),
        "cell": "mingru",
        "pooling": "max",
    },
    "lstm_speech": {"input_shape": (480,), "units": (8,)},
    "lstm_speech that writes down": {
        "input_shape": (480,),
        "units": (8,),
        "head": "ctc",
    },
    "lstm_speech of features": {
        "input_shape": (4, 3),
        "cell": "lstm",
        "units": (8, 8),
        "pooling": "mean",
        "dropout": 0.1,
    },
    "mammogram_mlp": {},
    "mammogram_mlp one_hot": {
        "features": ("bi_rads", "age", "shape"),
        "encoding": "one_hot",
        "dropout": 0.1,
    },
    "perceptron": {},
    "tiny_vgg": {
        "input_shape": (12, 10, 3),
        "batch_normalization": True,
        "dropout": 0.2,
    },
}
MIRROR = {"deep_mlp mirror": {"input_shape": (6, 5, 1), "hidden": (), "mirror": True}}
CHILD = """
import json, sys
from pathlib import Path
sys.modules["zoo"] = None  # `import zoo` fails
import keras, numpy as np
if keras.config.backend() != "tensorflow":  # which Keras would import, for its types
    keras.src.utils.module_utils.tensorflow._available = False
# What the file overwrites is not drawn: JAX would compile a program for each shape.
drawing = keras.src.initializers.random_initializers.RandomInitializer
for kind in drawing.__subclasses__():
    kind.__call__ = lambda self, shape, dtype=None: np.zeros(shape, dtype)
refusals = {}
for file in sorted(Path(sys.argv[1]).glob("*.keras")):
    try:
        model = keras.saving.load_model(file)
    except TypeError as error:
        refusals[file.stem] = str(error)
        continue
    assert type(model).__module__.startswith("keras.")
    found = model.predict_on_batch(np.load(file.with_suffix(".npy")))
    np.save(file.with_suffix(".found.npy"), found)
print(json.dumps(refusals))
"""


def same(found, expected):
    """The same answers, but for rounding."""
    np.testing.assert_allclose(
        found, expected, rtol=1e-5, atol=1e-5 * max(1, np.abs(expected).max())
    )


def make(case: str) -> keras.Model:
    return every_model.build(case.split()[0], **{**CASES, **MIRROR}[case])


def inputs_of(model: keras.Model, rows: int = 6) -> np.ndarray:
    random = np.random.default_rng(0)
    shape = [rows, *(side or 7 for side in model.input_shape[1:])]
    high = 256 if len(shape) == 4 else 5
    return random.integers(0, high, shape).astype(model.input.dtype)


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest, relative to the largest answer or to 1."""
    return float(np.abs(found - expected).max() / max(1, np.abs(expected).max()))


def open_files(folder: Path, models: dict[str, keras.Model]) -> dict[str, float | str]:
    """By how much plain Keras's answers differ, or why it does not open the file."""
    for case, model in models.items():
        model_files.save(model, folder / f"{case}.keras")
        np.save(folder / f"{case}.npy", inputs_of(model))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, folder],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    for case in models.keys() - found.keys():
        there = np.load(folder / f"{case}.found.npy")
        found[case] = difference(there, answers(models[case], inputs_of(models[case])))
    return found


def table(folder: Path, found: dict[str, float | str]) -> list[str]:
    """The rows of docs/hand-over.md."""
    lines = ["| model | layers in its file | in plain Keras |", "| --- | --- | --- |"]
    for case, options in {**CASES, **MIRROR}.items():
        words = ", ".join(f"{name}={value!r}" for name, value in options.items())
        with zipfile.ZipFile(folder / f"{case}.keras") as archive:
            layers = json.loads(archive.read("config.json"))["config"]["layers"]
        kinds = sorted({layer["class_name"] for layer in layers} - {"InputLayer"})
        said = found[case]
        if isinstance(said, str):
            opens = "no: `import zoo.models.deep_mlp` first" if HINT in said else "no"
        else:
            opens = "yes" if said <= 1e-5 else f"answers differ by {said:.0e}"
        name = f"`{case.split()[0]}({words})`"
        lines.append(f"| {name} | {', '.join(kinds)} | {opens} |")
    return lines


HINT = "import zoo.models.deep_mlp before keras.saving.load_model"


def main() -> None:
    import tempfile

    sys.path.insert(0, str(PAGE.parents[1] / "tools"))
    import pages

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = open_files(folder, {case: make(case) for case in {**CASES, **MIRROR}})
        text = pages.between(PAGE.read_text("utf-8"), MARKS, table(folder, found))
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
