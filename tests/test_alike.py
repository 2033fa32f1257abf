"""Layers that Keras computes otherwise on PyTorch are refused where they matter."""

import keras
import numpy as np
import pytest

from zoo import backend
from zoo.building import alike
from zoo.errors import Mistake

HERE = backend.current()
ELSEWHERE = "jax" if HERE == "torch" else "torch"
LAYERS = keras.layers


def pooled(x, size, stride):
    """Averages over windows with padding="same"; padding counts for nothing."""
    steps = -(-len(x) // stride)
    before = max(0, (steps - 1) * stride + size - len(x)) // 2
    starts = np.arange(steps) * stride - before
    return [x[max(0, start) : start + size].mean() for start in starts]


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("length", [10, 11])
def test_a_pooling_that_is_not_refused_is_that_of_numpy(size, stride, length):
    x = np.random.default_rng(0).normal(size=length).astype("float32")
    row = keras.Input((length, 1))
    layer = LAYERS.AveragePooling1D(size, strides=stride, padding="same")
    model = keras.Model(row, layer(row))
    found = keras.ops.convert_to_numpy(model(x[None, :, None]))[0, :, 0]
    differs = np.abs(found - pooled(x, size, stride)).max() > 1e-5
    if HERE == "torch":
        assert differs == bool(alike._found(model))
    else:
        assert not differs


REFUSED = {
    "AveragePooling2D": lambda x: LAYERS.AveragePooling2D(3, 2, padding="same")(x),
    "AveragePool,": lambda x: keras.ops.average_pool(x, 3, 2, padding="same"),
    "UpSampling2D, bicubic": lambda x: LAYERS.UpSampling2D(interpolation="bicubic")(x),
    "Resizing, bicubic": lambda x: LAYERS.Resizing(4, 4, interpolation="bicubic")(x),
    "Resize, bicubic": lambda x: keras.ops.image.resize(x, (4, 4), "bicubic"),
}


@pytest.mark.once
@pytest.mark.parametrize("kind", REFUSED)
def test_what_differs_is_refused_in_training_and_on_the_other_side(kind, tmp_path):
    image = keras.Input((8, 8, 1))
    inner = keras.Model(image, REFUSED[kind](image))
    model = keras.Model(image, inner(image))
    with pytest.raises(Mistake, match=kind) as mistake:
        alike.check_new("net.py", model)
    assert "answers otherwise on PyTorch than on JAX and TensorFlow; t" in str(
        mistake.value
    )
    alike.check_opened(tmp_path, HERE, model)
    with pytest.raises(
        Mistake, match=f"trained on {ELSEWHERE}, and .*--backend {ELSEWHERE}"
    ):
        alike.check_opened(tmp_path, ELSEWHERE, model)
