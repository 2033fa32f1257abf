"""The one gradient: by each framework's own means, and what differences say."""

import keras
import numpy as np
import pytest

import zoo
from zoo.engine import gradient, gradients, private, steps

BACKEND = keras.backend.backend()


def own(model, inputs, of):
    """The gradient as a user of the framework would take it."""
    first, *others = inputs
    if BACKEND == "jax":
        import jax

        def total(x):
            return (model([x, *others] if others else x, training=False) * of).sum()

        others = [jax.numpy.asarray(each) for each in others]
        return np.asarray(jax.jit(jax.grad(total))(jax.numpy.asarray(first)))
    if BACKEND == "tensorflow":
        import tensorflow as tf

        x, others = tf.constant(first), [tf.constant(each) for each in others]
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(model([x, *others] if others else x) * of)
        return tape.gradient(total, x).numpy()
    import torch

    x = torch.tensor(first, requires_grad=True)
    others = [torch.from_numpy(each) for each in others]
    total = (model([x, *others] if others else x) * torch.from_numpy(of)).sum()
    total.backward()
    return x.grad.numpy()


def pictures():
    model = zoo.build("lenet", input_shape=(8, 10, 2), classes=3)
    draw = np.random.default_rng(0)
    return model, [draw.uniform(0, 255, (4, 8, 10, 2)).astype("float32")], 3


def texts():
    whole = zoo.build(
        "lstm_sentiment",
        vocabulary_size=30,
        length=5,
        embedding=4,
        units=(4,),
        cell="gru",
        pooling="mean",
    )
    node = next(n for n in private.nodes(whole) if n.operation.name == "embedding")
    first, rest = private.halves(whole, node.outputs[0], beside=True)
    assert len(whole.get_layer("pooling").output.shape) == 2  # the model is as before
    ids = np.random.default_rng(1).integers(0, 30, (4, 5)).astype("int32")
    ids[:, 3:] = 0
    vectors = steps.compile_forward(first)(ids)
    outputs, _ = gradients.compile_gradient(rest)([vectors, ids], np.ones((4, 1)))
    np.testing.assert_allclose(outputs, steps.compile_forward(whole)(ids), atol=1e-6)
    return rest, [vectors, ids], 1


@pytest.mark.parametrize("case", [pictures, texts])
def test_the_gradient_is_the_frameworks_own_and_what_differences_say(case):
    model, inputs, count = case()
    of = np.random.default_rng(2).normal(size=(4, count)).astype("float32")
    found = gradient(model, inputs if len(inputs) > 1 else inputs[0], of)
    assert (found.shape, found.dtype) == (inputs[0].shape, np.float32)
    scale = np.abs(found).max()
    assert scale > 1e-6
    np.testing.assert_allclose(found, own(model, inputs, of), atol=1e-5 * scale)
    way = np.random.default_rng(3).choice([-1, 1], inputs[0].shape)
    way = way.astype("float32")
    step = 4.0 if inputs[0].max() > 10 else 0.02
    run = gradients.compile_gradient(model)
    high, low = (
        (run([inputs[0] + move, *inputs[1:]], of)[0] * of).sum(axis=1)
        for move in (np.float32(step) * way, np.float32(-step) * way)
    )
    slope, size = (found * way).reshape(4, -1).sum(axis=1), np.abs(found).sum()
    np.testing.assert_allclose((high - low) / (2 * step), slope, atol=1e-3 * size)


def test_every_backend_gives_the_gradient_that_numpy_gives():
    model = zoo.build("deep_mlp", input_shape=(3,), hidden=(4,), activation="tanh")
    first, bias, last, _ = map(keras.ops.convert_to_numpy, model.weights)
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    of = np.eye(10)[[0, 3, 9, 3, 1]]
    inner = 1 - np.tanh(x.astype("float64") @ first + bias) ** 2
    truth = (inner * (of @ last.T)) @ first.T
    np.testing.assert_allclose(gradient(model, x, of), truth, atol=1e-6)


def test_what_the_answer_does_not_depend_on_has_a_gradient_of_zero():
    row = keras.Input((3,))
    model = keras.Model(row, keras.layers.Dense(2)(0 * row[:, :1]))
    found = gradient(model, np.ones((2, 3), "float32"), np.ones((2, 2)))
    np.testing.assert_array_equal(found, 0)
