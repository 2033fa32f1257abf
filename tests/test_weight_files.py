"""Weights on disk: what goes in comes out, bit for bit, and by name."""

import keras
import numpy as np
import pytest

from zoo.building import fitting, registry, weight_files
from zoo.recipe import Recipe

MODELS = [
    (
        "deep_mlp",
        {
            "input_shape": (3,),
            "hidden": (4,),
            "batch_normalization": "before",
            "dropout": 0.1,
        },
    ),
    ("mammogram_mlp", {"encoding": "one_hot"}),
    ("lstm_sentiment", {"vocabulary_size": 9, "length": 5, "units": (3, 2)}),
    ("lstm_sentiment", {"vocabulary_size": 9, "length": 5, "cell": "mingru"}),
    ("lenet", {}),
]


def learned(name, arguments):
    """A model whose state is not that of a new one."""
    model = registry.build(name, seed=3, **arguments)
    draw = np.random.default_rng(0)
    for layer in model.layers:
        if hasattr(layer, "adapt"):
            layer.adapt(draw.integers(1, 5, (20, 4)).astype("float32"))
    for variable in model.weights:
        if "float" in variable.dtype:
            variable.assign(draw.random(variable.shape).astype("float32"))
    return model


def outputs(model):
    shape = (4, *model.input_shape[1:])
    inputs = np.random.default_rng(1).integers(1, 5, shape)
    inputs = inputs.astype(model.inputs[0].dtype)
    return keras.ops.convert_to_numpy(model(keras.ops.convert_to_tensor(inputs)))


def test_a_weight_may_be_a_single_number(tmp_path):
    file, path = tmp_path / "net.py", tmp_path / "model.safetensors"
    file.write_text(
        "import keras\n"
        "class Scale(keras.layers.Layer):\n"
        "    def build(self, shape):\n"
        "        self.scale = self.add_weight(shape=(), initializer='ones')\n"
        "    def call(self, x):\n"
        "        return self.scale * x\n"
        "def build():\n"
        "    row = keras.Input((2,))\n"
        "    return keras.Model(row, Scale()(row))\n"
    )
    model = registry.build(file)
    model.weights[0].assign(3.0)
    weight_files.save(model, path)
    recipe = Recipe(str(file), "some data")
    again = fitting.build(recipe, {}, lambda made: weight_files.load(made, path))
    np.testing.assert_array_equal(outputs(again), outputs(model))
    assert [shape for _, shape in weight_files.shapes(path).values()] == [()]


@pytest.mark.parametrize(("name", "arguments"), MODELS)
def test_a_model_is_rebuilt_with_all_its_state(tmp_path, name, arguments):
    model, path = learned(name, arguments), tmp_path / "model.safetensors"
    weight_files.save(model, path)
    recipe = Recipe(name, "some data", arguments)
    again = fitting.build(recipe, {}, lambda made: weight_files.load(made, path))
    np.testing.assert_array_equal(outputs(again), outputs(model))
    for ours, theirs in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(ours.value),
            keras.ops.convert_to_numpy(theirs.value),
        )
    count = sum(int(np.prod(shape)) for _, shape in weight_files.shapes(path).values())
    assert count >= model.count_params()


def test_names_do_not_depend_on_what_was_made_before(tmp_path):
    found = []
    for place in range(2):
        model = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)]
        )
        weight_files.save(model, tmp_path / f"{place}.safetensors")
        found.append(weight_files.shapes(tmp_path / f"{place}.safetensors"))
    assert found[0] == found[1]
    assert found[0]["dense_2/kernel"] == ("float32", (4, 2))
