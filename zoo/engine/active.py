"""The active backend's own files: `zoo/engine/<backend>/<name>.py`."""

import importlib
from types import ModuleType

import keras

_known: dict[str, ModuleType] = {}  # not functools.cache: torch.compile warns of it


def own(name: str) -> ModuleType:
    """The module `name` of the backend that Keras runs on, which never changes.

    Args:
        name: "device", "group", "kernels" or "steps".
    """
    if name not in _known:  # a model asks in every call of a layer
        path = f"zoo.engine.{keras.backend.backend()}.{name}"
        _known[name] = importlib.import_module(path)
    return _known[name]
