"""Convolution and pooling give what Keras's give, and the same gradients."""

import contextlib

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo import layers
from zoo.engine import kernels

SIDES = st.tuples(st.integers(5, 9), st.integers(5, 9))
SIZES = st.tuples(st.integers(1, 4), st.integers(1, 5))
SETTINGS = {
    "kernel_size": SIZES,
    "strides": st.sampled_from([1, 2, 3]),
    "padding": st.sampled_from(["same", "valid"]),
    "use_bias": st.booleans(),
}
CONVOLUTIONS = {
    "Conv2D": {**SETTINGS, "filters": st.integers(1, 4)},
    "DepthwiseConv2D": {**SETTINGS, "depth_multiplier": st.sampled_from([1, 1, 2])},
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
@settings(max_examples=10)
@given(data=st.data())
def test_convolutions(name, data):
    arguments = data.draw(st.fixed_dictionaries(CONVOLUTIONS[name]))
    shape = (4, *data.draw(SIDES), data.draw(st.integers(1, 3)))
    same_as_keras(name, arguments, shape)


@pytest.mark.parametrize("use_bias", [True, False])
def test_a_kernel_that_covers_the_images(use_bias):
    arguments = {"kernel_size": (4, 5), "filters": 3, "use_bias": use_bias}
    same_as_keras("Conv2D", arguments, (6, 4, 5, 2))


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="blocks are JAX's")
@pytest.mark.parametrize("filters", [2, 40])
def test_blocks_of_one_example(filters, monkeypatch):
    from zoo.engine.jax import kernels as own

    monkeypatch.setattr(own, "_BYTES", 1)
    same_as_keras("Conv2D", {"kernel_size": 3, "filters": filters}, (4, 6, 7, 20))


@pytest.mark.parametrize("name", ["MaxPooling2D", "AveragePooling2D"])
@settings(max_examples=4)
@given(size=st.tuples(st.integers(1, 3), st.integers(1, 3)), sides=SIDES)
def test_pooling(name, size, sides):
    same_as_keras(name, {"pool_size": size}, (4, *sides, 3))


def same_as_keras(name, arguments, shape):
    random = np.random.default_rng(0)
    images = random.normal(size=shape).astype("float32")
    known = getattr(keras.layers, name)(**arguments)
    known.build(shape)
    ours = getattr(layers, name)(**arguments)
    ours.build(shape)
    weights = [random.normal(size=w.shape).astype("float32") for w in known.weights]
    known.set_weights(weights)
    ours.set_weights(weights)
    expected = results(known, images)
    found = [results(ours, images)]
    if name == "DepthwiseConv2D" and keras.backend.backend() == "jax":
        found.append(results(ours, images, contextlib.nullcontext))
    for each in found:
        for here, there in zip(each, expected, strict=True):
            assert here.shape == there.shape
            rounding = 2e-6 * np.abs(there).max()
            np.testing.assert_allclose(here, there, rtol=1e-5, atol=rounding)


def results(layer, images, inside=kernels.in_use):
    """The outputs, and half their square's gradients by images and weights."""
    weights = list(layer.trainable_variables)
    match keras.backend.backend():
        case "jax":
            import jax

            def outputs(*arguments):
                with inside():
                    return layer.stateless_call(arguments[1:], [], arguments[0])[0]

            @jax.jit
            def both(*arguments):
                found, back = jax.vjp(outputs, *arguments)
                return found, back(found)

            found, gradients = both(images, *(weight.value for weight in weights))
        case "tensorflow":
            import tensorflow as tf

            images = tf.constant(images)
            with tf.GradientTape() as tape:
                tape.watch(images)
                found = layer(images)
            sources = [images, *(weight.value for weight in weights)]
            gradients = tape.gradient(found, sources, output_gradients=found)
        case "torch":
            import torch

            images = torch.tensor(images, requires_grad=True)
            found = layer(images)
            sources = [images, *(weight.value for weight in weights)]
            gradients = torch.autograd.grad(found, sources, found.detach())
    return [keras.ops.convert_to_numpy(array) for array in (found, *gradients)]
