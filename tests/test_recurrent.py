"""Recurrent layers inside zoo's steps give the numbers and gradients of Keras's."""

import keras
import numpy as np
import pytest

from zoo import layers
from zoo.engine import kernels
from zoo.layers.recurrent import min_gru_states

BACKEND = keras.backend.backend()
STATES = {"LSTM": 2, "GRU": 1}


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("name", STATES)
def test_outputs_states_and_gradients_are_those_of_keras(name, backwards):
    random = np.random.default_rng(0)
    shapes = [(3, 5, 4), *[(3, 6)] * STATES[name]]
    given = [random.normal(size=shape).astype("float32") for shape in shapes]
    options = {"return_sequences": True, "return_state": True}
    ours, known = (
        getattr(module, name)(6, go_backwards=backwards, **options)
        for module in (layers, keras.layers)
    )
    for layer in ours, known:
        layer.build(shapes[0])
    weights = [random.normal(size=w.shape).astype("float32") for w in known.weights[:3]]
    for layer in ours, known:
        for variable, value in zip(layer.trainable_variables, weights, strict=True):
            variable.assign(value)
    with kernels.in_use():
        found = results(ours, given)
    for here, there in zip(found, results(known, given), strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", STATES)
def test_gradients_of_biases_are_sums_of_many_steps_in_16_bits_too(name, precision):
    random = np.random.default_rng(0)
    shapes = [(80, 40, 2), *[(80, 3)] * STATES[name]]  # 3,200 rows
    given = [random.uniform(0.5, 1, shape).astype("float32") for shape in shapes]
    options = {"return_sequences": True, "return_state": True}
    found = []
    for dtype in (precision, "float32"):
        layer = getattr(layers, name)(3, dtype=dtype, **options)
        layer.build(shapes[0])
        for variable in layer.trainable_variables:
            variable.assign(np.full(variable.shape, 0.1, "float32"))
        with kernels.in_use():
            *_, bias = results(layer, given)[: 4 + STATES[name]]
        found.append(bias)
    np.testing.assert_allclose(*found, rtol=0.03, atol=0.01 * abs(found[1]).max())


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_min_gru_forgets_slowly_in_16_bits_too(dtype):
    gate, steps = 1 / 600, 64  # 1 - gate is 1 in bfloat16
    both = np.tile(np.float32([np.log(gate / (1 - gate)), 0]), (1, steps, 1))
    before = keras.ops.ones((1, 1), dtype)
    found = min_gru_states(keras.ops.cast(both, dtype), before)
    assert keras.backend.standardize_dtype(found.dtype) == dtype
    found = keras.ops.convert_to_numpy(keras.ops.cast(found, "float32"))
    np.testing.assert_allclose(found[0, -1, 0], (1 - gate) ** steps, rtol=0.02)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="others compile all of them")
@pytest.mark.parametrize(
    ("module", "precision", "is_fused"),
    [
        (layers, "float32", True),
        (layers, "mixed_bfloat16", False),
        (keras.layers, "float32", False),
    ],
)
def test_xla_compiles_the_cells_of_zoo_in_float32(module, precision, is_fused):
    from zoo.engine.tensorflow.steps import Trainer

    sequence = keras.Input((5, 3))
    answer = keras.layers.Dense(2)(module.GRU(4, dtype=precision)(sequence))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = keras.Model(sequence, answer)
    trainer = Trainer(model, loss, keras.optimizers.Adam(), None, None)
    assert trainer._fused == is_fused


def results(layer, given):
    """Outputs and last states, and the gradients of their squares by all they come of.

    Of the outputs those of some steps count, as where a network looks at the last.
    """
    variables = layer.trainable_variables
    match BACKEND:
        case "jax":
            import jax

            @jax.jit
            def both(values, given):
                def total(values, given):
                    first, *states = given
                    pairs = zip(variables, values, strict=True)
                    with keras.StatelessScope(pairs):  # and the layer's own precision
                        found = layer(first, initial_state=states)
                    return squares(found), found

                return jax.grad(total, (0, 1), has_aux=True)(values, given)

            gradients, found = both([v.value for v in variables], given)
            gradients = jax.tree.leaves(gradients)
        case "tensorflow":
            import tensorflow as tf

            @tf.function
            def both(first, *states):
                sources = [*(v.value for v in variables), first, *states]
                with tf.GradientTape() as tape:
                    tape.watch(sources)
                    found = layer(first, initial_state=list(states))
                    total = squares(found)
                return found, tape.gradient(total, sources)

            found, gradients = both(*map(tf.constant, given))
        case "torch":
            import torch

            first, *states = (torch.tensor(each, requires_grad=True) for each in given)
            found = layer(first, initial_state=states)
            sources = [*(v.value for v in variables), first, *states]
            gradients = torch.autograd.grad(squares(found), sources)
    every = [keras.ops.cast(each, "float32") for each in (*found, *gradients)]
    return [np.array(keras.ops.convert_to_numpy(each)) for each in every]


def squares(found):
    outputs, *states = (keras.ops.cast(each, "float32") for each in found)
    parts = keras.ops.sum(outputs[:, 1::2] ** 2), *(keras.ops.sum(s**3) for s in states)
    return sum(parts)
