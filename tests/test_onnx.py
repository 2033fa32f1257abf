"""ONNX files, translated from Keras's graph, answered by ONNX Runtime."""

import compiling
import keras
import numpy as np
import onnxruntime
import plain_keras
import pytest
from keras import layers, ops

import zoo
from zoo.core import operators
from zoo.engine import steps
from zoo.errors import Mistake
from zoo.exporting import formats
from zoo.exporting.checks import TOLERANCE
from zoo.exporting.onnx.graph import Unsupported, spread
from zoo.exporting.onnx.writing import translated

CASES = {
    **plain_keras.CASES,
    **plain_keras.MIRROR,
    "lstm_sentiment lstm both ways": {
        "vocabulary_size": 50,
        "length": 3,
        "units": (8, 6),
        "bidirectional": True,
        "pooling": "max",
    },
}
BATCHES = (1, 7, 33)


def spoiled(model):
    """`model` with weights that are not 0 or 1, as a trained one has them."""
    random = np.random.default_rng(1)
    for variable in model.weights:
        if variable.name in ("moving_mean", "moving_variance", "bias", "beta", "gamma"):
            variable.assign(0.1 + np.abs(random.normal(size=variable.shape)))
    return model


def difference(model, inputs) -> float:
    """Between the file and the model, for batches of 1, 7 and 33 inputs."""
    expected = steps.predict(steps.compile_forward(model), inputs)
    file = translated(model, {"said": "so"})
    operators.check(file.SerializeToString(), "x.onnx")  # so `zoo predict` takes it
    session = onnxruntime.InferenceSession(file.SerializeToString())
    parts = np.split(inputs, np.cumsum(BATCHES)[:-1])
    found = [session.run(None, {"input": part})[0] for part in parts]
    return plain_keras.difference(np.concatenate(found), expected)


def test_every_model_of_zoo_is_tried():
    assert {case.split()[0] for case in CASES} == set(zoo.names())


@pytest.mark.parametrize(
    "case", [case for case in CASES if CASES[case].get("length", 9) is None]
)
def test_a_model_of_any_length_answers_alike(case):
    """Those of a length: tests/test_export_formats.py."""
    model = spoiled(zoo.build(case.split()[0], **CASES[case]))
    assert difference(model, plain_keras.inputs_of(model, sum(BATCHES))) < TOLERANCE


def own(*stack, shape=(6, 5), dtype="float32"):
    return spoiled(keras.Sequential([keras.Input(shape, dtype=dtype), *stack]))


class Doubled(layers.Layer):
    """A user's layer, made of `keras.ops` and another layer."""

    def build(self, shape):
        self.inside = layers.Dense(3)
        self.inside.build(shape)
        self.bias = self.add_weight((3,), name="bias", initializer="ones")

    def call(self, inputs, training=True):  # as no file is
        return ops.tanh((3 if training else 2) * self.inside(inputs) + self.bias)


def convolutions():
    return own(
        layers.ZeroPadding2D(((1, 2), (0, 4))),
        layers.Conv2D(4, (3, 2), strides=2, padding="same", activation="gelu"),
        layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
        layers.LeakyReLU(),
        layers.AveragePooling2D(3, 2, padding="same"),
        layers.Conv2D(4, 1, activation="silu"),
        layers.LayerNormalization(),
        layers.GlobalMaxPooling2D(),
        shape=(11, 9, 3),
    )


def channels():
    """Numbers for each channel, and for all, in front of few channels and of one."""
    return own(
        layers.Rescaling([0.5, 2.0, 1.0], offset=[0.1, 0.0, -0.3]),
        layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 4.0, 0.5]),
        layers.Conv2D(1, 2),
        layers.PReLU("ones", shared_axes=[1, 2]),
        layers.ReLU(max_value=0.8),
        layers.Rescaling(0.3, offset=0.1),
        layers.BatchNormalization(),
        layers.ReLU(max_value=0.5, negative_slope=0.1),
        layers.Flatten(),
        shape=(7, 30, 3),
    )


def merged():
    """Tensors of other ranks and types."""
    taken = keras.Input((6, 5))
    whole = ops.cast(2 * taken, "int32")
    added = layers.Add()([taken, whole, layers.Dense(5)(taken[:, 0])])
    return spoiled(keras.Model(taken, layers.Concatenate()([added, whole])))


@pytest.mark.parametrize(
    "model",
    [
        merged,
        lambda: own(layers.Bidirectional(layers.LSTM(4, return_sequences=True))),
        lambda: own(layers.Bidirectional(layers.GRU(4), merge_mode="sum")),
        lambda: own(layers.LSTM(4, go_backwards=True, return_sequences=True)),
        lambda: own(layers.GRU(4, reset_after=False, go_backwards=True)),
        lambda: own(layers.GRU(4, use_bias=False), layers.Dense(2, "softmax")),
        lambda: own(zoo.layers.MinGRU(4, 3.0), layers.GlobalAveragePooling1D()),
        lambda: own(layers.Conv1D(4, 3, dilation_rate=2), layers.MaxPooling1D()),
        lambda: own(Doubled(), layers.Flatten(), layers.BatchNormalization()),
        lambda: own(layers.Permute((2, 1)), layers.Reshape((3, 10))),
        lambda: own(layers.Normalization(mean=[3.0], variance=[4.0], invert=True)),
        convolutions,
        channels,
    ],
)
def test_layers_of_a_users_own_models(model):
    built = model()
    shape = (sum(BATCHES), *built.input_shape[1:])
    inputs = np.random.default_rng(0).normal(size=shape).astype("float32")
    assert difference(built, inputs) < 1e-5


@pytest.mark.once
@pytest.mark.parametrize(
    ("value", "shape", "expected"),
    [
        ((), (None, 28, 28, 1), (1, 1, 1, 1)),
        ((1,), (None, 28, 28, 1), (1, 1, 1, 1)),
        ((3,), (None, 16, 40, 3), (1, 1, 40, 3)),
        ((40, 1), (None, 16, 40, 3), (1, 1, 40, 3)),
        ((16, 1, 3), (None, 16, 40, 3), (1, 16, 40, 3)),
        ((3,), (None, None, 3), (1, 1, 3)),
        ((5, 1), (None, 5, None), (1, 5, 1)),
        ((100,), (None, 7, 100), (1, 1, 100)),
        ((4, 1), (4, 3), (4, 3)),
        ((2, 1, 3), (None, 3), (2, 1, 3)),  # more axes than the tensors have
    ],
)
def test_a_constant_is_repeated_in_long_spans(value, shape, expected):
    value = np.random.default_rng(0).normal(size=value)
    found = spread(value, shape)
    assert found.shape == expected
    tensor = np.ones([4 if length is None else length for length in shape])
    np.testing.assert_array_equal(tensor * found, tensor * value)


OPERATIONS = {
    "indexing": lambda x: ops.concatenate([x[:, ::2, 1], x[..., -1], x[:, -1, 1:]], 1),
    "new axes": lambda x: ops.squeeze(x[:, None, 2:, :], 1) + x[:, :1, None, 0],
    "choices": lambda x: ops.where(ops.logical_and(x > 0, ops.not_equal(x, 1)), x, -2),
    "sorting": lambda x: ops.take_along_axis(x, ops.argsort(x, axis=1), 1),
    "numbers": lambda x: ops.cast(ops.cumsum(ops.cast(x * 3, "int32"), 1), "float32"),
    "one hot": lambda x: ops.one_hot(ops.argmax(x, axis=-1), 5),
    "negative": lambda x: ops.one_hot(ops.cast(ops.round(x), "int32"), 9),
    "spread": lambda x: ops.mean(ops.square(x - ops.mean(x, 1, keepdims=True)), 1),
    "shapes": lambda x: ops.reshape(ops.transpose(x, (0, 2, 1)), (-1, 10, 3)),
    "padding": lambda x: ops.pad(x, [(0, 0), (1, 2), (0, 0)])[:, 0:7],
    "parts": lambda x: ops.concatenate(ops.split(x, [1, 3], axis=1)[::-1], axis=1),
    "lists": lambda x: ops.cast(ops.greater(x, [0.0, 1, 0.5, 0, -1]), "float32"),
    "missing": lambda x: ops.cast(ops.isnan(x / (x - x)), "float32"),
    "division": lambda x: ops.floor_divide(x, 0.7) + ops.abs(x) ** 1.5 - ops.flip(x, 2),
    "bounds": lambda x: ops.clip(ops.maximum(x, 0.1), 0.2, 0.9) + ops.ones_like(x),
    "bent": lambda x: ops.gelu(x) + ops.gelu(x, approximate=False) + ops.elu(x, 0.3),
    "slopes": lambda x: ops.leaky_relu(x, 0.3) + keras.activations.relu(x, 0.1, 0.8),
    "products": lambda x: ops.softmax(x @ ops.transpose(x, (0, 2, 1)), axis=-1),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_of_keras(name):
    taken = keras.Input((6, 5))
    model = keras.Model(taken, OPERATIONS[name](taken))
    shape = (sum(BATCHES), 6, 5)
    inputs = np.random.default_rng(0).normal(size=shape).astype("float32")
    assert difference(model, inputs) < 1e-5


def masked_steps(taken):
    """Both directions, the last and all, and what stands for a masked step."""
    masked = layers.Masking(-1.0)(taken)
    each = layers.LSTM(3, return_sequences=True)(masked)
    both = layers.Bidirectional(layers.GRU(3, return_sequences=True))(masked)
    last = layers.GRU(3, go_backwards=True)(layers.Dropout(0.1)(each))
    means = layers.GlobalAveragePooling1D()(both)
    flat = ops.reshape(ops.concatenate([each, both], -1), (-1, 54))
    return ops.concatenate([last, means, flat], -1)


@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_masked_steps_are_passed_over(name, tmp_path):
    taken = keras.Input((6, 5))
    model = keras.Model(taken, masked_steps(taken))
    random = np.random.default_rng(0)
    inputs = random.normal(size=(33, 6, 5)).astype("float32")
    inputs[random.random((33, 6)) < 0.4] = -1
    inputs[0, 3:] = inputs[1, :3] = -1
    inputs[:, 2] = 1.0  # the mean of no step is none
    file = tmp_path / f"x{formats.module(name).SUFFIX}"
    formats.module(name).write(model, file, {})
    found = formats.module(name).opened(file)(inputs)
    assert plain_keras.difference(found, compiling.answers(model, inputs)) < 1e-5


def masked():
    return own(
        layers.Embedding(9, 4, mask_zero=True),
        layers.Softmax(),
        shape=(6,),
    )


def tanh(x):
    return ops.relu(x)


def with_states():
    taken = keras.Input((6, 5))
    _, *states = layers.LSTM(3, return_state=True)(taken)
    return keras.Model(taken, layers.LSTM(3)(taken, initial_state=states))


def calculated(operation):
    taken = keras.Input((6, 5))
    return lambda: keras.Model(taken, operation(taken))


def test_pytorch_traces_what_has_no_translation(tmp_path):
    model, file = own(layers.SimpleRNN(3)), tmp_path / "x.onnx"
    write = formats.module("onnx").write
    with pytest.raises(Unsupported):
        write(model, file, {"said": "so"})
    if keras.backend.backend() != "torch":
        return
    inputs = np.random.default_rng(0).normal(size=(3, 6, 5)).astype("float32")
    model(inputs)
    write(model, file, {"said": "so"}, trace=True)
    session = onnxruntime.InferenceSession(file)
    assert [x.name for x in (*session.get_inputs(), *session.get_outputs())] == [
        "input",
        "output",
    ]
    found = formats.module("onnx").opened(file)(inputs)
    assert plain_keras.difference(found, compiling.answers(model, inputs)) < 1e-5
    assert session.get_modelmeta().custom_metadata_map == {"said": "so"}
    own_length = keras.Sequential([keras.Input((None, 5)), layers.SimpleRNN(3)])
    with pytest.raises(Mistake, match=r"takes any \(None, 5\); give keras.Input len"):
        write(own_length, file, {}, trace=True)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (masked, "the mask of layer softmax"),
        (lambda: own(layers.SimpleRNN(3)), r"simple_rnn.* \(keras.*\.SimpleRNN\)"),
        (lambda: own(layers.Conv1D(3, 2, padding="causal")), "padding='causal'"),
        (with_states, "states, in layer lstm"),
        (lambda: own(layers.Dense(3, tanh)), "the activation tanh"),
        (lambda: own(layers.GRU(3, tanh)), "the activation tanh in layer gru"),
        (lambda: own(layers.Softmax((1, 2))), "several axes in layer softmax"),
        (calculated(lambda x: ops.round(x, 1)), "rounding to 1 decimals"),
        (calculated(lambda x: ops.max(x, 1, initial=0.0)), "Max with initial=0.0"),
        (calculated(lambda x: ops.softmax(x, None)), "Softmax along axis=None"),
        (calculated(lambda x: ops.pad(x, 1, "symmetric")), "symmetric padding"),
    ],
)
def test_what_has_no_translation_is_named(model, said):
    with pytest.raises(Unsupported, match=said):
        translated(model(), {})
