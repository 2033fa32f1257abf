"""Reference neural networks for Keras 3 on JAX, TensorFlow and PyTorch.

The public names below are imported on first use, so that `import zoo` loads neither
Keras nor a framework and the backend can still be chosen.
"""

import importlib
import sys
from types import ModuleType

__version__ = "0.1.0"

_HOMES = {
    "build": "registry",
    "card": "registry",
    "find": "registry",
    "names": "registry",
    "Recipe": "recipe",
    "Expected": "recipe",
    "train": "train",
    "Run": "run",
    "evaluate": "evaluate",
    "predict": "predict",
    "tune": "tune",
    "hypermodel": "tune",
    "Search": "tune",
    "report": "report",
    "export": "export",
    "verify": "verify",
    "distribute": "distribute",
    "main": "cli",
}
_SUBMODULES = ("augment", "backend", "data")
_ON_KERAS = ("train", "tune", "verify")

__all__ = [*_HOMES, *_SUBMODULES, "__version__"]


def __getattr__(name: str):
    if name in _SUBMODULES:
        return importlib.import_module(f"zoo.{name}")
    if name in _HOMES:
        if _HOMES[name] in _ON_KERAS:
            importlib.import_module("zoo.backend").load()
        return getattr(importlib.import_module(f"zoo.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'zoo' has no attribute '{name}'", name=name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The package; `zoo.train` is the function even after `import zoo.train`.

    Python binds a submodule to its package once it is imported; where a verb bears the
    name of its file, the verb is bound instead.
    """

    def __setattr__(self, name, value):
        if isinstance(value, ModuleType) and _HOMES.get(name) == name:
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
