"""TensorFlow's SavedModel, a folder, which TensorFlow Serving reads."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

SUFFIX, BACKEND, READER, PACKAGES = "", "tensorflow", "tensorflow", ()
INT8 = None
HOLDS = {"saved_model.pb", "fingerprint.pb", "variables", "assets"}
EXECUTES = "TensorFlow does what its graph says, such as reading and writing files"


def write(model: "keras.Model", path: Path, about: dict) -> None:
    model.export(path, format="tf_saved_model", verbose=False)


def opened(path: Path):
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    [spec] = loaded.signatures["serving_default"].structured_input_signature[1].values()

    def answer(inputs: np.ndarray) -> np.ndarray:
        return loaded.serve(tf.constant(inputs, spec.dtype)).numpy()

    return answer
