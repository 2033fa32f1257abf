"""Import Keras without what only some of its features need.

`import keras` loads scikit-learn, matplotlib, pandas, IPython, PyTorch's compiler and,
whatever the backend, JAX: more than half of its time. TensorFlow also loads its v1 and
v2 compatibility namespaces. Here all of these are imported on first use; behaviour is
unchanged. `import keras` takes 2.5 processor seconds instead of 4.8 on JAX, 3.0 instead
of 8.5 on PyTorch, 5.0 instead of 8.5 on TensorFlow.
"""

import contextlib
import importlib
import sys
import threading
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

ON_FIRST_USE = (
    "keras.visualization",  # matplotlib
    "keras.src.visualization",
    "keras.wrappers",  # scikit-learn
    "keras.src.trainers.data_adapters.array_slicing",  # pandas
    "tensorflow._api.v2.compat.v1",  # its debugger, and Keras of old
    "tensorflow._api.v2.compat.v2",
    "requests",
)
COMPILER = "torch._dynamo"
SHELL = "IPython"  # in which Keras shows what a file of weights holds, and nothing else


class _OnFirstUse:
    """Finds the modules above, and has them run when one of their names is asked for.

    Unlike `importlib.util.LazyLoader`, which runs a module when TensorFlow looks at the
    files of all modules.
    """

    def find_spec(self, name, path=None, target=None) -> ModuleSpec | None:
        if name not in ON_FIRST_USE:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec:
            spec.loader = _Later(spec.loader)
        return spec


class _Later:
    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType):
        module.__class__ = _Waiting
        module.__spec__.loader_state = threading.RLock()


class _Waiting(ModuleType):
    """A module that runs when a name is asked for that it does not have yet.

    One thread runs it, and others wait for its end. While it runs, it may ask itself
    for names, as modules that import each other do.
    """

    def __getattr__(self, name: str):
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        spec = self.__spec__
        with spec.loader_state:
            if isinstance(spec.loader, _Later):  # the first thread that asks
                later, spec.loader = spec.loader, spec.loader.loader
                self.__loader__ = spec.loader
                try:
                    spec.loader.exec_module(self)
                except BaseException:
                    spec.loader = self.__loader__ = later  # the next one tries again
                    raise
                self.__class__ = ModuleType
        return ModuleType.__getattribute__(self, name)


class _Elsewhere(ModuleType):
    """Stands in for a module while others are imported, which may keep it.

    Afterwards it gives the names of the module itself, which is imported then. Unlike a
    `_Waiting` module it does not stay in `sys.modules`, where others look to see
    whether they run in IPython.
    """

    def __getattr__(self, name: str):
        if name.startswith("__") or sys.modules.get(self.__name__) is self:
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


@contextlib.contextmanager
def lazy_imports(backend: str) -> Iterator[None]:
    """Within it, `import keras` loads no more than the backend needs.

    On other backends `import jax` fails inside this block, since Keras imports it there
    only to patch old versions. On PyTorch Keras marks two functions with
    `torch._dynamo.disable`, which would import the compiler; a lazy decorator of
    PyTorch's own stands in.

    Args:
        backend: the backend that Keras is about to run on.
    """
    finder = _OnFirstUse()
    instead: dict[str, ModuleType | None] = {SHELL: _Elsewhere(SHELL)}
    if backend != "jax":
        instead["jax"] = None
    if backend == "torch":
        from torch import _compile

        instead[COMPILER] = ModuleType(COMPILER)
        instead[COMPILER].disable = _compile._disable_dynamo
    instead = {name: to for name, to in instead.items() if name not in sys.modules}
    sys.meta_path.insert(0, finder)
    sys.modules.update(instead)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in instead:
            del sys.modules[name]
