"""Import Keras with the chosen backend: quickly, and as the process wants it.

`import_keras` is for zoo as a library: what it changes for the import, it changes back.
`load` is for processes that are zoo's own, such as the command line: it also sets what
holds for the whole process and makes it faster, or quiet.
"""

import contextlib
import gc
import importlib
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator

from zoo import backend
from zoo.core import garbage
from zoo.core.processes import changed
from zoo.core.timing import start
from zoo.engine import threads
from zoo.engine.lazy_imports import lazy_imports
from zoo.engine.memory import keep_freed_memory

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TORCH_CPP_LOG_LEVEL": "ERROR"}
_importing = threading.RLock()


def import_keras(name: str | None = None) -> str:
    """Import Keras, as a library does; the name of the backend.

    The process stays as it is: environment, file descriptors and settings.

    Args:
        name: "jax", "tensorflow" or "torch"; None takes `zoo.backend.current()`.

    Raises:
        Mistake: see `zoo.backend.use`.
    """
    with _importing:
        name = backend.check(name)
        if "keras" not in sys.modules:
            quiet = {k: v for k, v in _QUIET.items() if k not in os.environ}
            changes = changed({"KERAS_BACKEND": name, **quiet})
            with changes, lazy_imports(name), garbage.left_alone():
                import keras  # noqa: F401  it stays in sys.modules
    return name


def load(name: str | None = None) -> str:
    """`zoo.backend.use(name)`, then import Keras, in a process that is zoo's own.

    Besides, for this process: JAX keeps what it compiles; XLA compiles small loops
    whole; PyTorch's threads have a core each and sleep while they wait; malloc keeps
    memory; what was imported is never looked through for garbage; OpenCV takes one
    thread; and C++ code is silent. TensorFlow writes lines about oneDNN and missing
    CUDA drivers to file descriptor 2 before any of its log settings counts. They are
    shown if the import fails.

    Args:
        name: "jax", "tensorflow" or "torch"; None takes `zoo.backend.current()`.

    Raises:
        Mistake: see `zoo.backend.use`.
    """
    name = backend.use(name)
    for variable, value in _QUIET.items():
        os.environ.setdefault(variable, value)
    keep_freed_memory()
    # Its threads cost more on small pictures than they save.
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")
    if name != "torch":
        compile_small_loops_whole()
    # Each model has a graph of its own, of which it would warn as of retracing.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if "keras" in sys.modules:
        return name
    if name == "jax" and "jax" not in sys.modules:
        from zoo.engine.jax.compilation_cache import keep_compiled  # which loads NumPy

        keep_compiled()
    start.ended("zoo")
    apart = threads.apart() if name == "torch" else contextlib.nullcontext()
    with _silent(), apart, lazy_imports(name), garbage.left_alone():
        importlib.import_module(name)
        start.ended(name)
        import keras  # noqa: F401  it stays in sys.modules
    gc.freeze()  # what is there now is never looked through
    start.ended("keras")
    return name


@contextlib.contextmanager
def small_loops_whole() -> Iterator[None]:
    """Inside, as `compile_small_loops_whole`, if XLA has not read its flags before."""
    before = os.environ.get("XLA_FLAGS")
    if backend.current() != "torch":
        compile_small_loops_whole()
    try:
        yield
    finally:
        os.environ.pop("XLA_FLAGS", None)
        if before is not None:
            os.environ["XLA_FLAGS"] = before


def compile_small_loops_whole() -> None:
    """Have XLA, which JAX and TensorFlow share, compile a small loop into one function.

    By default XLA does so only if the loop's buffers are tiny; otherwise it launches
    kernel by kernel, which costs more than the arithmetic. The limit is raised to
    128 KiB, above which kernels win. The user's own XLA_FLAGS take precedence. XLA
    passes over extra options that it does not know.
    """
    own = "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=131072"
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_cpu_small_while_loop_byte_threshold" not in flags:
        os.environ["XLA_FLAGS"] = f"{own} {flags}".strip()


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Inside, nothing is written to file descriptor 2, unless an error ends it."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        try:
            yield
        except Exception:  # not Ctrl-C, which has one line
            messages.seek(0)
            os.write(stderr, messages.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
