"""Import Keras with the chosen backend: quickly, and without messages of C++ code."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from zoo.backend import use
from zoo.engine.lazy_imports import lazy_imports


def load(name: str | None = None) -> str:
    """`use(name)`, then import Keras, quickly and without messages of C++ code.

    TensorFlow writes lines about oneDNN and missing CUDA drivers to file descriptor
    2 before any of its log settings counts. They are shown if the import fails.
    """
    name = use(name)
    if name != "torch":
        compile_small_loops_whole()
    if "keras" in sys.modules:
        return name
    if name == "jax" and "jax" not in sys.modules:
        from zoo.engine.jax.compilation_cache import keep_compiled  # which loads NumPy

        keep_compiled()
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        try:
            with lazy_imports(name):
                import keras  # noqa: F401
        except BaseException:
            messages.seek(0)
            os.write(stderr, messages.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
    return name


def compile_small_loops_whole() -> None:
    """Have XLA, which JAX and TensorFlow share, compile a small loop into one function.

    By default XLA does so only if the loop's buffers are tiny; otherwise it launches
    kernel by kernel, which costs more than the arithmetic. The limit is raised to
    128 KiB, above which kernels win. The user's own XLA_FLAGS take precedence.
    """
    own = "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=131072"
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_cpu_small_while_loop_byte_threshold" not in flags:
        os.environ["XLA_FLAGS"] = f"{own} {flags}".strip()


@contextlib.contextmanager
def without_tensorflow() -> Iterator[None]:
    """Keras imports TensorFlow, if it finds it, to recognize its types; not here."""
    import keras
    from keras.src.utils.module_utils import tensorflow

    if keras.backend.backend() == "tensorflow" or tensorflow.module is not None:
        yield
        return
    before = tensorflow._available
    tensorflow._available = False
    try:
        yield
    finally:
        tensorflow._available = before
