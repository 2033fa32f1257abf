"""Write one exported file and what lies beside it, on the active backend."""

from pathlib import Path

import numpy as np

from zoo.core import files
from zoo.data.sources import made_up
from zoo.exporting import checks, formats, original
from zoo.run import Run


def write(run: Run, path: Path, name: str, outputs: str) -> None:
    """Write the file, its metadata as JSON, and its checks.

    Args:
        run: whose network is written.
        path: of the file.
        name: of the format.
        outputs: see `original.network`.
    """
    model = original.network(run, outputs)
    about = original.about(run, outputs, model)
    inputs = made_up.sample(model, checks.COUNT).train.inputs
    if inputs.dtype.kind == "f" and not run.about_data.missing:
        inputs = np.nan_to_num(inputs)
    formats.module(name).write(model, path, about)
    checks.save(path, inputs, original.answers(model, inputs))
    files.write_json(path.with_name(path.name + ".json"), about)
