"""Write one exported file and what lies beside it, on the active backend."""

from pathlib import Path

import numpy as np

from zoo.core import columns as described
from zoo.core import files
from zoo.data.sources import made_up
from zoo.engine import private
from zoo.exporting import checks, formats, original
from zoo.layers.columns import STANDARD
from zoo.run import Run

MIDDLE = 3  # of made-up numbers


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
    inputs = _as_learned(model, run.about_data.columns, inputs)
    if inputs.dtype.kind == "f" and not run.about_data.missing:
        inputs = np.nan_to_num(inputs)
    answers = original.answers(model, inputs)  # quantizing may change the model
    formats.module(name).write(model, path, about, **options)
    checks.save(path, inputs, answers, checks.LEAST if int8 else None)
    files.write_json(path.with_name(path.name + ".json"), about)


def _as_learned(model, columns, inputs: np.ndarray) -> np.ndarray:
    """Made-up numbers and dates of a table, around the means that a network learned.

    Thousands of deviations away float32 keeps nothing of how they differ, and two
    programs that compute rightly answer differently.

    Args:
        model: whose `zoo.layers.Columns` knows means and deviations.
        columns: what a row of `inputs` holds; () if it is not that of a table.
        inputs: made up, (..., width).
    """
    found = [each for each in private.layers(model) if each.name == STANDARD]
    if not columns or not found:
        return inputs
    mean, variance = (
        np.asarray(each, "float64").reshape(-1)
        for each in (found[0].input_mean, found[0].input_variance)
    )
    placed = inputs.copy()
    for column, place in described.places(columns):
        if column.kind not in ("number", "date"):
            continue  # codes of categories and words are small
        own = mean[place] + np.sqrt(variance[place]) * (inputs[..., place] - MIDDLE)
        placed[..., place] = np.rint(own) if column.kind == "date" else own
    return placed
