"""Runs from strangers: opening one executes nothing that it names."""

import shutil

import keras
import pytest
from strangers import POINT, answer, edit, evil, refused

import zoo
from zoo.cli import call
from zoo.core import seal
from zoo.recipe import Recipe

pytestmark = pytest.mark.once


def test_a_run_executes_no_model_file_that_its_recipe_names(run, canary, capsys):
    """Its graph is of Keras's own layers, so it opens without the file."""
    file = run.parent / "evil.py"
    file.write_text(evil(canary))
    expected = answer(run)
    edit(run / "recipe.json", model=str(file))
    shutil.copy(file, run / "model.py")
    seal.write(run)
    found = answer(run)
    assert found == pytest.approx(expected, abs=1e-6)
    assert call(["predict", str(run), POINT]) == 0
    zoo.publish(run, run.with_name("published"))


def test_resuming_a_stranger_s_run_needs_trust(run, canary, capsys):
    file = run.parent / "evil.py"
    file.write_text(evil(canary))
    edit(run / "recipe.json", model=str(file))
    assert call(["train", str(run), "--resume"]) == 2
    assert f"would execute {file}" in (text := capsys.readouterr().err)
    assert "--trust" in text
    assert text.count("\n") == 1
    edit(run / "recipe.json", model="deep_mlp", loss="evil.loss")
    assert call(["train", str(run), "--resume"]) == 2
    assert "would execute evil.loss" in capsys.readouterr().err


def test_the_data_of_a_run_import_no_builder_of_a_stranger(run):
    edit(run / "recipe.json", data="somebody:digits")
    with refused("would execute", "somebody:digits", "--trust"):
        zoo.evaluate(run)


OWN = """
import keras

@keras.saving.register_keras_serializable(package="own")
class Double(keras.layers.Layer):
    def call(self, x):
        return 2 * x

def build(input_shape=(2,), classes=1):
    x = keras.Input(input_shape)
    return keras.Model(x, keras.layers.Dense(classes, name="logits")(LAYER(x)))
"""


@pytest.fixture
def own(tmp_path):
    """A file, and a run of the model in it, whose layer is the user's own."""

    def make(layer="Double()", beside=""):
        file = tmp_path / "own" / "my_net.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(OWN.replace("LAYER", layer))
        if beside:  # the layer lies in a file of its own
            head, _, build = OWN.replace("LAYER", layer).partition("def build")
            (file.parent / beside).write_text(head)
            imports = f"import keras\nfrom {beside.removesuffix('.py')} import Double\n"
            file.write_text(f"{imports}def build{build}")
        recipe = Recipe(str(file), "moons", epochs=1, batch=100)
        return file, zoo.train(recipe, run=tmp_path / f"run-{layer[:3]}", quiet=True)

    return make


@pytest.mark.slow
def test_a_model_of_one_s_own_needs_trust_and_no_file(own, capsys):
    known = dict(keras.saving.get_custom_objects())  # without what the run's file adds
    file, run = own()
    expected = answer(run)
    file.rename(file.with_name("gone.py"))
    keras.saving.get_custom_objects().clear()  # as in a process of its own
    keras.saving.get_custom_objects().update(known)
    with refused("would execute", str(file), "--trust", "trust=True"):
        answer(run.folder)
    assert call(["predict", str(run.folder), POINT]) == 2
    assert "--trust" in capsys.readouterr().err
    assert answer(run.folder, trust=True) == expected
    assert call(["predict", str(run.folder), POINT, "--trust"]) == 0


@pytest.mark.slow
def test_a_model_of_one_s_own_made_of_keras_layers_needs_neither(own):
    file, run = own("keras.layers.Dense(3)")
    expected = answer(run)
    shutil.rmtree(file.parent)
    assert answer(run.folder) == pytest.approx(expected, abs=1e-6)
    with open(run.folder / "model.safetensors", "ab") as weights:
        weights.write(b"more")
    for trust in (False, True):  # the answer comes from another file without it
        with refused("model.safetensors is not the file that training wrote"):
            answer(run.folder, trust=trust)


def test_a_run_keeps_what_its_model_file_imports(own):
    file, run = own("Double()", beside="double.py")
    expected = answer(run)
    shutil.rmtree(file.parent)
    shutil.copytree(run.folder, there := run.folder.with_name("elsewhere"))
    assert answer(there, trust=True) == expected
    published = zoo.publish(there, run.folder.with_name("published"), trust=True)
    assert answer(published, trust=True) == expected
    (there / "double.py").write_text("changed = True")
    with refused("double.py", "SHA-256"):
        answer(there, trust=True)


@pytest.mark.slow
def test_a_changed_model_file_is_told(own):
    file, run = own()
    expected = answer(run)
    file.write_text(file.read_text().replace("2 * x", "3 * x"))
    with pytest.warns(UserWarning, match="has changed since the run"):
        assert answer(run.folder, trust=True) == expected
    (run.folder / "model.py").write_text(file.read_text())
    with refused("model.py", "SHA-256"):
        answer(run.folder, trust=True)
