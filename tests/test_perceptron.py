"""Rosenblatt's rule, against the rule written out."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris

import zoo
from zoo.errors import Mistake
from zoo.models.perceptron import rosenblatt_loss


def updated(y_true, y_pred):
    """Keras's metric: whether the row was answered wrongly and so changes weights."""
    answer = keras.ops.cast(y_pred >= 0, y_true.dtype)
    return keras.ops.cast(keras.ops.not_equal(y_true, answer), "float32")


def rule(rows, targets, learning_rate, epochs):
    """Rosenblatt's rule in NumPy: weights, bias and updates per epoch."""
    weights, bias, updates = np.zeros(rows.shape[1]), 0.0, []
    for _ in range(epochs):
        updates.append(0)
        for row, target in zip(rows, 2 * targets - 1, strict=True):
            answer = 1 if row @ weights + bias >= 0 else -1
            weights += learning_rate * (target - answer) * row
            bias += learning_rate * (target - answer)
            updates[-1] += answer != target
    return weights, bias, updates


@pytest.mark.parametrize("learning_rate", [1.0, 0.01])
def test_updates_on_iris(learning_rate):
    iris = load_iris()
    rows = iris.data[:100, [0, 2]].astype("float32")
    targets = iris.target[:100].astype("int32")  # JAX 0.12 warns of int64
    model = zoo.build("perceptron")
    optimizer = keras.optimizers.SGD(learning_rate)
    model.compile(optimizer, rosenblatt_loss, metrics=[updated])
    fitted = model.fit(
        rows, targets, batch_size=1, epochs=6, shuffle=False, verbose=0
    ).history["updated"]
    assert [round(100 * share) for share in fitted] == [2, 2, 3, 2, 1, 0]

    weights, bias, updates = rule(rows, targets, learning_rate, epochs=6)
    assert updates == [2, 2, 3, 2, 1, 0]
    kernel, intercept = model.get_weights()
    np.testing.assert_allclose(kernel[:, 0], weights, rtol=1e-4)
    np.testing.assert_allclose(intercept, [bias], rtol=1e-4)
    np.testing.assert_allclose(weights / learning_rate, [-6.8, 18.2], rtol=1e-3)


# Processors may take numbers below 1e-38 for zero.
SCORES = st.floats(-100, 100, width=32, allow_subnormal=False)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), SCORES),
        min_size=1,
        max_size=8,
    )
)
def test_loss_is_twice_the_score_of_a_wrong_answer(cases):
    targets = np.array([target for target, _ in cases], "int32")
    scores = np.array([[score] for _, score in cases], "float32")
    wrong = (scores[:, 0] >= 0) != (targets == 1)
    losses = keras.ops.convert_to_numpy(
        rosenblatt_loss(targets, keras.ops.convert_to_tensor(scores))
    )
    np.testing.assert_allclose(losses, 2 * wrong * np.abs(scores[:, 0]), rtol=1e-6)


def test_takes_rows_only():
    with pytest.raises(Mistake, match=r"takes rows.*given \(28, 28, 1\).*deep_mlp"):
        zoo.build("perceptron", input_shape=(28, 28, 1))
