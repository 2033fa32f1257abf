"""A `.keras` file, which plain Keras opens on any backend, without zoo."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.errors import Mistake

if TYPE_CHECKING:
    import keras

SUFFIX, BACKEND, READER, PACKAGES, INT8 = ".keras", None, None, (), "keras"


def write(model: "keras.Model", path: Path, about: dict, int8: bool = False) -> None:
    """With `int8`, Keras quantizes Dense and Embedding; other layers stay float32."""
    import keras

    from zoo.building import model_files
    from zoo.engine.private import without_tensorflow

    model_files.save(model, path)
    if int8:
        with without_tensorflow():
            plain = keras.saving.load_model(path)
        with warnings.catch_warnings():  # of each layer that stays float32
            warnings.simplefilter("ignore")
            plain.quantize("int8")
        with without_tensorflow():
            plain.save(path)


def opened(path: Path):
    from zoo.building import model_files

    return _asked(model_files.load(path))


def opened_strictly(path: Path):
    """As `opened`, of a file that may come from anybody."""
    from zoo.building import model_files
    from zoo.exporting import checks

    shape = checks.read(path)[0].shape[1:]
    try:
        return _asked(model_files.load_strictly(path, shape))
    except model_files.Foreign as foreign:  # such as what int8 is made of
        raise Mistake(f"{foreign}; if you trust it, add --trust") from foreign


def _asked(model: "keras.Model"):
    import keras

    from zoo.engine import steps

    dtype = model.inputs[0].dtype
    if keras.backend.backend() == "jax":  # it would compile each operation by itself
        forward = steps.compile_forward(model)
        return lambda inputs: forward(inputs.astype(dtype))

    def answer(inputs: np.ndarray) -> np.ndarray:
        outputs = model(inputs.astype(dtype), training=False)
        return keras.ops.convert_to_numpy(outputs)

    return answer
