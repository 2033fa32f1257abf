"""JAX: the device, and what is asked of it."""

import os

import jax


def describe() -> str:
    return jax.devices()[0].device_kind


def make_deterministic() -> None:
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true"


def use_full_float32() -> None:
    if jax.default_backend() != "cpu":
        jax.config.update("jax_default_matmul_precision", "float32")


def forget_programs() -> None:
    jax.clear_caches()  # they live as long as the process
