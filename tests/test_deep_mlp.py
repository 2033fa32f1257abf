"""The options of the multilayer perceptron do what they say."""

import keras
import keras_tuner
import numpy as np
import pytest

import zoo
from zoo.errors import Mistake
from zoo.models.deep_mlp import ACTIVATIONS, space


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def test_nothing_is_on_by_default():
    assert kinds(zoo.build("deep_mlp")) == [
        "InputLayer",
        "Rescaling",
        "Flatten",
        "Dense",
        "Activation",
        "Dense",
    ]
    assert zoo.build("deep_mlp").get_layer("hidden_1").kernel_regularizer is None
    assert zoo.build("deep_mlp").get_layer("hidden_1").kernel_constraint is None


@pytest.mark.parametrize(
    ("place", "order"),
    [
        ("before", ["Dense", "BatchNormalization", "Activation", "Dropout", "Dense"]),
        ("after", ["Dense", "Activation", "BatchNormalization", "Dropout", "Dense"]),
    ],
)
def test_order_inside_a_hidden_layer(place, order):
    model = zoo.build(
        "deep_mlp", input_shape=(4,), batch_normalization=place, dropout=0.5
    )
    assert kinds(model)[1:] == order


def test_penalties_are_on_all_kernels_and_nothing_else():
    model = zoo.build("deep_mlp", input_shape=(4,), hidden=(3, 3), l1=0.1, l2=0.01)
    kernels = [w for w in model.get_weights() if w.ndim == 2]
    penalty = sum(0.1 * np.abs(k).sum() + 0.01 * np.square(k).sum() for k in kernels)
    losses = [float(keras.ops.convert_to_numpy(loss)) for loss in model.losses]
    assert len(losses) == 3
    np.testing.assert_allclose(sum(losses), penalty, rtol=1e-5)


def test_max_norm_bounds_the_weights_into_each_hidden_unit():
    model = zoo.build("deep_mlp", input_shape=(4,), hidden=(3,), max_norm=0.5)
    model.compile(keras.optimizers.SGD(10.0), "mse")
    model.train_on_batch(np.ones((2, 4), "float32"), np.ones((2, 10), "float32"))
    hidden, logits = (w for w in model.get_weights() if w.ndim == 2)
    assert np.linalg.norm(hidden, axis=0).max() <= 0.5 + 1e-6
    assert np.linalg.norm(logits, axis=0).max() > 0.5


def test_no_hidden_layer_is_a_linear_classifier():
    assert zoo.build("deep_mlp", hidden=()).count_params() == 7850


def test_a_mirrored_network_answers_with_the_mean_and_trains_on_the_picture():
    plain = zoo.build("deep_mlp", input_shape=(6, 5, 2), hidden=(7,))
    both = zoo.build("deep_mlp", input_shape=(6, 5, 2), hidden=(7,), mirror=True)
    both.set_weights(plain.get_weights())
    pictures = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 2), np.uint8)
    mirrored = np.ascontiguousarray(pictures[:, :, ::-1])

    def answer(model, pictures, training=False):
        return keras.ops.convert_to_numpy(model(pictures, training=training))

    alone, other = answer(plain, pictures), answer(plain, mirrored)
    assert not np.allclose(alone, other, atol=1e-3)
    np.testing.assert_allclose(
        answer(both, pictures), (alone + other) / 2, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        answer(both, pictures, training=True), alone, rtol=1e-5, atol=1e-6
    )


def test_a_row_has_no_mirror_image():
    with pytest.raises(
        Mistake, match=r"mirror is for images; given input_shape=\(4,\)"
    ):
        zoo.build("deep_mlp", input_shape=(4,), mirror=True)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_builds(activation):
    model = zoo.build("deep_mlp", activation=activation)
    assert model.get_layer("activation_1").activation.__name__ == activation


def test_widths_are_searched_where_there_is_a_layer():
    point = keras_tuner.HyperParameters()
    space(point)
    assert "hidden_2" not in point
    point.values |= {"hidden_layers": 3, "hidden_2": 64, "hidden_3": 10}
    assert space(point)["hidden"] == (64, 64, 10)
    widths = [p for p in point.space if p.name.startswith("hidden_")][1:]
    assert {(p.min_value, p.max_value) for p in widths} == {(10, 512)}
    assert len({p.name for p in widths}) == 6


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"input_shape": (28, 28)}, r"takes images.*or rows.*given \(28, 28\)"),
        ({"hidden": 64}, r"hidden takes widths such as \(64, 64\); given 64"),
        ({"hidden": (64, 0)}, r"hidden takes widths .*given \(64, 0\)"),
        ({"activation": "rleu"}, r"unknown activation 'rleu'; did you mean 'relu'\?"),
        ({"batch_normalization": "befor"}, r"did you mean 'before'\?"),
        ({"batch_normalization": True}, "accepted: after, before"),
    ],
)
def test_mistakes(arguments, text):
    with pytest.raises(Mistake, match=text):
        zoo.build("deep_mlp", **arguments)
