"""Models on disk: `.keras` files that open on any backend."""

import os
from pathlib import Path

import keras

import zoo.layers  # noqa: F401  saved models name these layers
from zoo.engine.startup import without_tensorflow


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
