"""`python -m zoo.exporting.onnx RUN FILE [--trust]`: an ONNX file, from PyTorch."""

import sys
from pathlib import Path

import numpy as np

from zoo.core import files
from zoo.errors import Mistake
from zoo.run import Run, open_run

TOLERANCE = 1e-4


def _export(run: Run, path: Path) -> None:
    """What the process on PyTorch does."""
    import onnxruntime
    import torch

    from zoo.data.sources.made_up import sample
    from zoo.engine import steps

    model = run.model
    inputs = sample(model, 8).train.inputs.astype(model.inputs[0].dtype)
    model(torch.from_numpy(inputs))
    with files.replacing(path) as temporary:
        model.export(temporary, format="onnx", verbose=False)
        session = onnxruntime.InferenceSession(temporary)
        [answers] = session.run(None, {session.get_inputs()[0].name: inputs})
        expected = steps.compile_forward(model)(inputs)
        difference = np.abs(answers - expected).max() / np.abs(expected).max()
        if not difference <= TOLERANCE:
            raise Mistake(
                f"the exported model's answers differ by {difference:.1e}, relative; "
                f"accepted: {TOLERANCE}"
            )


if __name__ == "__main__":
    folder, file, *trust = sys.argv[1:]
    _export(open_run(folder, trust=bool(trust)), Path(file))
