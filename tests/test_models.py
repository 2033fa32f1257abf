"""What every model of the zoo owes its user; no claim of a card goes untested."""

import functools
import hashlib
import inspect
import itertools
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import every_model
import keras
import keras_tuner
import numpy as np
import pytest
from every_model import each_model, param

import zoo
from zoo.building import registry
from zoo.core.columns import Column
from zoo.engine.first_values import without_draws
from zoo.engine.private import without_tensorflow

FORECAST = (Column("load", missing=True), Column("price"), Column("when", "date"))
CASES = {
    "deep_mlp": {},
    "deep_mlp with all options": {
        "hidden": (32, 16),
        "batch_normalization": "after",
        "dropout": 0.2,
        "input_dropout": 0.1,
        "l1": 1e-5,
        "l2": 1e-4,
        "max_norm": 3.0,
        "initializer": "he_normal",
    },
    "deep_mlp on rows": {"input_shape": (2,), "classes": 1, "activation": "tanh"},
    "efficientnet_transfer": {"weights": None, "input_shape": (32, 32, 3)},
    "lenet": {},
    "lenet relu": {"variant": "relu", "input_shape": (12, 9, 3)},
    "lstm_forecast": {"window": 12, "horizon": 4, "units": (8,)},
    "lstm_forecast with all options": {
        "columns": FORECAST,
        "window": 12,
        "horizon": 4,
        "ahead": ("price",),
        "cell": "gru",
        "units": (8, 8),
        "normalize": "mean",
        "linear": 6,
        "dropout": 0.2,
    },
    "lstm_language": {"vocabulary_size": 20, "window": 9, "units": (8,)},
    "lstm_language with all options": {
        "vocabulary_size": 20,
        "window": 9,
        "cell": "gru",
        "embedding": 6,
        "units": (8, 7),
        "memory": (4, 0),
        "tied": False,
        "dropout": 0.2,
    },
    "lstm_speech": {"input_shape": (960,), "units": (8,)},
    "lstm_speech that writes down": {
        "input_shape": (960,),
        "units": (8,),
        "head": "ctc",
        "classes": 3,
    },
    "lstm_speech of features": {
        "input_shape": (9, 3),
        "joined": 2,
        "deltas": True,
        "cell": "lstm",
        "units": (8, 8),
        "pooling": "mean",
        "dropout": 0.2,
        "input_dropout": 0.1,
        "input_shift": 0.2,
        "classes": 1,
    },
    "lstm_sentiment": {"vocabulary_size": 50, "length": 12, "units": (8, 8)},
    "perceptron": {},
    "tiny_vgg": {"input_shape": (12, 10, 3)},
    "tiny_vgg with all options": {
        "input_shape": (13, 11, 1),
        "growth": 2,
        "batch_normalization": True,
        "dropout": 0.2,
        "global_average": True,
    },
}
UNDRAWN = {"perceptron"}  # its initial weights are zeros, whatever the seed
BACKENDS = ("jax", "tensorflow", "torch")
HERE = keras.backend.backend()
for name in zoo.names():
    CASES.setdefault(name, {})


each_case = pytest.mark.parametrize("case", [param(case) for case in CASES])


def build(case, seed=0):
    return every_model.build(case.split()[0], seed=seed, **CASES[case])


built = functools.cache(build)  # for tests that do not change the model


def some_inputs(model, rows=5):
    generator = np.random.default_rng(7)
    shape = (rows, *model.input_shape[1:])
    if "int" in model.inputs[0].dtype:
        return generator.integers(0, 10, shape).astype("int32")
    if len(shape) == 4:
        return generator.integers(0, 256, shape).astype("uint8")
    return generator.standard_normal(shape).astype("float32")


def all_layers(model):
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from all_layers(layer)


def digest(model):
    weights = b"".join(keras.ops.convert_to_numpy(w).tobytes() for w in model.weights)
    return hashlib.sha256(weights).hexdigest()


@functools.cache
def trained(case):
    """The model after one step of training, and the paths of what did not move."""
    model = build(case)
    logits = model.output_shape[-1]
    if logits == 1:
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # TensorFlow would compile, for seconds, what it does once.
    model.compile(keras.optimizers.SGD(0.1), loss, run_eagerly=HERE == "tensorflow")
    before = [keras.ops.convert_to_numpy(v).copy() for v in model.trainable_variables]
    targets = np.arange(5) % max(2, logits)
    if len(model.output_shape) == 3:  # one answer for each token
        targets = np.resize(targets, (5, model.output_shape[1]))
    model.train_on_batch(some_inputs(model), targets)
    after = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    unmoved = [
        variable.path
        for variable, old, new in zip(
            model.trainable_variables, before, after, strict=True
        )
        if np.array_equal(old, new)
    ]
    return model, unmoved


# --- Construction


@each_case
@pytest.mark.once
def test_names_are_explicit_and_unique(case):
    first, second = built(case), build(case)
    names = [layer.name for layer in first.layers]
    assert names == [layer.name for layer in second.layers], "a name is Keras's own"
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    assert [w.path for w in first.weights] == [w.path for w in second.weights]
    assert first.name == case.split()[0]


@each_case
@pytest.mark.once
def test_the_seed_makes_the_weights(case):
    weights = digest(built(case))
    assert weights == digest(build(case))
    if case not in UNDRAWN:
        assert weights != digest(build(case, seed=2))


@each_model
@pytest.mark.once
def test_space_begins_at_the_defaults_of_build(name):
    module = registry.module(name)
    parameters = inspect.signature(module.build).parameters
    values = module.space(keras_tuner.HyperParameters())
    assert values == {argument: parameters[argument].default for argument in values}


@each_model
@pytest.mark.once
def test_points_of_the_space_build(name):
    space = registry.module(name).space
    for seed in range(2):
        point = keras_tuner.HyperParameters()
        space(point)
        for parameter in point.space:
            point.values[parameter.name] = parameter.random_sample(seed)
        model = zoo.build(name, **space(point))
        assert model.count_params() > 0


@each_case
def test_dropout_is_the_one_of_zoo(case):
    kinds = {type(layer) for layer in all_layers(built(case))}
    dropouts = {kind for kind in kinds if "Dropout" in kind.__name__}
    assert dropouts <= {zoo.layers.Dropout}


@each_case
def test_bytes_and_floats_are_the_same_image(case):
    model = built(case)
    if len(model.input_shape) != 4:
        pytest.skip("takes no images")
    inputs = some_inputs(model)
    answers = model.predict_on_batch(inputs)
    assert np.array_equal(answers, model.predict_on_batch(inputs.astype("float32")))


# --- Training and saving


@each_case
def test_a_step_moves_every_trainable_variable(case):
    _, unmoved = trained(case)
    assert unmoved == []


# --- Three backends, each of which opens what the two others have saved


def give(folder):
    """Write every case, trained for a step on this backend, into `folder`."""
    found = {}
    for number, case in enumerate(CASES):
        model, _ = trained(case)
        with without_tensorflow():
            model.save(folder / f"{number}-{HERE}.keras")
            config = model.get_config()
        np.save(folder / f"{number}-{HERE}-{HERE}.npy", answers(model))
        found[case] = {"digest": digest(built(case)), "config": config}
    (folder / f"{HERE}.json").write_text(json.dumps(found))


def take(folder):
    """Write the answers of every case that another backend has put into `folder`.

    Where both have the same network in their files, it is compiled once for both.
    """
    one, two = (name for name in BACKENDS if name != HERE)
    for number, case in enumerate(CASES):
        files = {name: folder / f"{number}-{name}.keras" for name in (one, two)}
        with without_tensorflow(), without_draws():
            model = keras.saving.load_model(files[one], compile=False)
        assert model.name == case.split()[0]
        np.save(folder / f"{number}-{one}-{HERE}.npy", answers(model))
        assert network(files[one]) == network(files[two])
        with without_tensorflow():
            model.load_weights(files[two])
        np.save(folder / f"{number}-{two}-{HERE}.npy", answers(model))


def network(file):
    """What a model's file says of its layers, without places in memory."""
    with zipfile.ZipFile(file) as archive:
        words = archive.read("config.json").decode()
    return json.loads(re.sub(r'"shared_object_id": \d+', '"": 0', words))["config"]


def answers(model):
    inputs = some_inputs(model)
    if HERE == "tensorflow":  # as in `trained`
        return keras.ops.convert_to_numpy(model(inputs, training=False))
    return model.predict_on_batch(inputs)


ELSEWHERE = """
import sys, time
from pathlib import Path
from zoo.engine import startup
startup.load()
sys.path.insert(0, "tests")
from test_models import BACKENDS, HERE, give, take

folder = Path(sys.argv[1])
give(folder)
while not all((folder / f"{name}.json").exists() for name in BACKENDS):
    time.sleep(0.1)
take(folder)
"""


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory):
    """A folder where each backend, in one process, gives and takes every case."""
    folder = tmp_path_factory.mktemp("everywhere")
    children = [
        subprocess.Popen(
            [sys.executable, "-c", ELSEWHERE, folder],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "KERAS_BACKEND": name, "OMP_NUM_THREADS": "1"},
        )
        for name in BACKENDS
        if name != HERE
    ]
    give(folder)
    while not all((folder / f"{name}.json").exists() for name in BACKENDS):
        assert not any(child.poll() for child in children)
        time.sleep(0.1)
    take(folder)
    assert [child.wait() for child in children] == [0, 0]
    return folder


between_backends = pytest.mark.parametrize(
    ("one", "other"), list(itertools.combinations(BACKENDS, 2))
)


@pytest.mark.once
@pytest.mark.slow
@between_backends
@each_case
def test_another_backend_predicts_the_same(case, one, other, everywhere):
    number = list(CASES).index(case)
    for here, there in ((one, other), (other, one)):  # who saved, who opened
        saved, opened = (
            np.load(everywhere / f"{number}-{here}-{name}.npy")
            for name in (here, there)
        )
        assert np.abs(saved - opened).max() <= 1e-5 * max(1, np.abs(saved).max())


@pytest.mark.once
@pytest.mark.slow
@between_backends
@each_case
def test_another_backend_reads_the_same_configuration(case, one, other, everywhere):
    here, there = (
        json.loads((everywhere / f"{name}.json").read_text())[case]["config"]
        for name in (one, other)
    )
    assert here == there


@pytest.mark.once
@pytest.mark.slow
@between_backends
@each_case
def test_another_backend_begins_at_the_same_weights(case, one, other, everywhere):
    here, there = (
        json.loads((everywhere / f"{name}.json").read_text())[case]["digest"]
        for name in (one, other)
    )
    assert here == there


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="it is TensorFlow")
def test_no_model_brings_tensorflow_along():
    script = """
import sys
import zoo
for name in zoo.names():
    zoo.build(name)
    print(name, "tensorflow" in sys.modules)
"""
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [f"{name} False" for name in zoo.names()]
