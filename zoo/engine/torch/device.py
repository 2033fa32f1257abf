"""PyTorch: the device, and what is asked of it."""

import contextlib
import os
from collections.abc import Callable

import keras
import torch

from zoo.engine import threads
from zoo.engine.setting import Setting


def device() -> torch.device:
    """Where Keras computes: a GPU, an Apple chip (mps), another one, or the CPU."""
    return keras.ops.zeros(()).device


def describe() -> str:
    here = device()
    return torch.cuda.get_device_name(here) if here.type == "cuda" else here.type


# `torch.use_deterministic_algorithms` sets the same, and loads the compiler, too: 1.4 s
# and 841 modules. cuBLAS repeats its sums only with workspaces of fixed sizes.
_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
_ERROR = 2  # an operation that cannot repeat its bits is an error


def _read_deterministic() -> tuple[int, str | None]:
    return torch.get_deterministic_debug_mode(), os.environ.get(_WORKSPACE)


def _write_deterministic(setting: tuple[int, str | None]) -> None:
    mode, workspace = setting
    torch.set_deterministic_debug_mode(mode)
    os.environ.pop(_WORKSPACE, None)
    if workspace is not None:
        os.environ[_WORKSPACE] = workspace


_deterministic = Setting(
    _read_deterministic,
    _write_deterministic,
    (_ERROR, os.environ.get(_WORKSPACE, ":4096:8")),
)


def deterministic() -> contextlib.AbstractContextManager[None]:
    return _deterministic


def _read() -> tuple[bool, bool]:
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32


def _write(allowed: tuple[bool, bool]) -> None:
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = allowed


_rounded = Setting(_read, _write, (False, False))


def full_float32() -> contextlib.AbstractContextManager[None]:
    return _rounded


def compiled(function: Callable) -> Callable:
    # `torch.compile` fails in words of 64 bits. This loads it: a second, once.
    return torch.compiler.disable(function)


def wide() -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


def forget_programs() -> None:
    """Nothing: they go with the functions that they belong to."""


# A small network would wait for a second thread longer than it computes.
_one_thread = Setting(torch.get_num_threads, torch.set_num_threads, 1)


def many_networks() -> contextlib.AbstractContextManager[None]:
    return _one_thread


# From so many elements on PyTorch itself shares a kernel's work among threads. The
# libraries under it, MKL and oneDNN, do so for products of any size.
_SHARED = 32768
# An LSTM is one kernel for all steps. From so many multiplications in a step on two
# threads are quicker: 16 units and 32 examples (33 thousand) take 1.04 of one thread's
# time, 32 units .91 to .98, 64 units (524 thousand) .68 to .81, 256 units .54.
_SHARED_STEP = 2**18


def threads_for(recorded: Callable) -> contextlib.AbstractContextManager[None]:
    """Inside, one thread if the kernels are too small to be shared.

    A network of six neurons takes a quarter less time then, and where other processes
    keep the processors busy a tenth of it: a thread that has no time to run is waited
    for. It depends on the network alone, so that bits repeat. Variables that the user
    has set take precedence.

    Args:
        recorded: see `zoo.engine.torch.recording.record`; others are not small.
    """
    size = getattr(recorded, "size", None)
    if size is None or threads.COUNTS & {*os.environ}:
        return threads.on_first_core()
    shared = size.elements >= _SHARED or size.recurrent >= _SHARED_STEP
    return threads.on_first_core() if shared else _one_thread
