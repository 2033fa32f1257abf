"""The fast steps of a backend equal plain ones, and say where they cannot be taken."""

import functools

import every_model
import keras
import numpy as np
import pytest

import zoo
from zoo.engine import steps
from zoo.training import losses, optimizer

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
    model = every_model.build(name.split()[0], seed=1, **NETWORKS[name][0])
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


@functools.cache
def by_adam(name):
    """`fast(name)`, which several tests compare with something else."""
    return fast(name)


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


@pytest.mark.parametrize("name", [every_model.param(name) for name in NETWORKS])
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
    _, _, variables, _ = by_adam(name)
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
    expected, expected_wrong, variables, _ = by_adam(name)
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
    values, wrong, variables, _ = by_adam(name)
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
