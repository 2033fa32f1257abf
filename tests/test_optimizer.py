"""Schedules, accumulation, averages and weight decay, against NumPy by hand."""

import dataclasses

import keras
import keras_tuner
import numpy as np
import pytest

import zoo
from zoo import data
from zoo.engine import first_values
from zoo.errors import Mistake
from zoo.training import optimizer, train

MODEL = """
import keras
def build(input_shape=(2,), classes=1):
    row = keras.Input(input_shape)
    return keras.Model(row, keras.layers.Dense(classes, name="logits")(row))
"""
SAMPLES, BATCH, EPOCHS = 80, 8, 3


@pytest.fixture
def line(tmp_path):
    """A recipe of a logistic regression, whose gradient is a line of NumPy."""
    file = tmp_path / "line.py"
    file.write_text(MODEL)
    return zoo.Recipe(
        model=str(file),
        data="moons",
        data_arguments={"samples": SAMPLES},
        validation=0.0,
        batch=BATCH,
        epochs=EPOCHS,
        learning_rate=0.1,
        seed=3,
    )


def gradients(weights, x, y):
    kernel, bias = weights
    error = 1 / (1 + np.exp(-(x @ kernel + bias)[:, 0])) - y
    return [(x * error[:, None]).mean(0)[:, None], error.mean(keepdims=True)]


def shape(kind, done):
    return {
        "constant": 1.0,
        "linear": 1 - done,
        "cosine": (1 + np.cos(np.pi * done)) / 2,
    }[kind]


def by_hand(recipe):
    """Kernel and bias after the recipe, in float64, and the rate of each update."""
    dataset = data.load(recipe.data, validation=0, **recipe.data_arguments)
    x, y = np.asarray(dataset.train.inputs, "float64"), dataset.train.targets
    model = zoo.build(recipe.model, seed=recipe.seed)
    weights = [each.astype("float64") for each in model.get_weights()]
    first, second = [0.0, 0.0], [0.0, 0.0]
    per_epoch = -(-len(x) // recipe.batch)
    steps = recipe.epochs * per_epoch
    updates = -(-steps // recipe.accumulate)
    warmup = round(recipe.warmup_epochs * per_epoch / recipe.accumulate)
    average, rates, held = None, [], []
    for step in range(steps):
        epoch, place = divmod(step, per_epoch)
        order = data.order(len(x), recipe.seed, epoch)
        order = order if recipe.shuffle else np.arange(len(x))
        rows = order[place * recipe.batch : (place + 1) * recipe.batch]
        held.append(gradients(weights, x[rows], y[rows]))
        if (step + 1) % recipe.accumulate and step + 1 < steps:
            continue
        grads = [np.mean(each, axis=0) for each in zip(*held, strict=True)]
        held = []
        if recipe.clip_norm:
            norm = np.sqrt(sum(np.square(each).sum() for each in grads))
            grads = [each * min(1, recipe.clip_norm / norm) for each in grads]
        u = len(rates)
        rise, done = u / max(1, warmup), (u - warmup) / (updates - warmup)
        share = rise if u < warmup else shape(recipe.schedule, done)
        rates.append(recipe.learning_rate * share)
        weights[0] = weights[0] * (1 - rates[-1] * recipe.weight_decay)
        for i, grad in enumerate(grads):
            if recipe.optimizer == "sgd":
                first[i] = recipe.momentum * first[i] - rates[-1] * grad
                weights[i] = weights[i] + first[i]
                continue
            first[i] = 0.9 * first[i] + 0.1 * grad
            second[i] = 0.999 * second[i] + 0.001 * grad**2
            corrected = np.sqrt(1 - 0.999 ** (u + 1)) / (1 - 0.9 ** (u + 1))
            change = first[i] / (np.sqrt(second[i]) + 1e-7)  # as Keras, before that
            weights[i] = weights[i] - rates[-1] * corrected * change
        moved = recipe.ema if average else 0.0
        average = [
            moved * a + (1 - moved) * w
            for a, w in zip(average or weights, weights, strict=True)
        ]
    return average if recipe.ema else weights, rates


CHANGES = {
    "plain": {},
    "cosine": {"schedule": "cosine"},
    "accumulated": {"schedule": "cosine", "accumulate": 4},
    "accumulated, warm-up": {
        "schedule": "linear",
        "accumulate": 3,
        "warmup_epochs": 1.0,
    },
    "constant after a warm-up": {"accumulate": 2, "warmup_epochs": 1.5},
    "more than there are steps": {"schedule": "cosine", "accumulate": 1000},
    "average": {"ema": 0.8},
    "average, accumulated": {"ema": 0.8, "accumulate": 4, "schedule": "cosine"},
    "clipped, decayed": {"clip_norm": 0.05, "weight_decay": 0.5, "accumulate": 5},
    "momentum": {
        "optimizer": "sgd",
        "momentum": 0.9,
        "schedule": "cosine",
        "accumulate": 4,
        "warmup_epochs": 0.5,
    },
    "one step an epoch": {"batch": 64, "accumulate": 2, "schedule": "linear"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_weights_are_those_of_the_same_training_by_hand(name, line, tmp_path):
    recipe = dataclasses.replace(line, **CHANGES[name])
    expected, rates = by_hand(recipe)
    run = train(recipe, run=tmp_path / "run", quiet=True)
    for found, each in zip(run.model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(found, each, rtol=1e-4, atol=1e-6)
    if recipe.schedule == "cosine" and len(rates) > 3:
        assert rates[-1] < 0.2 * max(rates) < rates[len(rates) // 2]


def test_the_history_ends_with_the_weights_that_are_kept(line, tmp_path):
    recipe = dataclasses.replace(line, validation=0.25, accumulate=1000)
    run = train(recipe, run=tmp_path / "run", quiet=True)
    kept = run.metrics["validation"]["loss"]
    assert run.history[-1]["validation_loss"] == pytest.approx(kept, rel=1e-6)
    assert run.history[-1]["validation_loss"] != run.history[0]["validation_loss"]


def test_early_stopping_keeps_the_best_epoch_whatever_is_accumulated(line, tmp_path):
    far = dataclasses.replace(
        line,
        validation=0.25,
        accumulate=4,
        early_stopping=2,
        epochs=30,
        optimizer="sgd",
    )
    recipe = dataclasses.replace(far, learning_rate=30.0, momentum=0.9)
    run = train(recipe, run=tmp_path / "run", quiet=True)
    losses = [each["validation_loss"] for each in run.history]
    assert 3 <= len(losses) < 30
    assert len(losses) - 1 - np.argmin(losses) == 2
    kept = run.metrics["validation"]["loss"]
    assert kept == pytest.approx(min(losses), rel=1e-6)


@pytest.mark.parametrize("name", ["accumulated", "average, accumulated", "momentum"])
def test_a_hypermodels_fit_ends_with_an_update_of_what_is_left(name, line):
    recipe = dataclasses.replace(line, shuffle=False, **CHANGES[name])
    expected, _ = by_hand(recipe)
    hypermodel, hp = zoo.hypermodel(recipe), keras_tuner.HyperParameters()
    model = hypermodel.build(hp)
    hypermodel.fit(hp, model, shuffle=False, verbose=0)
    for found, each in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(found, each, rtol=1e-4, atol=1e-6)


def test_a_step_that_overflows_in_float16_is_no_step(line):
    """The rate of update u is the schedule's at u; what was skipped is not counted."""
    recipe = dataclasses.replace(
        line,
        precision="mixed_float16",
        optimizer="sgd",
        schedule="linear",
        accumulate=2,
    )
    made = optimizer.make(recipe, 10, [])
    weight = keras.Variable(np.zeros(1, "float32"))
    made.build([weight])
    updates = recipe.epochs * 10 // 2
    value = 0.0
    for number, gradient in enumerate([1.0, np.inf, 3.0, np.nan, 5.0, np.inf, 7.0]):
        scale = float(keras.ops.convert_to_numpy(made.dynamic_scale))
        given = [keras.ops.convert_to_tensor(np.float32([gradient * scale]))]
        if keras.backend.backend() != "jax":
            made.apply(given, [weight])
        else:  # whose `cond` takes no side effects
            values = [each.value for each in made.variables]
            [new], values = made.stateless_apply(values, given, [weight.value])
            weight.assign(new)
            for each, changed in zip(made.variables, values, strict=True):
                each.assign(changed)
        if number == 2:
            value -= recipe.learning_rate * 2.0
        if number == 6:
            value -= recipe.learning_rate * (1 - 1 / updates) * 6.0
        found = keras.ops.convert_to_numpy(weight)[0]
        assert found == pytest.approx(value, rel=1e-5), number


def test_every_stage_ends_with_an_update_of_what_is_left(line, tmp_path):
    whole = dataclasses.replace(line, accumulate=20, optimizer="sgd", epochs=1)
    parts = ({"epochs": 1}, {"epochs": 2, "accumulate": 7})
    run = train(
        dataclasses.replace(whole, stages=parts), run=tmp_path / "run", quiet=True
    )
    first = zoo.build(line.model, seed=line.seed)
    assert all(
        np.abs(a - b).max() > 0
        for a, b in zip(run.model.get_weights(), first.get_weights(), strict=True)
    )


# --- Weight decay


def test_weight_decay_spares_what_is_no_kernel_and_no_embedding():
    layers = keras.layers

    @keras.saving.register_keras_serializable("tests")
    class Own(layers.Layer):
        def build(self, shape):
            self.first = self.add_weight((shape[-1], 4), name="unbiased_kernel")
            self.second = self.add_weight((4,), name="scale_of_rows")
            self.third = self.add_weight((2, 4), name="forget_bias")

        def call(self, x):
            return (x @ self.first) * self.second + self.third[0]

    ids = keras.Input((5,), dtype="int32")
    x = layers.Embedding(7, 6, name="embedding")(ids)
    x = layers.GRU(3, return_sequences=True, name="gru")(x)
    x = layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    x = layers.LayerNormalization(axis=(1, 2), name="layer")(x)
    x = layers.RMSNormalization(name="rms")(x)
    x = layers.PReLU(name="prelu")(x)
    x = layers.SpectralNormalization(layers.Dense(8, name="dense"), name="spectral")(x)
    x = layers.GroupNormalization(2, name="group")(x)
    x = layers.DepthwiseConv1D(2, name="depthwise")(x)
    x = layers.BatchNormalization(name="batch")(layers.Flatten()(x))
    model = keras.Model(ids, layers.Dense(2, name="logits")(Own(name="own")(x)))
    spared = {id(variable) for variable in optimizer.spared(model)}
    decayed = [v.path for v in model.trainable_variables if id(v) not in spared]
    assert sorted(decayed) == [
        "attention/attention_output/kernel",
        "attention/key/kernel",
        "attention/query/kernel",
        "attention/value/kernel",
        "depthwise/kernel",
        "embedding/embeddings",
        "gru/gru_cell/kernel",
        "gru/gru_cell/recurrent_kernel",
        "logits/kernel",
        "own/unbiased_kernel",
        "spectral/dense/kernel",
    ]


def test_what_is_spared_keeps_its_value_under_weight_decay():
    row = keras.Input((3,))
    x = keras.layers.RMSNormalization(name="rms")(keras.layers.Dense(4)(row))
    model = keras.Model(row, keras.layers.PReLU(alpha_initializer="ones")(x))
    recipe = zoo.Recipe("own", "rows", learning_rate=0.1, weight_decay=1.0)
    change = optimizer.make(recipe, 1, optimizer.spared(model))
    before = [keras.ops.convert_to_numpy(v) + 0 for v in model.trainable_variables]
    change.build(model.trainable_variables)
    zero = [keras.ops.zeros(v.shape) for v in model.trainable_variables]
    change.apply(zero, model.trainable_variables)
    after = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    kernel, *others = zip(before, after, strict=True)
    np.testing.assert_allclose(kernel[1], 0.9 * kernel[0], rtol=1e-6)
    for old, new in others:
        assert np.array_equal(old, new)


# --- What has no effect is refused


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"momentum": 0.9}, "momentum=0.9: adam has none; accepted: sgd, rmsprop"),
        (
            {"optimizer": "sgd", "optimizer_arguments": {"nesterov": True}},
            "optimizer.nesterov=True does nothing without momentum",
        ),
        (
            {"optimizer_arguments": {"beta_1": "x"}},
            "optimizer.beta_1='x'; accepted: a number, such as 0.9",
        ),
        ({"optimizer_arguments": {"beta_2": 2.0}}, "accepted: 0 <= beta_2 < 1"),
        ({"optimizer_arguments": {"amsgrad": 3}}, "=3; accepted: True or False"),
        ({"warmup_epochs": 10.0}, r"warmup_epochs=10.0 is 10 of 10 updates; accepted"),
        (
            {"warmup_epochs": 9.0, "accumulate": 10},
            "warmup_epochs=9.0 is 1 of 1 updates",
        ),
    ],
)
def test_what_the_optimizer_cannot_use(fields, text):
    recipe = zoo.Recipe("own", "rows", **fields)
    with pytest.raises(Mistake, match=text):
        optimizer.make(recipe, 1, [])


def test_the_shortest_warm_up_is_one_update():
    recipe = zoo.Recipe("own", "rows", warmup_epochs=1e-3, epochs=2)
    rate = optimizer.schedule(recipe, 10)
    found = [float(rate(step)) for step in range(3)]
    assert found == pytest.approx([0, 1e-3, 1e-3])


@pytest.mark.parametrize("options", [{}, {"use_ema": True}, {"accumulate": 3}])
@pytest.mark.parametrize("kind", ["SGD", "Adagrad", "Ftrl", "Muon", "Nadam"])
def test_what_an_optimizer_begins_with_is_what_keras_gives_it(kind, options):
    names = {"accumulate": "gradient_accumulation_steps"}
    options = {names.get(name, name): value for name, value in options.items()}
    found = []
    for build in (first_values.build, lambda one, variables: one.build(variables)):
        keras.utils.clear_session()  # which counts variables without a name
        layer = keras.layers.Dense(3, name="line")
        layer.build((None, 2))
        one = getattr(keras.optimizers, kind)(0.25, **options)
        build(one, layer.trainable_variables)
        assert one.built
        found.append(one.variables)
    ours, theirs = found
    assert len(ours) == len(theirs) > 1
    for one, two in zip(ours, theirs, strict=True):
        assert (one.dtype, one.shape) == (two.dtype, two.shape)
        assert one.name == two.name
        assert one.trainable == two.trainable
        np.testing.assert_array_equal(one.numpy(), two.numpy())
