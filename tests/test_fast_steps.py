"""The fast steps of a backend equal plain ones, and say where they cannot be taken."""

import dataclasses
import math

import keras
import numpy as np
import pytest

import zoo
from zoo import data as data_sets
from zoo.engine import steps
from zoo.training import losses, optimizer, train

BACKEND = keras.backend.backend()
NETWORKS = {
    "perceptron": ({}, (2,)),
    "mammogram_mlp": ({"dropout": 0.2, "l2": 0.01}, (4,)),
    "deep_mlp": (
        {
            "input_shape": (8, 8, 1),
            "hidden": (12, 8),
            "batch_normalization": "before",
            "dropout": 0.2,
            "max_norm": 1.0,
            "l2": 0.01,
        },
        (8, 8, 1),
    ),
    "lenet": ({"variant": "relu", "input_shape": (12, 12, 1)}, (12, 12, 1)),
    "tiny_vgg": (
        {"input_shape": (12, 12, 3), "filters": 4, "batch_normalization": True},
        (12, 12, 3),
    ),
    "lstm_sentiment": (
        {"vocabulary_size": 20, "length": 7, "embedding": 5, "units": (6, 4)},
        (7,),
    ),
    "lstm_sentiment of minimal GRUs": (
        {"vocabulary_size": 20, "length": 7, "cell": "mingru", "units": (6, 4)},
        (7,),
    ),
    "efficientnet_transfer": (
        {"input_shape": (32, 32, 3), "weights": None, "trainable": "blocks:1"},
        (32, 32, 3),
    ),
}
OPTIONS = {
    "schedule, warm-up, decay": {
        "optimizer": "adamw",
        "schedule": "cosine",
        "warmup_epochs": 0.4,
        "weight_decay": 0.01,
    },
    "clipped, average of weights": {"clip_norm": 0.1, "ema": 0.9},
    "accumulated": {"accumulate": 3, "clip_norm": 0.1},
    "momentum": {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.1},
    "rmsprop": {"optimizer": "rmsprop", "momentum": 0.9},
    "lion": {"optimizer": "lion"},
    "adagrad with arguments": {
        "optimizer": "adagrad",
        "optimizer_arguments": {"initial_accumulator_value": 0.0, "epsilon": 1e-6},
        "learning_rate": 0.01,
    },
    "nadam": {"optimizer": "nadam"},
}
COUNT, BATCH = 5, 6


def data(name, model, encode):
    _, shape = NETWORKS[name]
    random = np.random.default_rng(0)
    if name.startswith("lstm_sentiment"):
        inputs = random.integers(0, 20, (COUNT, BATCH, *shape)).astype("int32")
    else:
        inputs = 200 * random.random((COUNT, BATCH, *shape), "float32")
    classes = random.integers(0, max(2, model.output_shape[-1]), COUNT * BATCH)
    targets = encode(classes)
    return inputs, targets.reshape(COUNT, BATCH, *targets.shape[1:])


def parts(name, options=None):
    recipe = zoo.Recipe(model=name, data="made up", batch=BATCH, **(options or {}))
    model = zoo.build(name.split()[0], seed=1, **NETWORKS[name][0])
    encode, loss = losses.make("crossentropy", model.output_shape[-1])
    changes = optimizer.make(recipe, COUNT, optimizer.spared(model))
    return model, encode, loss, changes


def fast(name, options=None):
    """The loss of each step, what was wrong, and the variables at the end."""
    model, encode, loss, changes = parts(name, options)
    trainer = steps.trainer(model, loss, changes)
    inputs, targets = data(name, model, encode)
    values, wrong = trainer.train(inputs, targets, COUNT)
    trainer.push()
    return values, wrong, _values(model), trainer.slow_because


def plain(name, options=None):
    """The variables after Keras's own steps, one at a time."""
    model, encode, loss, changes = parts(name, options)
    # TensorFlow compiles longer than it takes five eager steps; JAX does not.
    model.compile(changes, loss, run_eagerly=BACKEND == "tensorflow")
    for x, y in zip(*data(name, model, encode), strict=True):
        model.train_on_batch(x, y)
    return _values(model)


def _values(model):
    return {v.path: np.array(v) for v in model.variables if "seed" not in v.path}


def assert_close(found, expected):
    assert found.keys() == expected.keys()
    for path, value in expected.items():
        scale = max(1.0, np.abs(value).max())
        assert np.abs(found[path] - value).max() < 1e-6 * COUNT * scale, path


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * name.startswith("efficientnet"))
        for name in NETWORKS
    ],
)
def test_fast_steps_equal_plain_ones(name):
    options = {"optimizer": "sgd", "learning_rate": 0.01}
    values, _, variables, why = fast(name, options)
    assert np.isfinite(values).all()
    assert_close(variables, plain(name, options))
    strides = (keras.backend.backend(), name) == ("jax", "efficientnet_transfer")
    assert bool(why) == strides


@pytest.mark.parametrize("name", ["mammogram_mlp", "lenet", "tiny_vgg"])
def test_fast_steps_of_adam_equal_plain_ones(name):
    """Where no gradient is mere rounding, of which Adam makes a whole step."""
    _, _, variables, _ = fast(name)
    assert_close(variables, plain(name))


@pytest.mark.parametrize(
    ("name", "network"),
    [
        *((name, "mammogram_mlp") for name in OPTIONS),
        pytest.param("accumulated", "lenet", marks=pytest.mark.slow),
        pytest.param("clipped, average of weights", "lenet", marks=pytest.mark.slow),
    ],
)
def test_every_option_of_the_optimizer_is_kept(name, network):
    _, _, variables, why = fast(network, OPTIONS[name])
    assert_close(variables, plain(network, OPTIONS[name]))
    branches = BACKEND == "torch" and name in ("accumulated", "nadam")
    assert why.startswith(f"the update of {network}") == branches


@pytest.mark.parametrize("name", ["mammogram_mlp", "lenet", "lstm_sentiment"])
def test_steps_on_what_the_device_holds_equal_those_on_batches(name):
    expected, expected_wrong, variables, _ = fast(name)
    model, encode, loss, changes = parts(name)
    inputs, targets = data(name, model, encode)
    held = [np.concatenate(each[::-1]) for each in (inputs, targets)]
    trainer = steps.trainer(model, loss, changes, tuple(held))
    chosen = np.arange(COUNT * BATCH, dtype="int32").reshape(COUNT, BATCH)[::-1].copy()
    values, wrong = trainer.train(chosen, chosen, COUNT)
    trainer.push()
    np.testing.assert_allclose(values, expected, rtol=1e-5)
    assert np.array_equal(wrong, expected_wrong)
    assert_close(_values(model), variables)


@pytest.mark.parametrize("warmup", [0, 4])
def test_the_cosine_is_that_of_keras(warmup):
    rise = {"warmup_target": 0.3, "warmup_steps": warmup} if warmup else {}
    start = 0.0 if warmup else 0.3
    other = keras.optimizers.schedules.CosineDecay(start, 20 - warmup, **rise)
    own = optimizer.Cosine(0.3, warmup, 20)
    for step in range(25):
        assert float(own(step)) == pytest.approx(float(other(step)), abs=1e-7)
    assert optimizer.Cosine.from_config(own.get_config()).get_config() == vars(own)


@pytest.mark.parametrize("name", ["deep_mlp", "lstm_sentiment"])
def test_fast_steps_repeat_their_bits(name):
    values, wrong, variables, _ = fast(name)
    others, others_wrong, other_variables, _ = fast(name)
    assert np.array_equal(values, others)
    assert np.array_equal(wrong, others_wrong)
    for path, value in variables.items():
        assert np.array_equal(value, other_variables[path]), path


def test_weights_that_were_changed_meanwhile_count():
    model, encode, loss, changes = parts("deep_mlp")
    trainer = steps.trainer(model, loss, changes)
    inputs, targets = data("deep_mlp", model, encode)
    trainer.train(inputs, targets, 2)
    model.set_weights([0 * each for each in model.get_weights()])
    trainer.pull()
    values, _ = trainer.train(inputs, targets, 1)
    assert values[0] == pytest.approx(np.log(10), rel=1e-6)


def test_answers_follow_the_weights():
    model, *_ = parts("deep_mlp")
    run = steps.compile_forward(model)
    inputs, _ = data("deep_mlp", model, lambda classes: classes)
    for factor in (1.0, 0.5, 0.0, 2.0):
        model.set_weights([factor * each for each in model.get_weights()])
        expected = keras.ops.convert_to_numpy(model(inputs[0], training=False))
        for x in (inputs[0], inputs[0][:1]):
            np.testing.assert_allclose(run(x), expected[: len(x)], 1e-5, 1e-6)


def test_answers_follow_the_weights_and_not_what_is_trainable():
    model = zoo.build("deep_mlp", input_shape=(2,), hidden=(4,))
    forward = steps.compile_forward(model)
    inputs = np.ones((3, 2), "float32")
    model.layers[1].trainable = False
    first = [forward(inputs) for _ in range(3)][-1]
    model.trainable = False
    np.testing.assert_array_equal(forward(inputs), first)
    bias = model.layers[-1].bias
    bias.assign(bias + 1)
    np.testing.assert_allclose(forward(inputs), first + 1, rtol=1e-6)


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
    recipe = zoo.Recipe(str(file), "moons", data_arguments=few, batch=32, epochs=3)
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
        batch=32,
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
        batch=100,
        epochs=2,
        schedule="linear",
        accumulate=2,
        precision="mixed_float16",
    )
    run = zoo.train(recipe, run=tmp_path / "run", floor=False)
    halved = 30 - math.log2(keras.ops.convert_to_numpy(made[-1].dynamic_scale))
    steps_taken = int(keras.ops.convert_to_numpy(made[-1].inner_optimizer._iterations))
    skipped = run.metrics["skipped_updates"]
    total = run.metrics["epochs"] * 8  # of 720 examples, 100 a step
    assert halved > 2
    assert skipped == total // 2 - steps_taken // 2
    assert halved // 2 <= skipped <= (halved + 1) // 2
    line = (
        f"{skipped} of {total // 2} updates were skipped, as their gradients "
        "overflowed in float16; the schedule waited for them, and ended so much short"
    )
    assert line in capsys.readouterr().err
