"""A `.keras` file, which plain Keras opens on any backend, without zoo."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

SUFFIX, BACKEND, READER, PACKAGES = ".keras", None, None, ()


def write(model: "keras.Model", path: Path, about: dict) -> None:
    from zoo.building import model_files

    model_files.save(model, path)


def opened(path: Path):
    import keras

    from zoo.building import model_files

    model = model_files.load(path)
    dtype = model.inputs[0].dtype

    def answer(inputs: np.ndarray) -> np.ndarray:
        outputs = model(inputs.astype(dtype), training=False)
        return keras.ops.convert_to_numpy(outputs)

    return answer
