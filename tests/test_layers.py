"""What users of each framework do with a layer: it is a Keras layer like any other."""

import pickle

import keras
import numpy as np
import pytest
from plain_keras import same

import zoo
from zoo import layers
from zoo.building import model_files

BACKEND = keras.backend.backend()
on_jax = pytest.mark.skipif(BACKEND != "jax", reason="JAX's own tools")
on_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow's tools")
on_torch = pytest.mark.skipif(BACKEND != "torch", reason="PyTorch's own tools")


@pytest.mark.parametrize("name", sorted(model_files.FASTER))
def test_a_layer_is_pickled_as_the_keras_layer(name):
    layer = LAYERS[name][0]()
    assert pickle.loads(pickle.dumps(layer)).get_config() == layer.get_config()
    assert type(layer).from_config(layer.get_config()).name == layer.name


def masks(*streams):
    ones = keras.ops.ones((1, 64))
    return [keras.ops.convert_to_numpy(each(ones, training=True)) for each in streams]


def test_two_dropouts_have_two_streams():
    one, other = masks(layers.Dropout(0.5), layers.Dropout(0.5))
    assert (one != other).any()


def test_streams_follow_the_seed_of_keras():
    found = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        found.append(masks(layers.Dropout(0.5), layers.Dropout(0.5)))
    np.testing.assert_array_equal(*found)


def test_a_stream_that_is_named_stays():
    assert layers.Dropout(0.5, seed=7).get_config()["seed"] == 7
    np.testing.assert_array_equal(
        *masks(layers.Dropout(0.5, seed=7), layers.Dropout(0.5, seed=7))
    )


IMAGES, ROWS, SEQUENCES = (3, 7, 6, 4), (6, 4), (3, 5, 4)
LAYERS = {
    "Conv2D": (lambda: layers.Conv2D(3, 3), IMAGES),
    "Conv2D with uneven strides": (
        lambda: layers.Conv2D(3, (2, 3), strides=(2, 1), padding="same"),
        IMAGES,
    ),
    "Conv2D dilated": (lambda: layers.Conv2D(3, 2, dilation_rate=2), IMAGES),
    "Conv2D in groups": (lambda: layers.Conv2D(4, 3, groups=2), IMAGES),
    "Conv2D over all": (lambda: layers.Conv2D(3, (7, 6)), IMAGES),
    "Conv2D of points": (lambda: layers.Conv2D(3, 1, use_bias=False), IMAGES),
    "DepthwiseConv2D": (lambda: layers.DepthwiseConv2D(3, padding="same"), IMAGES),
    "MaxPooling2D": (lambda: layers.MaxPooling2D(2), IMAGES),
    "MaxPooling2D overlapping": (
        lambda: layers.MaxPooling2D(3, strides=(2, 1), padding="same"),
        IMAGES,
    ),
    "AveragePooling2D": (lambda: layers.AveragePooling2D((2, 3)), IMAGES),
    "BatchNormalization": (lambda: layers.BatchNormalization(), ROWS),
    "LSTM": (lambda: layers.LSTM(3, return_sequences=True), SEQUENCES),
    "GRU": (lambda: layers.GRU(3), SEQUENCES),
    "MinGRU": (lambda: layers.MinGRU(3, memory=5), SEQUENCES),
    "Dropout": (lambda: layers.Dropout(0.5), ROWS),
    "MelSpectrogram": (
        lambda: layers.MelSpectrogram(
            fft_length=24, sequence_stride=8, num_mel_bins=5, power_to_db=False
        ),
        (3, 64),
    ),
}


each_layer = pytest.mark.parametrize("name", LAYERS)


SECONDS = ("LSTM", "GRU", "MinGRU")  # to differentiate twice on JAX


def layer_and_inputs(name):
    make_layer, shape = LAYERS[name]
    layer = make_layer()
    inputs = np.random.default_rng(0).normal(size=shape).astype("float32")
    layer.build(shape)
    return layer, inputs


def of_keras(layer, shape):
    """The Keras layer with the configuration and weights of `layer`."""
    kind = getattr(keras.layers, type(layer).__name__, None)
    if kind is None:
        return layer
    twin = kind.from_config(layer.get_config())
    twin.build(shape)
    twin.set_weights(layer.get_weights())
    return twin


@each_layer
def test_a_layer_takes_whole_numbers_as_keras_does(name):
    layer, inputs = layer_and_inputs(name)
    whole = np.round(3 * inputs).astype("int32")
    twin = of_keras(layer, whole.shape)
    try:
        expected = keras.ops.convert_to_numpy(twin(whole))
    except Exception as error:  # what Keras refuses is refused alike
        with pytest.raises(type(error)):
            layer(whole)
        return
    same(keras.ops.convert_to_numpy(layer(whole)), expected)


@each_layer
def test_a_layer_takes_any_batch_and_is_stateless(name):
    layer, inputs = layer_and_inputs(name)
    spec = layer(keras.Input(inputs.shape[1:]))
    assert spec.shape == (None, *layer(inputs).shape[1:])
    own = layer.trainable_variables, layer.non_trainable_variables
    values = ([v.value for v in variables] for variables in own)
    outputs, _ = layer.stateless_call(*values, keras.ops.convert_to_tensor(inputs))
    same(keras.ops.convert_to_numpy(outputs), keras.ops.convert_to_numpy(layer(inputs)))


@pytest.mark.skipif(BACKEND == "tensorflow", reason="Keras's form; CPUs lack it")
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.Conv2D(2, 3, data_format="channels_first"), (2, 3, 6, 5)),
        (layers.DepthwiseConv2D(3, data_format="channels_first"), (2, 3, 6, 5)),
        (layers.MaxPooling2D(2, data_format="channels_first"), (2, 3, 6, 5)),
        (layers.AveragePooling2D(2, data_format="channels_first"), (2, 3, 6, 5)),
        (layers.BatchNormalization(axis=1), (2, 3, 6, 5)),
    ],
)
def test_channels_may_come_first(layer, shape):
    inputs = np.random.default_rng(0).normal(size=shape).astype("float32")
    found = keras.ops.convert_to_numpy(layer(inputs))
    kind = getattr(keras.layers, type(layer).__name__)
    twin = kind.from_config(layer.get_config())
    twin.build(shape)
    twin.set_weights(layer.get_weights())
    same(found, keras.ops.convert_to_numpy(twin(inputs)))


@on_jax
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in SECONDS))
        for name in LAYERS
    ],
)
def test_jax_differentiates_forward_and_twice(name):
    import jax

    layer, inputs = layer_and_inputs(name)
    inputs = jax.numpy.asarray(inputs)

    def total(scale):
        return (layer(inputs * scale) ** 2).sum()

    @jax.jit  # one program, not one of each operation
    def slopes(scale):
        _, forward = jax.jvp(total, (scale,), (1.0,))
        return forward, jax.grad(total)(scale), jax.hessian(total)(scale)

    forward, backward, twice = slopes(1.0)
    np.testing.assert_allclose(forward, backward, rtol=1e-4, atol=1e-4)
    step = 0.01
    rise = (slopes(1 + step)[1] - slopes(1 - step)[1]) / (2 * step)
    np.testing.assert_allclose(twice, rise, rtol=0.05, atol=0.05)


@on_tensorflow
@each_layer
def test_tensorflow_maps_a_layer_over_a_data_set(name):
    import tensorflow as tf

    layer, inputs = layer_and_inputs(name)
    batches = tf.data.Dataset.from_tensor_slices(inputs).batch(2)
    found = np.concatenate([each.numpy() for each in batches.map(layer)])
    same(found, keras.ops.convert_to_numpy(layer(inputs)))


@on_torch
@pytest.mark.filterwarnings("ignore:The .grad attribute")  # PyTorch's own, tracing
@each_layer
def test_pytorch_compiles_a_layer(name):
    """`aot_eager` traces as `torch.compile` does, and calls no C++ compiler."""
    import torch

    layer, inputs = layer_and_inputs(name)
    inputs = torch.tensor(inputs)
    training = {"training": True} if name in ("Dropout", "BatchNormalization") else {}
    if name == "Dropout":
        layer.reseed(5)
    expected = layer(inputs, **training).detach()
    if name == "Dropout":
        layer.reseed(5)
    found = torch.compile(layer, backend="aot_eager")(inputs, **training)
    same(found.detach().numpy(), expected.numpy())


@on_torch
@pytest.mark.filterwarnings("ignore:The .grad attribute")  # PyTorch's own, tracing
@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method.*:DeprecationWarning")
def test_pytorch_compiles_dropout_whose_gradient_has_the_mask_of_its_answer():
    """This backend computes masks again for the gradient, as `torch.compile` does."""
    import torch

    layer = zoo.layers.Dropout(0.3, seed=5)

    def through(x):
        return torch.nn.functional.silu(layer(1.5 * x, training=True))

    compiled = torch.compile(through, backend="aot_eager_decomp_partition")
    for step in range(3):
        found = []
        for call in (through, compiled):
            layer.reseed(5)
            layer.seed_generator.state.value[1] = step
            x = torch.ones(4, 8, requires_grad=True)
            answer = call(x)
            answer.sum().backward()
            same(x.grad.numpy() != 0, answer.detach().numpy() != 0)
            found.append((answer.detach().numpy(), x.grad.numpy()))
        same(found[1][0], found[0][0])
        same(found[1][1], found[0][1])


@on_torch
@each_layer
def test_pytorch_differentiates_twice(name):
    import torch

    layer, inputs = layer_and_inputs(name)
    inputs = torch.tensor(inputs[:2], requires_grad=True)
    (slope,) = torch.autograd.grad(
        (layer(inputs) ** 2).sum(), inputs, create_graph=True
    )
    (second,) = torch.autograd.grad(slope.sum(), inputs)
    assert torch.isfinite(second).all()
    assert second.abs().sum() > 0
