"""What zoo asks of the device, beyond what the backend does by itself."""

import dataclasses
import os
import threading
import types
from typing import ClassVar

import keras
import numpy as np
import pytest

import zoo
from zoo.engine import active, device, kernels, steps
from zoo.engine.setting import Setting
from zoo.training.session import Session


def rounds_to_tf32() -> bool:
    """Whether the process lets a GPU round float32."""
    match keras.backend.backend():
        case "torch":
            import torch

            return torch.backends.cudnn.allow_tf32
        case "tensorflow":
            import tensorflow as tf

            return tf.config.experimental.tensor_float_32_execution_enabled()
        case "jax":
            import jax

            return jax.config.jax_default_matmul_precision != "float32"


class Watching(keras.layers.Layer):
    """Notes whether float32 is rounded while it computes, or is traced."""

    seen: ClassVar[list[bool]] = []

    def call(self, x):
        self.seen.append(rounds_to_tf32())
        return x


def test_float32_is_not_rounded_to_tf32_while_zoo_computes(monkeypatch):
    if keras.backend.backend() == "jax":
        import jax

        monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    row = keras.Input((2,))
    model = keras.Model(row, keras.layers.Dense(1)(Watching()(row)))
    Watching.seen.clear()
    x, y = np.ones((1, 4, 2), "float32"), np.ones((1, 4, 1), "float32")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    steps.trainer(model, loss, keras.optimizers.SGD()).train(x, y, 1)
    steps.compile_forward(model)(x[0])
    assert set(Watching.seen) == {False}
    assert rounds_to_tf32()  # the host's own computations are as they were


def repeats_bits() -> bool:
    """Whether the backend is asked for kernels that give the same bits in every run."""
    match keras.backend.backend():
        case "torch":
            import torch

            asked = torch.are_deterministic_algorithms_enabled()
            return asked and "CUBLAS_WORKSPACE_CONFIG" in os.environ
        case "tensorflow":
            from tensorflow.python.framework import config

            return config.is_op_determinism_enabled()
        case "jax":
            from zoo.engine.jax.device import compiler_options

            return compiler_options() == {"xla_gpu_deterministic_ops": True}


def test_bits_repeat_while_a_deterministic_recipe_is_trained(tmp_path, monkeypatch):
    asked, run = [], Session.run

    def noted(session, stop):
        asked.append(repeats_bits())
        return run(session, stop)

    monkeypatch.setattr(Session, "run", noted)
    recipe = zoo.Recipe(
        model="deep_mlp",
        model_arguments={"hidden": (4,), "dropout": 0.2},
        data="moons",
        batch=40,
        epochs=1,
    )
    losses = []
    for deterministic in (False, True):
        changed = dataclasses.replace(recipe, deterministic=deterministic)
        trained = zoo.train(changed, run=tmp_path / str(deterministic), quiet=True)
        losses.append(trained.metrics["test"]["loss"])
    assert asked == [False, True]
    assert not repeats_bits()  # the host's own computations are as they were
    assert losses[0] == losses[1]  # processors repeat their bits anyway


def test_a_setting_is_changed_as_long_as_any_thread_needs_it():
    values = ["the host's"]
    setting = Setting(lambda: values[-1], values.append, "ours")
    with setting:
        other = threading.Thread(target=setting.__enter__)
        other.start()
        other.join()
    assert values == ["the host's", "ours"]
    setting.__exit__(None, None, None)
    assert values == ["the host's", "ours", "the host's"]


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
    "name",
    ["convolution", "depthwise", "maximum", "average", "normalize", "gru", "spectrum"],
)
def test_kernels_are_those_of_the_backend(name):
    layer = keras.layers.Conv2D(2, 3)
    has = {
        "torch": True,
        "jax": name not in ("average", "normalize"),
        "tensorflow": name in ("gru", "spectrum"),
    }
    if keras.backend.backend() != "torch":  # what can be differentiated in any way
        outside = keras.backend.backend() == "jax" and name == "depthwise"
        assert (kernels.find(name, layer) is not None) == outside
    with kernels.in_use():
        found = kernels.find(name, layer)
        if keras.backend.backend() == "jax":
            strided = keras.layers.Conv2D(2, 3, strides=2)
            assert kernels.find("convolution", strided) is None
            uneven = keras.layers.DepthwiseConv2D(3, strides=(1, 2))
            assert kernels.find("depthwise", uneven) is None
    assert (found is not None) == has[keras.backend.backend()]
