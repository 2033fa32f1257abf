"""OpenVINO's form: weights are in a second file, `.bin`, beside the `.xml`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.core import processes
from zoo.errors import Mistake
from zoo.exporting import limits
from zoo.exporting.formats import onnx

if TYPE_CHECKING:
    import keras

SUFFIX, BACKEND, READER = ".xml", None, None
PACKAGES, INT8 = ("onnx", "openvino"), "nncf"
APART = True


def library():
    """OpenVINO, without the package by which each import is reported to its makers.

    It does without where that is missing. It would fork besides, beside threads of JAX.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def write(
    model: "keras.Model",
    path: Path,
    about: dict,
    int8: bool = False,
    trace: bool = False,
) -> None:
    """From ONNX, see there; the metadata stand in its runtime information, under "zoo".

    With `int8`, OpenVINO's NNCF makes the weights of products int8, in a process of its
    own, for it imports PyTorch and forks.

    Raises:
        Mistake: NNCF failed.
    """
    openvino = library()
    between = path.with_suffix(".onnx")
    onnx.write(model, between, about, trace=trace)
    try:
        converted = openvino.convert_model(between)
    finally:
        between.unlink()
    for name, value in about.items():
        converted.set_rt_info(onnx.said(value), ["zoo", name])
    openvino.save_model(converted, path, compress_to_fp16=False)
    if int8:
        program = ("-W", "ignore", "-m", "zoo.exporting.compressing", path)
        done = processes.run(*program, NNCF_CI="1")  # it reports to nobody
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no reason given"]
            raise Mistake(f"NNCF cannot make {path} int8: {lines[-1]}")


def opened(path: Path):
    openvino = library()
    exact = {"INFERENCE_PRECISION_HINT": "f32"}  # some processors take bfloat16
    compiled = openvino.Core().compile_model(path, "CPU", exact)
    dtype = compiled.inputs[0].element_type.to_dtype()

    def answer(inputs: np.ndarray) -> np.ndarray:
        return np.array(compiled(inputs.astype(dtype))[0])

    return answer


def opened_strictly(path: Path):
    """As `opened`, of a file that may come from anybody, in a process of its own."""
    weights = path.with_suffix(".bin")
    if weights.exists() and not weights.is_file():
        raise Mistake(f"{weights} is no plain file")
    return limits.held(opened, path)
