"""JAX compiles with little optimization for tests that look at behavior."""

import contextlib
import os
from functools import cache

# XLA compiles small networks in 1.4 s in place of 4.5 s, and the files below take half
# of the processor time.
OPTIONS = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,  # gone from XLA with JAX 0.12
}
# Their networks are compiled so: they compare with a tolerance what any compilation
# gives. What compares bits, goldens, devices or speed is compiled as users have it;
# so is all in child processes.
FILES = frozenset(
    f"test_{name}"
    for name in (
        "columns",
        "convolution",
        "cross_validate",
        "docs",
        "export",
        "export_formats",
        "frames",
        "hypermodel",
        "initializers",
        "layers",
        "lstm_sentiment",
        "models",
        "numbers",
        "numbers_judged",
        "onnx",
        "optimizer",
        "own_table",
        "publishing",
        "report",
        "side_by_side",
        "tune",
        "users",
        "weight_files",
    )
)
USUAL = os.environ.get("XLA_FLAGS", "")  # of child processes
_is_quick = False


def compile_for(file: str) -> None:
    """From now on compile as the test file of this name, without .py, is to have it."""
    global _is_quick
    is_quick = file in FILES
    if is_quick == _is_quick:
        return
    import jax
    from jax._src import compiler

    if is_quick:
        compiler.get_compile_options = _quick(compiler.get_compile_options, known())
        words = [f"--{name}={value}".lower() for name, value in known().items()]
        os.environ["XLA_FLAGS"] = " ".join([*words, USUAL])  # read here already
    else:
        compiler.get_compile_options = compiler.get_compile_options.__wrapped__
        os.environ["XLA_FLAGS"] = USUAL
    jax.clear_caches()  # no program of the one kind serves the other
    _is_quick = is_quick


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
    """Those of `OPTIONS` that this version of XLA has."""
    import jax

    found = {}
    for name, value in OPTIONS.items():
        asked = jax.jit(lambda x: x + 1, compiler_options={name: value})
        with contextlib.suppress(jax.errors.JaxRuntimeError):
            asked(0.0)
            found[name] = value
    return found
