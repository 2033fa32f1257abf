"""The device that the active backend computes on, see `zoo/engine/*/device.py`."""

import contextlib
from collections.abc import Callable

from zoo.engine import active


def describe() -> str:
    """The device's kind: "cpu", the name of a GPU, the kind of another accelerator."""
    return active.own("device").describe()


def deterministic() -> contextlib.AbstractContextManager[None]:
    """Inside, kernels give the same bits in every run.

    CPUs do so by default. On GPUs it costs speed, and PyTorch refuses what it has no
    such kernel for.
    """
    return active.own("device").deterministic()


def full_float32() -> contextlib.AbstractContextManager[None]:
    """Inside, float32 is computed in float32 on a GPU, as CPUs do.

    By default the products of matrices (JAX, TensorFlow) and convolutions (all) are of
    numbers rounded to 10 bits, TF32: outputs then differ by 1e-3 between backends, and
    not by 1e-6. Who wants speed for precision asks for `mixed_bfloat16`.
    """
    return active.own("device").full_float32()


def compiled(function: Callable) -> Callable:
    """`function`, which computes the same, as one program where steps alone are slow.

    On JAX each operation outside of a program is compiled and started by itself.
    """
    return active.own("device").compiled(function)


def wide() -> contextlib.AbstractContextManager[None]:
    """Inside, integers and floats of 64 bits have 64 bits.

    JAX makes them 32 otherwise.
    """
    return active.own("device").wide()


def forget_programs() -> None:
    """Free the programs that the backend has compiled and keeps for ever."""
    active.own("device").forget_programs()


def many_networks() -> contextlib.AbstractContextManager[None]:
    """Inside, many small networks are trained: no threads and no warnings for each."""
    return active.own("device").many_networks()
