"""XLA compiles with little optimization where tests look at behavior."""

import os
import re
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from unittest import mock

from zoo import backend

# XLA compiles small networks in 1.4 s in place of 4.5 s, and the tests take half of the
# processor time.
OPTIONS = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,  # gone from XLA with JAX 0.12
}
# Nearly all tests compare, with a tolerance or with each other, what any compilation
# gives. These files, and their child processes, have what users have: training on real
# data to the same bits, what the command line and a start compile, devices and costs.
AS_USERS = frozenset(
    f"test_{name}"
    for name in (
        "backend",
        "backend_trains",
        "cli",
        "costs",
        "device",
        "goldens_real",
        "race",
        "resume",
        "start_up",
        "survival",
        "verify",
        "without_tensorflow",
    )
)
USUAL = os.environ.get("XLA_FLAGS", "")  # of child processes
_is_quick = False
_contexts: dict = {}  # by the number of the thread


def compile_for(file: Path) -> None:
    """From now on compile as this test file is to have it, in tests/stress as users.

    On JAX this process and its children, on PyTorch and TensorFlow the children: see
    `begin` for what TensorFlow does in this process.
    """
    global _is_quick
    _contexts.clear()  # they hold the constants of all programs
    is_quick = file.stem not in AS_USERS and file.parent.name != "stress"
    if is_quick == _is_quick:
        return
    if backend.current() == "jax":
        _compile_here(is_quick)
    os.environ["XLA_FLAGS"] = _flags() if is_quick else USUAL
    _is_quick = is_quick


def begin() -> None:
    """Have TensorFlow in this process compile with little optimization, in all files.

    It reads the environment once. What users have it has in processes of its own.
    """
    if backend.current() == "tensorflow":
        import tensorflow as tf

        with mock.patch.dict(os.environ, {"XLA_FLAGS": _flags()}):
            tf.function(lambda: tf.constant(0.0), jit_compile=True)()


def _flags():
    words = [f"--{name}={value}".lower() for name, value in known().items()]
    return " ".join([*words, USUAL])


def remove_nothing() -> None:
    """Have JAX in this process not look through all it has kept before it keeps more.

    It would read the age of each file, to find the oldest; the folder is never full.
    """
    if backend.current() == "jax":
        from jax._src.lru_cache import LRUCache

        LRUCache._evict_if_needed = lambda *_, **__: None


def share_context() -> None:
    """Have JAX in this process describe the programs of a file in one MLIR context.

    It makes one for each program, and each operation by itself is a program: that is
    a fifth of what it costs to compile one.
    """
    if backend.current() == "jax":
        from jax._src.interpreters import mlir

        make = mlir.make_ir_context

        def shared():
            thread = threading.get_ident()
            if thread not in _contexts:
                _contexts[thread] = make()
            return _contexts[thread]

        mlir.make_ir_context = shared


def whole(function: Callable) -> Callable:
    """`function`, on JAX as one program: one of each operation takes 5 times as long.

    A program of its own each time, with the weights that a model has then.
    """
    if backend.current() != "jax":
        return function
    import jax

    return jax.jit(lambda *given: function(*given))


def answers(model, inputs):
    """What a Keras model answers, as NumPy; on JAX by one program.

    It is given the weights: models that are built alike share what is compiled.
    """
    import keras

    if backend.current() == "jax":
        import jax

        kinds = model.trainable_variables, model.non_trainable_variables
        weights = [[variable.value for variable in kind] for kind in kinds]
        answer = jax.jit(lambda *given: model.stateless_call(*given, training=False)[0])
        outputs = answer(*weights, inputs)
    else:
        outputs = model(inputs, training=False)
    return keras.ops.convert_to_numpy(outputs)


def _compile_here(is_quick):
    import jax
    from jax._src import compiler

    if is_quick:
        jax.numpy.zeros(1)  # XLA reads its flags now, and not again
        compiler.get_compile_options = _quick(compiler.get_compile_options, known())
    else:
        compiler.get_compile_options = compiler.get_compile_options.__wrapped__
    jax.clear_caches()  # no program of the one kind serves the other


def _quick(usual, own):
    """JAX's function that gathers the options of a program, and `own` among them.

    JAX itself has no place for options of all programs but an environment variable,
    which is read once in a process.
    """

    def options(*given, env_options_overrides=None, **more):
        merged = own | (env_options_overrides or {})
        return usual(*given, env_options_overrides=merged, **more)

    options.__wrapped__ = usual
    return options


@cache
def known() -> dict:
    """Those of `OPTIONS` that the installed XLA has: it ends with another."""
    found = dict(OPTIONS)
    if [int(part) for part in re.findall(r"\d+", backend.version("jax"))] >= [0, 12]:
        del found["xla_cpu_use_fusion_emitters"]
    return found
