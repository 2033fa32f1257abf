"""ONNX, which ONNX Runtime, OpenVINO, browsers and phones read."""

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.core.arguments import readable
from zoo.core.sessions import KINDS, Graph
from zoo.errors import Mistake

if TYPE_CHECKING:
    import keras

SUFFIX, BACKEND, READER = ".onnx", None, None
PACKAGES, INT8 = ("onnx", "onnxruntime"), "onnxruntime"


def write(
    model: "keras.Model",
    path: Path,
    about: dict,
    int8: bool = False,
    trace: bool = False,
) -> None:
    """By translating Keras's graph.

    With `trace` PyTorch, on which Keras must run, traces a model that has no
    translation. What fails then prints its graph: this is for a process of its own.

    Raises:
        Unsupported: the model has a layer that is not known.
        Mistake: nor can PyTorch trace it.
    """
    import onnx

    from zoo.exporting.onnx.graph import Unsupported
    from zoo.exporting.onnx.writing import translated

    words = {name: said(value) for name, value in about.items()}
    try:
        made = translated(model, words)
    except Unsupported as missing:
        if not trace:
            raise
        made = _traced(model, path, missing)
        onnx.helper.set_model_props(made, words)
    onnx.save(made, path)
    if int8:
        from zoo.exporting.onnx.int8 import quantize

        quantize(path)


def said(value) -> str:
    """A value of the metadata as text: itself, or JSON.

    What is no UTF-8 in the name of a file or a class is written as JSON's own escape.
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return readable(text).encode("utf-8", "backslashreplace").decode("utf-8")


def _traced(model: "keras.Model", path: Path, missing: Mistake):
    """What PyTorch finds by executing the model; zoo lacks what is `missing`."""
    import keras
    import onnx

    shape = model.input_shape[1:]
    if None in shape:
        raise Mistake(
            f"zoo has no translation of {missing}, and PyTorch traces what has inputs "
            f"of one shape, where the model takes any {shape}; give keras.Input lengths"
        )
    try:
        model(keras.ops.zeros([2, *shape]))
        with warnings.catch_warnings():  # about ways to export, which Keras has chosen
            warnings.simplefilter("ignore")
            model.export(path, format="onnx", verbose=False)
        return _renamed(onnx.load(path))
    except Exception as error:  # PyTorch fails in many ways of its own
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise Mistake(
            f"zoo has no translation of {missing}, and PyTorch does not trace it: "
            f"{lines[0][:200]}"
        ) from error
    finally:
        path.unlink(missing_ok=True)


def _renamed(made):
    """A model whose input and output are called as in all files of zoo."""
    from zoo.exporting.onnx.writing import INPUT, OUTPUT

    graph = made.graph
    names = {graph.input[0].name: INPUT, graph.output[0].name: OUTPUT}
    for each in (*graph.input, *graph.output):
        each.name = names[each.name]
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    return made


def opened(path: Path):
    import onnxruntime

    session = onnxruntime.InferenceSession(path.read_bytes())  # of any name
    [taken] = session.get_inputs()
    kind = KINDS[taken.type]

    def answer(inputs: np.ndarray) -> np.ndarray:
        return session.run(None, {taken.name: inputs.astype(kind)})[0]

    return answer


def opened_strictly(path: Path):
    """As `opened`, of a file that may come from anybody, see `zoo.core.sessions`."""
    graph = Graph(path)

    def answer(inputs: np.ndarray) -> np.ndarray:
        return np.concatenate([part for _, part in graph.answers(inputs, len(inputs))])

    return answer
