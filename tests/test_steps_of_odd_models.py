"""Models that look at values, leave weights unused or overflow are trained, too."""

import dataclasses
import math

import keras
import numpy as np
import pytest

import zoo
from zoo import data as data_sets
from zoo.engine import steps
from zoo.training import train

BACKEND = keras.backend.backend()
COUNT, BATCH = 5, 6
LOOKING = """
import keras

@keras.saving.register_keras_serializable()
class Looking(keras.layers.Layer):
    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, x.dtype)

    def call(self, x):
        {look}

def build():
    row = keras.Input((2,))
    x = keras.layers.Dense(3)(Looking()(row))
    return keras.Model(row, keras.layers.Dense(1)(x), name="looking")
"""
LOOKS = {
    "branch": "return x * 2 if x.sum() > 0 else x",
    "value": {
        "torch": "return x * float(x.detach().cpu().numpy().mean())",
        "jax": "return x * float(__import__('jax').lax.stop_gradient(x).mean())",
    }.get(BACKEND),
}


@pytest.mark.skipif(BACKEND == "tensorflow", reason="Keras cannot do it there, either")
@pytest.mark.parametrize("look", LOOKS)
def test_a_model_that_looks_at_values_trains_plainly_and_the_run_says_why(
    look, tmp_path, capfd
):
    file = tmp_path / "looking.py"
    file.write_text(LOOKING.format(look=LOOKS[look]))
    few = {"samples": 200}  # plain steps are slow
    recipe = zoo.Recipe(str(file), "moons", data_arguments=few, batch=48, epochs=3)
    run = train(recipe, run=tmp_path / "run")
    assert run.history[-1]["loss"] < run.history[0]["loss"]
    said = capfd.readouterr().err
    why = {
        "torch": "the step of looking cannot be recorded: ",
        "jax": "looking cannot be compiled: ",
    }
    assert said.count(f"plain steps, not the fast ones: {why[BACKEND]}") == 1
    again = train(dataclasses.replace(recipe), run=tmp_path / "again", quiet=True)
    assert again.history[-1]["loss"] == run.history[-1]["loss"]


class Idle(keras.layers.Layer):
    """Has a weight that its call does not use."""

    def build(self, shape):
        self.used = self.add_weight((shape[-1],), "ones", name="used")
        self.idle = self.add_weight((3,), "ones", name="idle")

    def call(self, x):
        return x * self.used


class WithoutXLA(keras.layers.Layer):
    """Lets TensorFlow tell words apart, for which XLA has no form."""

    def __init__(self, honest, **options):
        super().__init__(**options)
        self.supports_jit = not honest

    def call(self, x):
        import tensorflow as tf

        word = tf.strings.as_string(tf.reduce_sum(tf.stop_gradient(x)) * 0 + 2)
        return x * tf.strings.to_number(word)


class TwoTypes(keras.layers.Layer):
    """Has weights of two types, which PyTorch's fused Adam does not take."""

    def build(self, shape):
        self.narrow = self.add_weight(
            (shape[-1],), "ones", dtype="bfloat16", autocast=False, name="narrow"
        )

    def call(self, x):
        return x * keras.ops.cast(self.narrow, x.dtype)


def layered(layer):
    row = keras.Input((2,))
    x = keras.layers.Dense(3, kernel_initializer="ones")(layer(row))
    outputs = keras.layers.Dense(1, kernel_initializer="ones")(x)
    return keras.Model(row, outputs, name="layered")


def assert_trained_as_by_keras(layer, change, rtol=1e-5) -> str:
    """Train by zoo and by Keras, compare the weights, return why zoo was slow."""
    random = np.random.default_rng(0)
    x = random.normal(size=(COUNT, BATCH, 2)).astype("float32")
    y = random.integers(0, 2, (COUNT, BATCH, 1)).astype("float32")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model = layered(layer())
    trainer = steps.trainer(model, loss, change())
    values, _ = trainer.train(x, y, COUNT)
    trainer.push()
    other = layered(layer())
    other.compile(change(), loss)
    losses = [other.train_on_batch(*batch) for batch in zip(x, y, strict=True)]
    np.testing.assert_allclose(values, losses, rtol=rtol)
    assert np.isfinite(values).all()
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(one.astype("f4"), two.astype("f4"), rtol=rtol)
    outputs = steps.compile_forward(model)(x[0])
    np.testing.assert_allclose(outputs, other.predict(x[0], verbose=0), rtol=rtol)
    return trainer.slow_because


CHANGES = {
    "adam": lambda: keras.optimizers.Adam(0.01),
    "adamw, clipped": lambda: keras.optimizers.AdamW(0.01, global_clipnorm=0.5),
    "momentum": lambda: keras.optimizers.SGD(0.01, momentum=0.9),
    "accumulated": lambda: keras.optimizers.Adam(0.01, gradient_accumulation_steps=2),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning")
def test_a_weight_that_the_model_does_not_use_stays_as_it_is(change):
    assert_trained_as_by_keras(Idle, CHANGES[change])


@pytest.mark.parametrize("change", ["adam", "momentum", "accumulated"])
def test_weights_of_several_types_are_trained(change):
    told = assert_trained_as_by_keras(TwoTypes, CHANGES[change], rtol=0.02)  # bfloat16
    if BACKEND == "torch" and change == "adam":
        assert told == (
            "PyTorch's fused kernels take variables of float32, and layered has "
            "others: bfloat16"
        )


@pytest.mark.skipif(BACKEND != "tensorflow", reason="XLA can be left on TensorFlow")
@pytest.mark.parametrize("honest", [True, False])
def test_a_layer_that_xla_cannot_compile_is_trained_without_it(honest):
    told = assert_trained_as_by_keras(lambda: WithoutXLA(honest), CHANGES["adam"])
    expected = "XLA cannot compile a step of layered: "
    expected += "it has no form of without_xla" if honest else ""
    assert told.startswith(expected)


def test_a_step_that_overflows_in_float16_is_skipped_and_the_scale_is_halved():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = layered(keras.layers.Dense(2, kernel_initializer="ones"))
    finally:
        keras.config.set_dtype_policy("float32")
    random = np.random.default_rng(0)
    x = random.normal(size=(3, BATCH, 2)).astype("float32")
    y = random.integers(0, 2, (3, BATCH, 1)).astype("float32")
    x[1, 0] = 1e5  # more than float16 holds
    changes = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.01))
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    trainer = steps.trainer(model, loss, changes)
    trainer.train(x[:1], y[:1], 1)
    trainer.push()
    before = model.get_weights()
    values, _ = trainer.train(x[1:2], y[1:2], 1)
    assert not np.isfinite(values).all()
    assert steps.skipped(trainer, values).tolist() == [True]
    for one, two in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, two)
    assert float(keras.ops.convert_to_numpy(changes.dynamic_scale)) == 2.0**14
    values, _ = trainer.train(x[2:], y[2:], 1)
    assert np.isfinite(values).all()
    assert steps.skipped(trainer, values).tolist() == [False]
    changes.dynamic_scale.assign(1.0)
    trainer.pull()
    values, _ = trainer.train(x[1:2], y[1:2], 1)
    assert steps.skipped(trainer, values).tolist() == [False]  # it has diverged


def test_a_run_goes_on_after_a_step_that_overflows_in_float16(tmp_path, monkeypatch):
    load = data_sets.load

    def load_with_an_outlier(*names, **options):
        dataset = load(*names, **options)
        dataset.train.inputs[7] = 1e5  # more than float16 holds
        return dataset

    monkeypatch.setattr(data_sets, "load", load_with_an_outlier)
    recipe = zoo.Recipe(
        model="deep_mlp",
        model_arguments={"hidden": (4,)},
        data="moons",
        batch=40,
        epochs=2,
        precision="mixed_float16",
    )
    run = train(recipe, run=tmp_path / "run", quiet=True)
    assert [np.isfinite(line["loss"]) for line in run.history] == [True, True]
    assert all(np.isfinite(each).all() for each in run.model.get_weights())


def test_a_run_says_how_many_updates_float16_skipped(tmp_path, monkeypatch, capsys):
    """Each halves the scale of Keras's optimizer, which begins far too high here."""
    made = []

    class Eager(keras.optimizers.LossScaleOptimizer):
        def __init__(self, inner):
            super().__init__(inner, initial_scale=2.0**30)
            made.append(self)

    monkeypatch.setattr(keras.optimizers, "LossScaleOptimizer", Eager)
    recipe = zoo.Recipe(
        "deep_mlp",
        "moons",
        {"hidden": (4,)},
        batch=90,
        epochs=2,
        schedule="linear",
        accumulate=2,
        precision="mixed_float16",
    )
    run = zoo.train(recipe, run=tmp_path / "run", floor=False)
    halved = 30 - math.log2(keras.ops.convert_to_numpy(made[-1].dynamic_scale))
    steps_taken = int(keras.ops.convert_to_numpy(made[-1].inner_optimizer._iterations))
    skipped = run.metrics["skipped_updates"]
    total = run.metrics["epochs"] * 8  # of 720 examples, 90 a step
    assert halved > 2
    assert skipped == total // 2 - steps_taken // 2
    assert halved // 2 <= skipped <= (halved + 1) // 2
    line = (
        f"{skipped} of {total // 2} updates were skipped, as their gradients "
        "overflowed in float16; the schedule waited for them, and ended so much short"
    )
    assert line in capsys.readouterr().err
