"""PyTorch's ExportedProgram, which `torch.export.load` opens without Keras."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

SUFFIX, BACKEND, READER, PACKAGES = ".pt2", "torch", "torch", ()
INT8 = None
EXECUTES = "PyTorch evaluates words in such a file as Python"


def write(model: "keras.Model", path: Path, about: dict) -> None:
    import torch

    from zoo.engine.torch.private import sizes_stay_open

    unknown = [place for place, side in enumerate(model.inputs[0].shape) if not side]
    lengths = {place: torch.export.Dim(f"length_{place}") for place in unknown}
    with sizes_stay_open():
        model.export(path, format="torch", verbose=False, dynamic_shapes=(lengths,))


def opened(path: Path):
    import torch

    program = torch.export.load(path)
    module = program.module()
    [name] = program.graph_signature.user_inputs
    [node] = [node for node in program.graph.nodes if node.name == name]
    dtype = node.meta["val"].dtype

    def answer(inputs: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return module(torch.from_numpy(inputs).to(dtype)).numpy()

    return answer
