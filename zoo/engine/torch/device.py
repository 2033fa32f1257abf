"""PyTorch: the device, and what is asked of it."""

import os

import keras
import torch


def device() -> torch.device:
    """Where Keras computes: a GPU, an Apple chip (mps), another one, or the CPU."""
    return keras.ops.zeros(()).device


def describe() -> str:
    here = device()
    return torch.cuda.get_device_name(here) if here.type == "cuda" else here.type


def make_deterministic() -> None:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)


def use_full_float32() -> None:
    torch.backends.cudnn.allow_tf32 = False


def forget_programs() -> None:
    """Nothing: they go with the functions that they belong to."""
