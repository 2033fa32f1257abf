"""A `.keras` file, which plain Keras opens on any backend, without zoo."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

SUFFIX, BACKEND, READER, PACKAGES, INT8 = ".keras", None, None, (), "keras"


def write(model: "keras.Model", path: Path, about: dict, int8: bool = False) -> None:
    """With `int8`, Keras quantizes Dense and Embedding; other layers stay float32."""
    import keras

    from zoo.building import model_files

    model_files.save(model, path)
    if int8:
        plain = keras.saving.load_model(path)
        with warnings.catch_warnings():  # of each layer that stays float32
            warnings.simplefilter("ignore")
            plain.quantize("int8")
        plain.save(path)


def opened(path: Path):
    import keras

    from zoo.building import model_files

    model = model_files.load(path)
    dtype = model.inputs[0].dtype

    def answer(inputs: np.ndarray) -> np.ndarray:
        outputs = model(inputs.astype(dtype), training=False)
        return keras.ops.convert_to_numpy(outputs)

    return answer
