"""JAX: the device, and what is asked of it."""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar

import jax
import jax.numpy as jnp
import keras

from zoo.engine import private
from zoo.engine.reasons import reason

_tried: dict[str, bool] = {}
_deterministic: ContextVar[bool] = ContextVar("deterministic", default=False)


def describe() -> str:
    return jax.devices()[0].device_kind


@contextlib.contextmanager
def deterministic() -> Iterator[None]:
    """See `zoo.engine.device.deterministic`; programs built inside stay so.

    By an option of each program: XLA reads XLA_FLAGS once, at its first computation,
    and would pass over what comes later.
    """
    before = _deterministic.set(True)
    try:
        yield
    finally:
        _deterministic.reset(before)


def compiler_options(**own: str | int) -> dict[str, str | int]:
    """`own` and what holds for all programs now, of the options that XLA knows."""
    if _deterministic.get():
        own["xla_gpu_deterministic_ops"] = True
    return known_options(own)


def loop_options(model) -> dict[str, str | int]:
    """`compiler_options` for a loop over training steps of `model`.

    YNNPACK's kernels keep XLA from compiling a small loop into one function, see
    `zoo.engine.startup.compile_small_loops_whole`: on an AMD EPYC with two cores a
    step of the mammogram network takes 2.3 us without them and 5.3 with, one of LeNet
    with ReLU 92 ms and 170. Wide recurrent layers need them: a step of an LSTM of 256
    units takes 84 ms without them and 46 with.
    """
    if any(isinstance(layer, keras.layers.RNN) for layer in private.layers(model)):
        return compiler_options()
    return compiler_options(xla_cpu_experimental_ynn_fusion_type="")


def full_float32() -> contextlib.AbstractContextManager[None]:
    if jax.default_backend() == "cpu":
        return contextlib.nullcontext()
    return jax.default_matmul_precision("float32")  # of this thread


def compiled(function: Callable) -> Callable:
    return jax.jit(function)


def copied(array: jax.Array) -> jax.Array:
    """A copy, for which `jnp.copy` would compile a program of each shape."""
    if not array.is_fully_addressable:  # in part on devices of other processes
        return jnp.copy(array)
    return jax.device_put(array, may_alias=False)


def wide() -> contextlib.AbstractContextManager[None]:
    return jax.enable_x64(True)  # of this thread


def forget_programs() -> None:
    jax.clear_caches()  # they live as long as the process


def known_options(options: dict[str, str | int]) -> dict[str, str | int]:
    """Those of XLA's options that this version of XLA knows, each tried once.

    Options of XLA are experiments, which come and go. One that is gone costs speed, or
    bits that repeat, and a warning says so; it does not end the training.
    """
    for name, value in options.items():
        if name not in _tried:
            try:
                jax.jit(jnp.negative, compiler_options={name: value})(0.0)
                _tried[name] = True
            except jax.errors.JaxRuntimeError as error:
                _tried[name] = False
                warnings.warn(
                    f"XLA does not know its option {name} any more, and zoo runs "
                    f"without it: {reason(error)}",
                    stacklevel=2,
                )
    return {name: value for name, value in options.items() if _tried[name]}


def many_networks() -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()
