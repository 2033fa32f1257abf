"""Write one exported file and what lies beside it, on the active backend."""

from pathlib import Path

import numpy as np

from zoo.core import files
from zoo.data.sources import made_up
from zoo.exporting import checks, formats, original
from zoo.run import Run


def write(
    run: Run, path: Path, name: str, outputs: str, int8: bool, trace: bool = False
) -> None:
    """Write the file, its metadata as JSON, and its checks.

    Args:
        run: whose network is written.
        path: of the file.
        name: of the format.
        outputs: see `original.network`.
        int8: whether weights are to be int8.
        trace: whether PyTorch traces what zoo does not translate to ONNX.
    """
    model = original.network(run, outputs)
    about = original.about(run, outputs, model)
    about["precision"] = "int8" if int8 else "float32"
    wanted = {"int8": int8, "trace": trace}
    options = {name: True for name, asked in wanted.items() if asked}
    inputs = made_up.sample(model, checks.COUNT).train.inputs
    if inputs.dtype.kind == "f" and not run.about_data.missing:
        inputs = np.nan_to_num(inputs)
    answers = original.answers(model, inputs)  # quantizing may change the model
    formats.module(name).write(model, path, about, **options)
    checks.save(path, inputs, answers, checks.LEAST if int8 else None)
    files.write_json(path.with_name(path.name + ".json"), about)
