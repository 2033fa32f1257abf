"""The spaces that searches draw from, a recipe at their beginning."""

import dataclasses

import keras_tuner
import pytest
from searches import TINY

import zoo
from zoo import data
from zoo import recipe as recipes
from zoo.building import fitting
from zoo.engine import private
from zoo.errors import Mistake
from zoo.tuning import network, tuner
from zoo.tuning.search import Settings
from zoo.tuning.space import space

pytestmark = pytest.mark.once


@pytest.mark.parametrize("name", recipes.names())
def test_the_defaults_of_the_space_are_the_recipe(name):
    recipe = recipes.load(name)
    hp = keras_tuner.HyperParameters()
    assert space(recipe, hp) == []
    assert "learning_rate" in hp.values or recipe.stages


@pytest.mark.parametrize("name", recipes.names())
def test_every_value_of_the_space_is_a_recipe(name):
    recipe = recipes.load(name)
    declared = keras_tuner.HyperParameters()
    space(recipe, declared)
    for seed in range(20):
        hp = keras_tuner.HyperParameters()
        for place, part in enumerate(declared.space):
            hp.merge([part])
            if hp.is_active(part):
                hp.values[part.name] = part.random_sample(1000 * seed + place)
        changes = space(recipe, hp)
        assert all(" " not in change for change in changes)
        changed = recipes.override(recipe, changes)
        assert changed != recipe


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_each_layer_of_the_stacked_lstm_has_a_memory(layers):
    hp = keras_tuner.HyperParameters()
    hp.values |= {"layers": layers, "memory_1": 40.0}
    recipe = recipes.load("lstm_imdb")
    changed = recipes.override(recipe, space(recipe, hp))
    expected = (40.0, 800.0, 0.0)[:layers]
    assert changed.model_arguments["memory"] == expected
    small = changed.model_arguments | {"vocabulary_size": 9, "embedding": 4}
    assert zoo.build("lstm_sentiment", **small).count_params() > 0


def test_the_space_of_the_mlp_is_that_of_textbooks():
    hp = keras_tuner.HyperParameters()
    space(TINY, hp)
    declared = {part.name: part for part in hp.space}
    depth, width = declared["hidden_layers"], declared["hidden_6"]
    assert (depth.min_value, depth.max_value) == (1, 6)
    assert (width.min_value, width.max_value) == (10, 512)
    assert declared["optimizer"].values == ["adam", "sgd"]
    assert {"relu", "tanh", "sigmoid"} == set(declared["activation"].values)
    assert declared["dropout"].max_value == 0.5
    assert {"l1", "l2", "batch_normalization", "batch"} <= set(declared)


def test_only_some_are_searched_and_a_wrong_name_is_told():
    hp = keras_tuner.HyperParameters()
    space(TINY, hp, only=("learning_rate", "l2"))
    assert list(hp.values) == ["l2", "learning_rate"]
    with pytest.raises(Mistake, match="did you mean 'learning_rate'"):
        space(TINY, hp, only=("lerning_rate",))


@pytest.mark.parametrize(
    ("given", "shape", "expected"),
    [
        ({"head": "ctc"}, (8000,), ("pooling",)),
        ({}, (29, 12), ("rate", "bands", "normalize")),
        ({}, (8000,), ()),
    ],
)
def test_what_has_no_effect_is_not_searched(given, shape, expected):
    recipe = zoo.Recipe(model="lstm_speech", data="vowels", model_arguments=given)
    idle = fitting.idle(recipe, {"input_shape": shape, "classes": 3})
    assert idle == expected
    hp = keras_tuner.HyperParameters()
    space(recipe, hp, fixed=idle)
    assert not {*hp.values} & {*expected}
    if "pooling" in idle:
        with pytest.raises(Mistake, match="pooling has no effect on these data"):
            space(recipe, hp, fixed=idle, only=("pooling",))


def test_augmentation_is_searched_by_strength():
    recipe = dataclasses.replace(
        TINY, augment={"rotation": 10, "flip": 0.7, "trivial_augment_wide": 31}
    )
    hp = keras_tuner.HyperParameters()
    assert space(recipe, hp) == []
    values = {part.name: part.values for part in hp.space}
    assert values["augment.rotation"] == [0.0, 5.0, 10.0, 15.0, 20.0]
    assert values["augment.flip"] == [0.0, 0.35, 0.7]
    hp.values["augment.trivial_augment_wide"] = False
    assert space(recipe, hp) == ["augment.trivial_augment_wide=0"]


DYNAMIC_SPACE = """
def build(input_shape=(2,), widths=(4,), kind="plain", groups=2):
    import keras
    x = inputs = keras.Input(input_shape)
    for number, width in enumerate(widths):
        x = keras.layers.Dense(width, name=f"hidden_{number}")(x)
    return keras.Model(inputs, keras.layers.Dense(1, name="logits")(x))

def space(hp):
    count = hp.Int("widths_layers", 1, 3)
    widths = tuple(hp.Int(f"widths_{n}", 2, 99) for n in range(1, count + 1))
    kind = hp.Choice("kind", ["plain", "grouped"])
    with hp.conditional_scope("kind", ["grouped"]):
        groups = hp.Int("groups", 2, 9)
    return {"widths": widths, "kind": kind, "groups": groups or 2}
"""


def test_a_layer_that_is_there_for_some_depths_only_is_searched_too(tmp_path):
    file = tmp_path / "dynamic_net.py"
    file.write_text(DYNAMIC_SPACE)
    recipe = dataclasses.replace(TINY, model=str(file), model_arguments={})
    found = tuner.Tuner(Settings("", (), recipe, "numpy"), tmp_path, quiet=True)
    declared = {part.name for part in found.oracle.get_space().space}
    assert {"widths_1", "widths_2", "widths_3", "kind", "groups"} <= declared
    drawn = [found.oracle.create_trial(f"tuner.{n}") for n in range(30)]
    changes = [found.overrides(trial_.hyperparameters.copy()) for trial_ in drawn]
    thirds = {c for each in changes for c in each if c.count(",") == 2}
    assert len({change.split(",")[2] for change in thirds}) > 2
    assert changes[0] == []
    assert any(c.startswith("model.groups=") for each in changes for c in each)


def test_a_search_of_a_table_looks_for_no_tensorflow(monkeypatch):
    """Keras would import it to recognize its types; it changes the environment."""
    found = data.load(
        {"a": [i * 1.37 % 5 for i in range(24)], "y": [*"ab"] * 12},
        target="y",
        test=0,
        validation=0,
    )
    given = {"input_shape": found.input_shape, "columns": found.columns, "classes": 1}
    model = zoo.build("deep_mlp", hidden=(3,), **given)
    for name in ("module", "_available"):
        monkeypatch.setattr(private.tensorflow, name, None)
    monkeypatch.setattr(private.tensorflow, "initialize", lambda: pytest.fail("asked"))
    assert [len(each.bias) for each in network.read(model).layers] == [3, 1]
