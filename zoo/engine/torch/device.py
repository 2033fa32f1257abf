"""PyTorch: the device, and what is asked of it."""

import contextlib
import os

import keras
import torch

from zoo.engine.setting import Setting


def device() -> torch.device:
    """Where Keras computes: a GPU, an Apple chip (mps), another one, or the CPU."""
    return keras.ops.zeros(()).device


def describe() -> str:
    here = device()
    return torch.cuda.get_device_name(here) if here.type == "cuda" else here.type


def make_deterministic() -> None:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)


def _read() -> tuple[bool, bool]:
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32


def _write(allowed: tuple[bool, bool]) -> None:
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = allowed


_rounded = Setting(_read, _write, (False, False))


def full_float32() -> contextlib.AbstractContextManager[None]:
    return _rounded


def forget_programs() -> None:
    """Nothing: they go with the functions that they belong to."""


# A small network would wait for a second thread longer than it computes.
_one_thread = Setting(torch.get_num_threads, torch.set_num_threads, 1)


def many_networks() -> contextlib.AbstractContextManager[None]:
    return _one_thread
