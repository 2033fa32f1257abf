"""Models on disk: `.keras` files that open on any backend."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import keras
from keras.src.utils.module_utils import tensorflow

import zoo.layers  # noqa: F401  saved models name these layers


def save(model: keras.Model, path: Path) -> None:
    """Write `model` to the `.keras` file `path`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        with without_tensorflow():
            model.save(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: Path) -> keras.Model:
    """The model in the `.keras` file `path`, on the active backend."""
    with without_tensorflow():
        return keras.models.load_model(path)


@contextlib.contextmanager
def without_tensorflow() -> Iterator[None]:
    """Keras imports TensorFlow, if it finds it, to recognize its types; not here."""
    if keras.backend.backend() == "tensorflow" or tensorflow.module is not None:
        yield
        return
    before = tensorflow._available
    tensorflow._available = False
    try:
        yield
    finally:
        tensorflow._available = before
