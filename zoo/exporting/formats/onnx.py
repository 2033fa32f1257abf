"""ONNX, which ONNX Runtime, OpenVINO, browsers and phones read."""

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.core.arguments import readable
from zoo.core.sessions import Graph

if TYPE_CHECKING:
    import keras

SUFFIX, BACKEND, READER = ".onnx", None, None
PACKAGES, INT8 = ("onnx", "onnxruntime"), "onnxruntime"


def write(model: "keras.Model", path: Path, about: dict, int8: bool = False) -> None:
    """By translating Keras's graph; a layer of the user's own may need PyTorch.

    Raises:
        Unsupported: the model has a layer that is not known, and Keras does not run on
            PyTorch, which can trace it.
    """
    import keras
    import onnx

    from zoo.exporting.onnx.graph import Unsupported
    from zoo.exporting.onnx.writing import translated

    words = {name: said(value) for name, value in about.items()}
    try:
        made = translated(model, words)
    except Unsupported:
        if keras.backend.backend() != "torch":
            raise
        made = _traced(model, path)
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


def _traced(model: "keras.Model", path: Path):
    """What PyTorch finds by executing the model."""
    import keras
    import onnx

    model(keras.ops.zeros([2, *(side or 8 for side in model.input_shape[1:])]))
    try:
        with warnings.catch_warnings():  # about ways to export, which Keras has chosen
            warnings.simplefilter("ignore")
            model.export(path, format="onnx", verbose=False)
        return onnx.load(path)
    finally:
        path.unlink(missing_ok=True)


def opened(path: Path):
    import onnxruntime

    session = onnxruntime.InferenceSession(path.read_bytes())  # of any name
    [taken] = session.get_inputs()
    kinds = {"tensor(float)": np.float32, "tensor(int32)": np.int32}

    def answer(inputs: np.ndarray) -> np.ndarray:
        return session.run(None, {taken.name: inputs.astype(kinds[taken.type])})[0]

    return answer


def opened_strictly(path: Path):
    """As `opened`, of a file that may come from anybody, see `zoo.core.sessions`."""
    graph = Graph(path)

    def answer(inputs: np.ndarray) -> np.ndarray:
        return np.concatenate([part for _, part in graph.answers(inputs, len(inputs))])

    return answer
