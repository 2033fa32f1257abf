"""The device that the active backend computes on."""

import contextlib
import ctypes
import functools
import os

import keras


def describe() -> str:
    """The device's kind, such as "cpu" or the name of a GPU."""
    match keras.backend.backend():
        case "jax":
            import jax

            return jax.devices()[0].device_kind
        case "tensorflow":
            import tensorflow as tf

            gpus = tf.config.list_physical_devices("GPU")
            if not gpus:
                return "cpu"
            return tf.config.experimental.get_device_details(gpus[0])["device_name"]
        case "torch":
            import torch

            available = torch.cuda.is_available()
            return torch.cuda.get_device_name() if available else "cpu"


def make_deterministic() -> None:
    """Ask the backend for kernels that give the same bits in every run.

    CPUs do so by default. On GPUs it costs speed; JAX must not have computed yet.
    """
    match keras.backend.backend():
        case "jax":
            flags = os.environ.get("XLA_FLAGS", "")
            os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true"
        case "tensorflow":
            import tensorflow as tf

            tf.config.experimental.enable_op_determinism()
        case "torch":
            import torch

            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            torch.use_deterministic_algorithms(True)


@functools.cache
def use_full_float32() -> None:
    """Compute float32 in float32 on a GPU, as CPUs do.

    By default the products of matrices (JAX, TensorFlow) and convolutions (all) are of
    numbers rounded to 10 bits, TF32: outputs then differ by 1e-3 between backends, and
    not by 1e-6. Who wants speed for precision asks for `mixed_bfloat16`.
    """
    match keras.backend.backend():
        case "jax":
            import jax

            if jax.default_backend() != "cpu":
                jax.config.update("jax_default_matmul_precision", "float32")
        case "tensorflow":
            import tensorflow as tf

            tf.config.experimental.enable_tensor_float_32_execution(False)
        case "torch":
            import torch

            torch.backends.cudnn.allow_tf32 = False


@functools.cache
def keep_freed_memory() -> None:
    """Let the process keep memory that it frees, up to its peak, where glibc is used.

    By default glibc hands blocks of megabytes back after every step, and the system
    clears them page by page in the next: up to a third of a small network's step.
    """
    with contextlib.suppress(AttributeError, TypeError):
        change = ctypes.CDLL(None).mallopt
        for option, size in _MALLOC.items():
            change(option, size)


_MALLOC = {-1: 2**31 - 1, -3: 2**25}  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD (its most)
