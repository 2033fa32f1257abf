"""What users of each framework do with a model: it is a Keras model like any other."""

import copy
import functools
import json
import pickle

import every_model
import keras
import numpy as np
import plain_keras
import pytest
from compiling import answers
from plain_keras import CASES, MIRROR, inputs_of, make, same

import zoo
from zoo.building import model_files, registry

BACKEND = keras.backend.backend()
on_jax = pytest.mark.skipif(BACKEND != "jax", reason="JAX's own tools")
on_torch = pytest.mark.skipif(BACKEND != "torch", reason="PyTorch's own tools")

each_model = pytest.mark.parametrize(
    "case", [every_model.param(case) for case in CASES]
)


model_of = functools.cache(make)


@functools.cache
def expected_of(case):
    """What `model_of(case)` answers to `inputs_of` it; nobody changes that model."""
    return answers(model_of(case), inputs_of(model_of(case)))


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
    same(answers(again, inputs_of(model)), expected_of(case))


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
        same(answers(other, inputs), expected_of(case))


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
    keras.utils.set_random_seed(0)  # of the order and the dropout
    history = model.fit(inputs, targets, batch_size=4, epochs=16, verbose=0).history
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
    if BACKEND == "jax":  # the same calls, of which none is compiled
        import jax

        found = jax.eval_shape(model, inputs_of(model, 2))
    else:
        found = model(inputs_of(model, 2))
    assert keras.backend.standardize_dtype(found.dtype) == "float32"


# --- JAX


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


# --- PyTorch


@on_torch
@each_model
def test_pytorch_finds_the_parameters(case):
    model = make(case)
    with every_model.few_blocks():
        plain = registry.module(case.split()[0]).build(**CASES[case])
    shapes, expected = (
        sorted((*value.shape,) for value in each.state_dict().values())
        for each in (model, plain)
    )
    assert shapes == expected != []
    held = {id(parameter) for parameter in model.parameters()}
    assert {id(variable.value) for variable in model.weights} <= held


@on_torch
@pytest.mark.parametrize(
    "case",
    ["lenet", "tiny_vgg", "lstm_sentiment", "lstm_forecast ahead", "lstm_speech"],
)
def test_pytorch_counts_in_float64_and_takes_the_parameters_as_a_vector(case):
    import torch

    model = make(case)
    inputs = inputs_of(model)
    before = answers(model, inputs)
    floats = [each for each in model.parameters() if each.is_floating_point()]
    other = zoo.build(case.split()[0], seed=1, **CASES[case])
    other.load_state_dict(model.state_dict())
    same(answers(other, inputs), before)
    vector = torch.nn.utils.parameters_to_vector(floats)
    assert len(vector) == sum(each.numel() for each in floats)
    model.double()
    same(answers(model, inputs), before)


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
