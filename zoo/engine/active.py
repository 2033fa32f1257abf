"""The active backend's own files: `zoo/engine/<backend>/<name>.py`."""

import functools
import importlib
from types import ModuleType

import keras


@functools.cache  # a model asks in every call of a layer
def own(name: str) -> ModuleType:
    """The module `name` of the backend that Keras runs on, which never changes.

    Args:
        name: "device", "group", "kernels" or "steps".
    """
    return importlib.import_module(f"zoo.engine.{keras.backend.backend()}.{name}")
