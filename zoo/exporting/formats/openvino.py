"""OpenVINO's form: weights are in a second file, `.bin`, beside the `.xml`."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.exporting.formats import onnx

if TYPE_CHECKING:
    import keras

SUFFIX, BACKEND, READER = ".xml", None, None
PACKAGES = ("onnx", "openvino")


def write(model: "keras.Model", path: Path, about: dict) -> None:
    """From ONNX; the metadata stand in its runtime information, under "zoo"."""
    import openvino

    between = path.with_suffix(".onnx")
    onnx.write(model, between, about)
    try:
        converted = openvino.convert_model(between)
    finally:
        between.unlink()
    for name, value in about.items():
        converted.set_rt_info(onnx.said(value), ["zoo", name])
    openvino.save_model(converted, path, compress_to_fp16=False)


def opened(path: Path):
    import openvino

    exact = {"INFERENCE_PRECISION_HINT": "f32"}  # some processors take bfloat16
    compiled = openvino.Core().compile_model(path, "CPU", exact)
    dtype = compiled.inputs[0].element_type.to_dtype()

    def answer(inputs: np.ndarray) -> np.ndarray:
        return np.array(compiled(inputs.astype(dtype))[0])

    return answer
