"""What zoo asks of the device, beyond what the backend does by itself."""

import types

import keras
import pytest

import zoo
from zoo.engine import active, device, kernels


def test_float32_is_not_rounded_to_tf32(monkeypatch):
    zoo.build("perceptron")
    device.use_full_float32()
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
            device.use_full_float32()
            try:
                assert jax.config.jax_default_matmul_precision == "float32"
            finally:
                jax.config.update("jax_default_matmul_precision", before)


def test_the_processor_is_called_cpu():
    assert device.describe() == "cpu"


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="PyTorch's devices")
@pytest.mark.parametrize(
    ("kind", "name"), [("mps", "mps"), ("xpu", "xpu"), ("cuda", "NVIDIA H200")]
)
def test_other_devices_of_pytorch_bear_their_names(monkeypatch, kind, name):
    import torch

    own = active.own("device")
    monkeypatch.setattr(own, "device", lambda: torch.device(kind))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H200")
    assert device.describe() == name


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="its devices")
@pytest.mark.parametrize(
    ("kind", "details", "name"),
    [("GPU", {"device_name": "H200"}, "H200"), ("GPU", {}, "GPU"), ("TPU", {}, "TPU")],
)
def test_other_devices_of_tensorflow_bear_their_names(monkeypatch, kind, details, name):
    import tensorflow as tf

    both = [types.SimpleNamespace(device_type=each) for each in ("CPU", kind)]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda: both)
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda device: details
    )
    assert device.describe() == name


@pytest.mark.parametrize(
    "name", ["convolution", "depthwise", "maximum", "average", "normalize", "gru"]
)
def test_kernels_are_those_of_the_backend(name):
    layer = keras.layers.Conv2D(2, 3)
    has = {
        "torch": True,
        "jax": name in ("convolution", "depthwise", "maximum"),
        "tensorflow": False,
    }
    found = kernels.find(name, layer)
    assert (found is not None) == has[keras.backend.backend()]
    strided = keras.layers.Conv2D(2, 3, strides=2)
    if keras.backend.backend() == "jax":
        assert kernels.find("convolution", strided) is None
