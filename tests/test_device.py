"""What zoo asks of the device, beyond what the backend does by itself."""

import keras

import zoo
from zoo.engine import device


def test_float32_is_not_rounded_to_tf32(monkeypatch):
    zoo.build("perceptron")
    match keras.backend.backend():
        case "torch":
            import torch

            assert not torch.backends.cudnn.allow_tf32
            assert not torch.backends.cuda.matmul.allow_tf32
        case "tensorflow":
            import tensorflow as tf

            assert not tf.config.experimental.tensor_float_32_execution_enabled()
        case "jax":
            import jax

            before = jax.config.jax_default_matmul_precision
            monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
            device.use_full_float32.__wrapped__()
            try:
                assert jax.config.jax_default_matmul_precision == "float32"
            finally:
                jax.config.update("jax_default_matmul_precision", before)
