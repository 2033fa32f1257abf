"""What users of each framework do with a model: it is a Keras model like any other."""

import copy
import functools
import json
import pickle

import keras
import numpy as np
import plain_keras
import pytest
from plain_keras import CASES, MIRROR, answers, inputs_of, make

import zoo
from zoo import layers
from zoo.building import model_files, registry

BACKEND = keras.backend.backend()
on_jax = pytest.mark.skipif(BACKEND != "jax", reason="JAX's own tools")
on_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow's tools")
on_torch = pytest.mark.skipif(BACKEND != "torch", reason="PyTorch's own tools")

each_model = pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[pytest.mark.slow] * case.startswith("efficientnet"))
        for case in CASES
    ],
)


model_of = functools.cache(make)


def same(found, expected):
    np.testing.assert_allclose(
        found, expected, rtol=1e-5, atol=1e-5 * max(1, np.abs(expected).max())
    )


@pytest.mark.parametrize("case", ["lstm_sentiment minimal", "mammogram_mlp one_hot"])
def test_two_equal_models_have_equal_configurations(case):
    one, other = (json.dumps(each.get_config()) for each in (make(case), make(case)))
    assert one == other  # as text, in which missing values are equal


def test_every_model_is_tried():
    assert {case.split()[0] for case in CASES} == {*zoo.names()}


# --- Files


@pytest.fixture(scope="module")
def without_zoo(tmp_path_factory):
    """Every model's file, opened and asked by Keras in a process without zoo."""
    folder = tmp_path_factory.mktemp("files")
    models = {case: model_of(case) for case in {**CASES, **MIRROR}}
    return folder, plain_keras.open_files(folder, models)


@pytest.mark.slow
@each_model
def test_a_file_opens_where_there_is_no_zoo(case, without_zoo):
    _, found = without_zoo
    assert found[case] <= 1e-5


def test_the_table_of_the_docs_is_what_was_found(without_zoo):
    page = plain_keras.PAGE.read_text("utf-8")
    start, end = plain_keras.MARKS
    body = page.split(start)[1].split(end)[0].strip().splitlines()
    assert body == plain_keras.table(*without_zoo)


def test_what_plain_keras_has_not_says_what_to_import(without_zoo):
    _, found = without_zoo
    assert plain_keras.HINT in found["deep_mlp mirror"]
    model = make("deep_mlp mirror")
    again = keras.models.clone_model(model)
    again.set_weights(model.get_weights())
    same(answers(again, inputs_of(model)), answers(model, inputs_of(model)))


@each_model
def test_a_file_opens_in_zoo_with_the_layers_of_zoo(case, tmp_path):
    model = model_of(case)
    model_files.save(model, tmp_path / "model.keras")
    again = model_files.load(tmp_path / "model.keras")
    kinds, expected = (
        [type(layer) for layer in each._flatten_layers() if type(layer) in ZOOS]
        for each in (again, model)
    )
    assert kinds == expected
    same(answers(again, inputs_of(model)), answers(model, inputs_of(model)))


ZOOS = {*model_files.FASTER.values()}


OLD = {  # layers as files of zoo 0.1 hold them: a name, options, shapes of the inputs
    "Conv2D": ({"filters": 2, "kernel_size": 3}, [(6, 5, 3)]),
    "Dropout": ({"rate": 0.5, "noise_shape": None, "seed": 3}, [(4,)]),
    "FrozenBatchNormalization": ({}, [(4,)]),
    "LSTM": ({"units": 3}, [(5, 2)]),
    "MinGRU": ({"units": 3, "memory": 5}, [(5, 2)]),
    "TokensFirst": ({}, [(5,)]),
    "ReverseTokens": ({}, [(5, 2), (5,)]),
    "PoolTokens": ({"pooling": "mean"}, [(5, 2), (5,)]),
    "Findings": (
        {
            "features": ["age", "bi_rads"],
            "encoding": "plain",
            "means": [50.0, 4.0],
            "deviations": [10.0, 1.0],
        },
        [(2,)],
    ),
}


@pytest.mark.parametrize("name", OLD)
def test_layers_in_files_of_zoo_0_1_open(name):
    for model in ("lstm_sentiment", "mammogram_mlp", "efficientnet_transfer"):
        registry.module(model)
    options, shapes = OLD[name]
    layer = keras.saving.deserialize_keras_object(
        {
            "module": "zoo.layers",
            "class_name": name,
            "config": {"name": "old", **options},
            "registered_name": f"zoo>{name}",
        }
    )
    inputs = [
        np.ones((2, *shape), "int32" if shape == (5,) else "float32")
        for shape in shapes
    ]
    found = layer(inputs if len(inputs) > 1 else inputs[0])
    assert np.isfinite(keras.ops.convert_to_numpy(found)).all()


# --- Keras's own tools


@each_model
def test_it_is_cloned_copied_and_pickled(case):
    model = model_of(case)
    inputs = inputs_of(model)
    cloned = keras.models.clone_model(model)
    cloned.set_weights(model.get_weights())
    assert type(cloned) is keras.Model or type(cloned) is type(model)
    for other in (cloned, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        same(answers(other, inputs), answers(model, inputs))


@pytest.mark.parametrize("name", sorted(model_files.FASTER))
def test_a_layer_is_pickled_as_the_keras_layer(name):
    layer = LAYERS[name][0]()
    assert pickle.loads(pickle.dumps(layer)).get_config() == layer.get_config()
    assert type(layer).from_config(layer.get_config()).name == layer.name


@pytest.mark.parametrize("case", ["deep_mlp", "lenet", "lstm_sentiment"])
def test_it_trains_in_a_plain_fit(case):
    model = make(case)
    inputs = inputs_of(model, 8)
    if model.output_shape[-1] == 1:
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    targets = np.arange(8) % max(2, model.output_shape[-1])
    history = model.fit(inputs, targets, batch_size=4, epochs=8, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.filterwarnings("ignore:Layer .*quantize")  # as of Keras's Conv2D
def test_it_is_quantized():
    model = make("lenet")
    inputs = inputs_of(model)
    expected = answers(model, inputs)
    model.quantize("int8")
    found = answers(model, inputs)
    assert "int8" in {w.dtype for w in model.get_layer("f6").weights}
    assert np.abs(found - expected).max() < 0.1 * np.abs(expected).max()


# --- Mixed precision


@each_model
def test_logits_are_float32_in_mixed_precision(case):
    before = keras.config.dtype_policy()
    half = "float16" if case == "deep_mlp" else "bfloat16"
    keras.config.set_dtype_policy(f"mixed_{half}")
    try:
        model = make(case)
    finally:
        keras.config.set_dtype_policy(before)
    assert model.output.dtype == "float32"
    found = model(inputs_of(model, 2))
    assert keras.backend.standardize_dtype(found.dtype) == "float32"


# --- Dropout without zoo.build


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


# --- Layers


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
    layer(inputs)
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


# --- JAX


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

    _, slope = jax.jvp(total, (1.0,), (1.0,))
    np.testing.assert_allclose(slope, jax.grad(total)(1.0), rtol=1e-4, atol=1e-4)
    step = 0.01
    rise = (jax.grad(total)(1 + step) - jax.grad(total)(1 - step)) / (2 * step)
    np.testing.assert_allclose(jax.hessian(total)(1.0), rise, rtol=0.05, atol=0.05)


@on_jax
@pytest.mark.slow
def test_jax_differentiates_a_model_forward_and_twice():
    """All of LeNet, as users of JAX differentiate: compiled."""
    import jax

    model = zoo.build("lenet", input_shape=(12, 12, 1), classes=2, variant="relu")
    variables = model.trainable_variables, model.non_trainable_variables
    values = [[v.value for v in group] for group in variables]
    images = np.random.default_rng(0).uniform(0, 255, (2, 12, 12, 1)).astype("float32")

    @jax.jit
    def slopes(scale):
        def total(scale):
            outputs, _ = model.stateless_call(*values, images * scale)
            return (jax.numpy.tanh(outputs) ** 2).sum()

        forward = jax.jvp(total, (scale,), (1.0,))[1]
        return forward, jax.grad(total)(scale), jax.hessian(total)(scale)

    forward, backward, second = slopes(1.0)
    np.testing.assert_allclose(forward, backward, rtol=1e-4)
    step = 0.01
    rise = (slopes(1 + step)[1] - slopes(1 - step)[1]) / (2 * step)
    np.testing.assert_allclose(second, rise, rtol=0.1, atol=1e-2)


# --- TensorFlow


@on_tensorflow
@each_layer
def test_tensorflow_maps_a_layer_over_a_data_set(name):
    import tensorflow as tf

    layer, inputs = layer_and_inputs(name)
    batches = tf.data.Dataset.from_tensor_slices(inputs).batch(2)
    found = np.concatenate([each.numpy() for each in batches.map(layer)])
    same(found, keras.ops.convert_to_numpy(layer(inputs)))


# --- PyTorch


@on_torch
@each_model
def test_pytorch_finds_the_parameters(case):
    model = make(case)
    plain = registry.module(case.split()[0]).build(**CASES[case])
    shapes, expected = (
        sorted((*value.shape,) for value in each.state_dict().values())
        for each in (model, plain)
    )
    assert shapes == expected != []
    held = {id(parameter) for parameter in model.parameters()}
    assert {id(variable.value) for variable in model.weights} <= held


@on_torch
@pytest.mark.parametrize("case", ["lenet", "lenet relu", "tiny_vgg"])
def test_pytorch_saves_loads_and_converts(case, tmp_path):
    import torch

    model = make(case)
    other = zoo.build(case.split()[0], seed=1, **CASES[case])
    inputs = inputs_of(model)
    assert np.abs(answers(model, inputs) - answers(other, inputs)).max() > 1e-4
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    same(answers(other, inputs), answers(model, inputs))
    seen = []
    model.layers[-1].register_forward_hook(lambda *_: seen.append(1))
    model(inputs)
    assert seen
    model.to(torch.float64)
    assert model.layers[-1].kernel.value.dtype == torch.float64


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
