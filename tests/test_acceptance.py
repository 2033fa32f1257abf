"""Models that do not fit are refused in one line, before anything is written."""

import dataclasses

import numpy as np
import pytest

import zoo
from zoo import data
from zoo.data import Split
from zoo.errors import Mistake
from zoo.training import train
from zoo.training.setup import build_for, check

MODEL = """
import keras
from keras import layers, ops

class Unregistered(layers.Layer):
    def call(self, x):
        return x

class Counts(layers.Layer):
    def call(self, x):
        return x * float(ops.sum(x).numpy())

class Subclass(keras.Model):
    def call(self, x):
        return x

class Forgets(layers.Layer):
    def __init__(self, factor=1.0, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return {"name": self.name}

keras.saving.register_keras_serializable("tests")(Forgets)

def build(input_shape=(2,), classes=1):
    row = keras.Input(input_shape)
    BODY
"""
REFUSED = {
    "return keras.Model(row, layers.Dense(1, activation='sigmoid')(row))": (
        "gives probabilities; zoo takes logits: remove the sigmoid or softmax at its"
    ),
    "return keras.Model(row, layers.Dense(2, activation='softmax')(row))": (
        "gives probabilities; zoo takes logits"
    ),
    "return keras.Model(row, layers.Softmax()(layers.Dense(2)(row)))": (
        "gives probabilities"
    ),
    "return keras.Model(row, ops.sigmoid(layers.Dense(1)(row)))": "gives probabilities",
    "x = ops.exp(layers.Dense(2)(row)); "
    "return keras.Model(row, x / ops.sum(x, axis=1, keepdims=True))": (
        "gives probabilities"
    ),
    "x = layers.Dense(1, activation='sigmoid')(row); "
    "return keras.Model(row, ops.squeeze(layers.Reshape((1, 1))(x), 1))": (
        "gives probabilities"
    ),
    "return keras.Model(row, layers.Dense(2, activation='tanh')(row))": (
        "ends in tanh, which gives nothing outside of -1 to 1; zoo takes logits, which "
        "may be any numbers: remove it"
    ),
    "return keras.Model(row, layers.ReLU()(layers.Dense(2)(row)))": (
        "ends in relu, which gives nothing below 0"
    ),
    "return keras.Model(row, ops.clip(layers.Dense(2)(row), -1, 1))": (
        "ends in clip, which gives nothing outside of its bounds"
    ),
    "return Subclass()": "is a keras.Model with a call of its own, .*; accepted: keras",
    "row = keras.Input(input_shape, name='a'); "
    "return keras.Model({'a': row}, layers.Dense(1)(row))": (
        r"has its inputs in a dictionary \(a\); accepted: one of each"
    ),
    "return keras.Model(row, {'b': layers.Dense(1)(row)})": (
        r"has its outputs in a dictionary \(b\); accepted: one of each"
    ),
    "return keras.Sequential([row, keras.Sequential("
    "[layers.Dense(1), layers.Activation('sigmoid')])])": "gives probabilities",
    "x = layers.Lambda(lambda t: t / 2)(row); "
    "return keras.Model(row, layers.Dense(1)(x))": "cannot be saved and opened again: ",
    "x = Unregistered()(row); return keras.Model(row, layers.Dense(1)(x))": (
        "cannot be saved and opened again: Could not locate class 'Unregistered'"
    ),
    "x = Forgets(3.0)(row); return keras.Model(row, layers.Dense(1)(x))": (
        "gives other outputs after it was saved and opened again"
    ),
    "row = keras.Input((5,)); return keras.Model(row, layers.Dense(1)(row))": (
        r"takes examples of shape \(5,\) and those of moons are of shape \(2,\)"
    ),
    "row = keras.Input((2, 2)); return keras.Model(row, layers.Dense(1)(row))": (
        r"takes examples of shape \(2, 2\) and those of moons"
    ),
    "return keras.Model(row, layers.Conv2D(3, 3)(row))": (
        r"cannot be built for moons, whose examples are of shape \(2,\): "
    ),
    "raise RuntimeError('no luck')": "cannot be built for moons, .*: no luck",
    "return keras.Model(row, layers.Dense(1)(Counts()(row)))": (
        # PyTorch computes it, and it is not registered.
        r"cannot be saved|\(2,\)( and type float32)?: (?!Exception enc|.*_error_repr)\w"
    ),
    "return keras.Model([row, keras.Input((2,))], layers.Dense(1)(row))": (
        "has 2 inputs and 1 outputs; accepted: one of each"
    ),
    "x = layers.Dense(1)(row); return keras.Model(row, [x, x])": (
        "has 1 inputs and 2 outputs"
    ),
    "return keras.Model(row, ops.expand_dims(layers.Dense(1)(row), -1))": (
        r"gives outputs of shape \(1, 1\) an example; accepted: \(classes,\)"
    ),
    "return keras.Model(row, layers.Dense(3)(row))": (
        "has 3 outputs and data moons has 2 classes"
    ),
    "return keras.Model(row, ops.cast(layers.Dense(1)(row), 'int32'))": (
        "gives whole numbers .int32.; accepted: logits"
    ),
    "return keras.Model(row, row[:, :1])": "has no weights that can be trained",
    "return keras.Model(row, layers.Dense(1)(row) / 0)": "gives NaN or infinity at its",
}


COMPUTED = ("ops.exp", "ops.cast", "/ 0", "Conv2D", "Forgets")  # by the framework


@pytest.mark.parametrize(
    "body",
    [
        body
        if any(part in body for part in COMPUTED)
        else pytest.param(body, marks=pytest.mark.once)
        for body in REFUSED
    ],
)
def test_a_model_that_zoo_cannot_train(body, tmp_path):
    file = tmp_path / "net.py"
    file.write_text(MODEL.replace("BODY", body))
    recipe = zoo.Recipe(str(file), "moons", batch=64, epochs=1)
    with pytest.raises(Mistake, match=REFUSED[body]) as mistake:
        train(recipe, run=tmp_path / "run", quiet=True)
    assert "\n" not in str(mistake.value)
    assert not (tmp_path / "run").exists()


ACCEPTED = [
    "return keras.Model(row, layers.Dense(1)(row))",
    "return keras.Model(row, layers.Dense(2)(row))",
    "x = layers.Dense(3, activation='sigmoid')(row); "
    "return keras.Model(row, layers.Dense(1)(x))",
    "return keras.Model(row, 5 * ops.tanh(layers.Dense(1)(row)))",
    "return keras.Model(row, layers.ReLU(negative_slope=0.1)(layers.Dense(2)(row)))",
]


@pytest.mark.parametrize("body", ACCEPTED)
def test_a_model_that_zoo_can_train(body, tmp_path):
    file = tmp_path / "net.py"
    file.write_text(MODEL.replace("BODY", body))
    recipe = zoo.Recipe(str(file), "moons")
    dataset = data.load("moons")
    assert accept(recipe, dataset).output_shape[-1] in (1, 2)


@pytest.mark.once
@pytest.mark.parametrize("end", ["relu", "sigmoid"])
def test_a_model_that_cannot_answer_below_the_mean(end, tmp_path):
    file, table = tmp_path / "net.py", tmp_path / "table.csv"
    body = f"return keras.Model(row, layers.Dense(1, activation='{end}')(row))"
    file.write_text(MODEL.replace("BODY", body))
    table.write_text(
        "a,b,y\n"
        + "".join(f"{i % 5 + 0.5},{i % 7},{i % 5 - i % 7 + 0.25}\n" for i in range(99))
    )
    recipe = zoo.Recipe(str(file), str(table), data_arguments={"target": "y"}, batch=16)
    reason = f"ends in {end}, .*; zoo takes answers in deviations from the mean"
    with pytest.raises(Mistake, match=reason):
        train(recipe, run=tmp_path / "run", quiet=True)


# --- Data


ROWS = zoo.Recipe("deep_mlp", "moons", batch=16, epochs=1)


def changed(value):
    dataset = data.load("moons")
    inputs = np.array(dataset.train.inputs)
    inputs[3, 1] = value
    split = Split(inputs, dataset.train.targets)
    return dataclasses.replace(dataset, train=split, features=("width", "height"))


def test_missing_values_are_named_before_training():
    with pytest.raises(Mistake) as mistake:
        build_for(ROWS, changed(np.nan))
    assert str(mistake.value) == (
        "the data moons have missing values in height (1), which model deep_mlp cannot "
        "take; train without these rows, data.complete=True, or take a model that "
        "fills them in, such as mammogram_mlp"
    )


def test_infinite_values_are_named_before_training():
    with pytest.raises(Mistake, match=r"infinite values in height \(1\) of the train"):
        build_for(ROWS, changed(np.inf))


def test_a_model_of_zoo_for_other_data():
    recipe = dataclasses.replace(ROWS, model="lenet")
    with pytest.raises(Mistake, match="lenet"):
        build_for(recipe, data.load("moons"))


# --- Settings without an effect


NO_EFFECT = {
    "early_stopping=2": ({"validation": 0.0}, "early_stopping=2 needs validation data"),
    "learning_rate=0": ({}, "learning_rate=0 trains nothing"),
    "trainable=head": ({}, "model deep_mlp has no set_trainable, and is trained as a"),
    "batch=1000": ({}, "batch=1000 is larger than the data: moons has"),
    "momentum=0.9": ({}, "momentum=0.9: adam has none"),
    'class_weight={"upper": 0, "lower": 0}': ({}, "class_weight of 0 for every class"),
    "warmup_epochs=5": ({}, "warmup_epochs=5.0 is"),
    "loss=keras.losses.Poison": ({}, "unknown loss of keras.losses 'Poison'"),
}


@pytest.mark.parametrize("place", ["recipe", "second stage"])
@pytest.mark.parametrize("change", NO_EFFECT)
def test_what_has_no_effect_is_refused_in_any_stage(place, change):
    fields, text = NO_EFFECT[change]
    recipe = dataclasses.replace(ROWS, **fields)
    if place == "recipe":
        recipe = zoo.recipe.override(recipe, [change])
    else:
        recipe = dataclasses.replace(recipe, stages=({"epochs": 1}, {"epochs": 1}))
        recipe = zoo.recipe.override(recipe, [f"stage.2.{change}"])
    dataset = data.load("moons", validation=recipe.validation)
    with pytest.raises(Mistake, match=text):
        accept(recipe, dataset)


def accept(recipe, dataset):
    check(recipe, dataset)
    return build_for(recipe, dataset)


# --- Stages


def test_early_stopping_of_a_stage_is_that_of_the_recipe(tmp_path):
    base = dataclasses.replace(ROWS, learning_rate=0.01, epochs=4)
    fields = {"early_stopping": 2, "epochs": 4}
    whole = train(dataclasses.replace(base, **fields), run=tmp_path / "a", quiet=True)
    staged = dataclasses.replace(base, stages=(fields,))
    staged = train(staged, run=tmp_path / "b", quiet=True)
    assert len(whole.history) == len(staged.history) == 4
    assert whole.metrics["validation"] == staged.metrics["validation"]


def test_the_history_of_a_stage_is_of_its_averaged_weights(tmp_path):
    staged = dataclasses.replace(ROWS, epochs=2, stages=({"ema": 0.9, "epochs": 2},))
    run = train(staged, run=tmp_path / "run", quiet=True)
    kept = run.metrics["validation"]["loss"]
    assert run.history[-1]["validation_loss"] == pytest.approx(kept, rel=1e-6)


@pytest.mark.once
def test_an_average_that_hardly_moves_is_told():
    recipe = dataclasses.replace(ROWS, ema=0.9999)
    with pytest.warns(UserWarning, match=r"ema=0.9999 is slow for .* updates: 100% of"):
        check(recipe, data.load_for(recipe))


def test_a_field_that_every_stage_sets_is_said_to_have_no_effect():
    recipe = dataclasses.replace(
        ROWS, epochs=7, stages=({"epochs": 1}, {"epochs": 2, "batch": 16})
    )
    dataset = data.load_for(recipe)
    with pytest.warns(UserWarning, match="epochs=7 has no effect: every stage of the"):
        check(recipe, dataset)


# --- What the data say themselves


@pytest.mark.once
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("model.classes=3", "2 classes .*; leave out model.classes=3: the data say it"),
        ("model.input_shape=(3,)", r"leave out model.input_shape=\(3,\): the data say"),
    ],
)
def test_an_argument_against_the_data_is_named(change, said):
    recipe = zoo.recipe.override(ROWS, [change])
    with pytest.raises(Mistake, match=said):
        build_for(recipe, data.load("moons"))


@pytest.mark.once
def test_a_rate_and_a_vocabulary_are_those_of_the_data():
    """No shape shows them: words beyond the table, and bands at other frequencies."""
    nothing = np.zeros((3, 800), "int16")
    sounds = data.Dataset(
        "own", "sound", Split(nothing, np.arange(3)), classes=tuple("abc"), rate=8000
    )
    recipe = zoo.Recipe(
        model="lstm_speech", model_arguments={"rate": 16000}, data="./own"
    )
    with pytest.raises(Mistake, match=r"model.rate=16000, and \./own has 8,000: leave"):
        build_for(recipe, sounds)
