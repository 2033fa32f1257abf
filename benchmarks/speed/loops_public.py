"""zoo's public verbs on a run, and ONNX Runtime on the run's export.

Each takes a case and gives a function from the case's inputs to answers. A user of
`zoo.predict` has texts and no tokens: they are written at the first call.
"""

import atexit
import inspect
import shutil
import tempfile
from pathlib import Path

import numpy as np

import zoo
from zoo import data
from zoo import recipe as recipes
from zoo.building import registry, weight_files
from zoo.core import files, seal
from zoo.data.dataset import Split
from zoo.data.kinds.texts import PADDING, Vocabulary
from zoo.run import WEIGHTS


def predict(case):
    """`zoo.predict` on a run that holds its export."""
    return _asked(case, str(_run(case, export=True)))


def predict_and_read(case):
    """The same, and the label of each prediction, which is written when it is read."""
    ask = predict(case)
    return lambda inputs: [each.label for each in ask(inputs)]


def predict_by_keras(case):
    """`zoo.predict` on a run without one."""
    return _asked(case, str(_run(case, export=False)))


def kept(case):
    """The model of `zoo.load`, by Keras's own call for one batch."""
    model = zoo.load(_run(case, export=False))
    return model.predict_on_batch


def forward(case):
    """The compiled function of a run that is kept, which zoo itself answers by."""
    run = zoo.Run(_run(case, export=False))
    return lambda inputs: run.forward(inputs)


def onnx(case):
    """ONNX Runtime, used by hand, on the exported file; its threads are its own."""
    import onnxruntime

    session = onnxruntime.InferenceSession(_run(case, export=True) / "model.onnx")
    kind = "int32" if case.tokens else "float32"
    return lambda inputs: session.run(None, {"input": inputs.astype(kind)})[0]


def _asked(case, folder: str):
    given = {}

    def answer(inputs: np.ndarray):
        if id(inputs) not in given:
            given[id(inputs)] = _texts(inputs) if case.tokens else inputs
        return zoo.predict(folder, given[id(inputs)])

    return answer


def _texts(rows: np.ndarray) -> list[str]:
    return [" ".join(f"w{token}" for token in row if token != PADDING) for row in rows]


def _run(case, export: bool) -> Path:
    """The folder of a run with initial weights; it goes when the process ends."""
    place = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, place)
    folder = Path(place)
    dataset = _dataset(case)
    dataset.save(folder)
    model = zoo.build(case.model, seed=0, **case.arguments)
    weight_files.save(model, folder / WEIGHTS)
    recipe = zoo.Recipe(case.model, dataset.name, case.arguments)
    files.write_json(folder / "recipe.json", recipes.to_json(recipe))
    files.write_json(folder / "metrics.json", {"train": {}})  # nothing was measured
    seal.write(folder)
    if export:
        zoo.export(folder)
    return folder


def _dataset(case) -> data.Dataset:
    """What a network of the case would have learned from, without examples."""
    dtype, more = "float32", {}
    kind = "tabular"
    if case.tokens:
        words = tuple(f"w{token}" for token in range(2, case.tokens))
        kind, dtype = "text", "int32"
        more = {"encoder": Vocabulary(words, length=case.shape[0])}
    elif len(case.shape) == 3:
        kind, dtype = "image", "uint8"
    else:
        own = inspect.signature(registry.module(case.model).build).parameters
        names = getattr(own.get("features"), "default", None)
        more = {"features": names or tuple(f"x{i}" for i in range(case.shape[0]))}
    nothing = Split(np.zeros((0, *case.shape), dtype), np.zeros(0, "int32"))
    classes = tuple(f"class {i}" for i in range(max(2, case.outputs)))
    return data.Dataset("made up", kind, nothing, classes=classes, **more)
