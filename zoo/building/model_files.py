"""Models on disk: `.keras` files that open on any backend."""

from pathlib import Path

import keras

import zoo.layers  # noqa: F401  saved models name these layers
from zoo.core import files
from zoo.engine.startup import without_tensorflow


def save(model: keras.Model, path: Path) -> None:
    """Write `model` to the `.keras` file `path`, whole or not at all."""
    with files.replacing(path) as temporary, without_tensorflow():
        model.save(temporary)


def load(path: Path) -> keras.Model:
    """The model in the `.keras` file `path`, on the active backend."""
    with without_tensorflow():
        return keras.models.load_model(path)
