"""JAX: the device, and what is asked of it."""

import contextlib
import os
import warnings

import jax
import jax.numpy as jnp

from zoo.engine.reasons import reason

_tried: dict[str, bool] = {}


def describe() -> str:
    return jax.devices()[0].device_kind


def make_deterministic() -> None:
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true"


def full_float32() -> contextlib.AbstractContextManager[None]:
    if jax.default_backend() == "cpu":
        return contextlib.nullcontext()
    return jax.default_matmul_precision("float32")  # of this thread


def forget_programs() -> None:
    jax.clear_caches()  # they live as long as the process


def known_options(options: dict[str, str | int]) -> dict[str, str | int]:
    """Those of XLA's options that this version of XLA knows, each tried once.

    Options of XLA are experiments, which come and go. One that is gone costs speed, and
    a warning says so; it does not end the training.
    """
    for name, value in options.items():
        if name not in _tried:
            try:
                jax.jit(jnp.negative, compiler_options={name: value})(0.0)
                _tried[name] = True
            except jax.errors.JaxRuntimeError as error:
                _tried[name] = False
                warnings.warn(
                    f"XLA does not know {name} any more, and training may be slower: "
                    f"{reason(error)}",
                    stacklevel=2,
                )
    return {name: value for name, value in options.items() if _tried[name]}


def many_networks() -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()
