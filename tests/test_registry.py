"""Models by name, and modules of the user's own."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import zoo
from zoo.building import registry
from zoo.errors import Mistake

ROOT = Path(__file__).parents[1]
OWN_MODEL = '''"""My net."""
import keras

def build(width, depth=1):
    row = keras.Input((3,), name="row")
    score = keras.layers.Dense(width, name="score")(row)
    return keras.Model(row, score, name="my_net")
'''


@pytest.fixture
def own_model(tmp_path, monkeypatch):
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "my_net.py").write_text(OWN_MODEL)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "my_package" / "my_net.py"
    sys.modules.pop("my_package.my_net", None)
    sys.modules.pop("my_package", None)


def test_the_folder_is_the_registry():
    files = (ROOT / "zoo" / "models").glob("*.py")
    models = {path.stem for path in files if not path.name.startswith("_")}
    assert set(zoo.names()) == models
    assert list(zoo.names()) == sorted(zoo.names())
    assert {"perceptron", "deep_mlp", "lenet", "tiny_vgg"} <= set(zoo.names())


def test_find_looks_into_names_then_cards():
    assert zoo.find("LeNet")[0] == "lenet"
    assert zoo.find("rosenblatt") == ("perceptron",)
    assert "deep_mlp" in zoo.find("batch normalization")
    assert zoo.find("") == zoo.names()
    assert zoo.find("no such word") == ()


def test_card_is_the_docstring():
    assert zoo.card("lenet") == registry.module("lenet").__doc__.strip()


def test_names_find_and_card_load_no_framework():
    script = (
        "import sys, zoo\n"
        "zoo.names(), zoo.find('digits'), zoo.card('lenet')\n"
        "print({'keras', 'numpy', 'jax', 'tensorflow', 'torch'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


def test_build_passes_arguments_on():
    model = zoo.build("deep_mlp", hidden=(5,), classes=2, input_shape=(3,))
    assert model.count_params() == 32


def test_unknown_model_names_the_nearest():
    with pytest.raises(Mistake, match=r"unknown model 'lnet'; did you mean 'lenet'\?"):
        zoo.build("lnet")
    with pytest.raises(Mistake, match=r"accepted: .*perceptron.*or by its file"):
        zoo.card("lnet")


@pytest.mark.parametrize("name", ["no_package.net", "zoo.net", "./net", "a..b", "zoo."])
def test_unknown_dotted_path(name):
    with pytest.raises(Mistake, match="unknown model"):
        zoo.build(name)


def test_unknown_argument_names_the_nearest():
    with pytest.raises(
        Mistake,
        match=r"unknown argument of model 'deep_mlp' 'hiden'; did you mean 'hidden'\?"
        r".*zoo card deep_mlp",
    ):
        zoo.build("deep_mlp", hiden=(3,))


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("tiny_vgg", {"batch_normalization": "no"}, "is 'no'; accepted: True or False"),
        ("lstm_speech", {"joined": True}, "joined is True; accepted: a whole number"),
        ("deep_mlp", {"dropout": True}, "dropout is True; accepted: a number"),
    ],
)
def test_an_argument_that_would_count_as_another_is_refused(name, given, said):
    with pytest.raises(Mistake, match=said):
        zoo.build(name, **given)


def test_a_model_of_ones_own_by_dotted_path(own_model):
    assert zoo.card("my_package.my_net") == "My net."
    assert zoo.build("my_package.my_net", width=2).count_params() == 8


def test_a_model_of_ones_own_by_file(own_model):
    assert zoo.card(str(own_model)) == "My net."
    assert zoo.build(str(own_model), width=2).count_params() == 8
    assert registry.module(str(own_model)) is registry.module(str(own_model))


def test_an_own_model_gets_seeded_weights(own_model):
    one, same, other = (
        keras.ops.convert_to_numpy(
            zoo.build(str(own_model), width=2, seed=seed).trainable_weights[0]
        )
        for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).all()


def test_a_missing_argument_is_named(own_model):
    with pytest.raises(Mistake, match="needs a value for its argument 'width'"):
        zoo.build(str(own_model))


def test_a_missing_file_is_named():
    with pytest.raises(Mistake, match=r"no file no_such_net\.py; a model of your own"):
        zoo.build("no_such_net.py")


def test_a_file_without_build_is_no_model(tmp_path):
    (tmp_path / "notes.py").write_text("x = 1\n")
    with pytest.raises(Mistake, match="defines no function build"):
        zoo.build(str(tmp_path / "notes.py"))
    assert "has no card" in zoo.card(str(tmp_path / "notes.py"))


def test_a_build_that_returns_no_model_is_a_mistake(tmp_path):
    (tmp_path / "net.py").write_text("def build(**options):\n    return options\n")
    with pytest.raises(Mistake, match=r"returned a dict, not a keras\.Model"):
        zoo.build(str(tmp_path / "net.py"), width=2)


def test_a_broken_import_inside_ones_own_model_is_shown(own_model):
    own_model.write_text("import no_such_library\n")
    told = r"my_net.py, line 1: ModuleNotFoundError: No module named 'no_such_library'"
    with pytest.raises(Mistake, match=told):
        zoo.build("my_package.my_net")


@pytest.mark.once
def test_a_file_that_is_no_python_is_told_with_its_line(tmp_path):
    (tmp_path / "net.py").write_text("import keras\ndef build(:\n")
    with pytest.raises(Mistake, match=r"net.py, line 2: SyntaxError: .*; correct the"):
        zoo.build(str(tmp_path / "net.py"))


def test_a_variable_made_from_an_array_is_refused(tmp_path):
    file = tmp_path / "my_net.py"
    file.write_text(
        """
import keras


class Shift(keras.layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.shift = keras.Variable([1.0])

    def call(self, x):
        return x + self.shift


def build():
    inputs = keras.Input((3,))
    return keras.Model(inputs, Shift()(inputs))
"""
    )
    with pytest.raises(Mistake, match=r"keras\.Variable from an array; accepted: self"):
        zoo.build(str(file))


def test_a_file_is_taken_as_it_is_now(own_model):
    assert zoo.build(str(own_model), width=2).count_params() == 8
    own_model.write_text(OWN_MODEL.replace("(3,)", "(4,)"))  # as many letters
    assert zoo.build(str(own_model), width=2).count_params() == 10
    own_model.write_text(OWN_MODEL)
    assert zoo.build(str(own_model), width=2).count_params() == 8


def test_a_path_names_a_model_and_anything_else_does_not(own_model):
    assert zoo.build(own_model, width=2).count_params() == 8
    assert zoo.card(own_model) == "My net."
    with pytest.raises(Mistake, match=r"^model 3 is of type int, not text; accepted:"):
        zoo.build(3)
    (own_model.parent / "recipe.json").write_text("{}")
    with pytest.raises(Mistake, match=r"is the folder of a run, not a model; zoo.load"):
        zoo.build(own_model.parent)


def test_a_file_finds_what_lies_beside_it_as_it_is_now(tmp_path):
    text = OWN_MODEL.replace("def", "import sizes\ndef").replace("(3,)", "sizes.SHAPE")
    text = text.replace(
        "    row", "    import sizes as again\n    assert again is sizes\n    row"
    )
    files = [tmp_path / folder / "net.py" for folder in ("one", "two")]
    for width, file in enumerate(files, 1):
        file.parent.mkdir()
        file.write_text(text)
        (file.parent / "sizes.py").write_text(f"SHAPE = ({width},)\n")
    paths = list(sys.path)
    for file, count in zip([*files, files[0]], (4, 6, 4), strict=True):
        assert zoo.build(file, width=2).count_params() == count
    (files[0].parent / "sizes.py").write_text("SHAPE = (5,)\n")  # as many letters
    assert zoo.build(files[0], width=2).count_params() == 12
    assert sys.path == paths
    assert "sizes" not in sys.modules
    assert not list(tmp_path.rglob("__pycache__"))


def test_a_file_is_a_real_module(tmp_path):
    file = tmp_path / "my_net.py"
    file.write_text(
        "from __future__ import annotations\n"
        "import dataclasses\n"
        "@dataclasses.dataclass\n"
        "class Widths:\n"
        "    first: int = 2\n"
        f"{OWN_MODEL.removeprefix(OWN_MODEL.splitlines()[0])}"
    )
    module = registry.module(str(file))
    assert sys.modules[module.Widths.__module__] is module
    assert zoo.build(str(file), width=module.Widths().first).count_params() == 8


def test_two_files_of_one_name_are_two_modules(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "net.py").write_text(OWN_MODEL)
    one, two = (registry.module(f"{tmp_path}/{f}/net.py") for f in ("one", "two"))
    assert one is not two
    assert one.__name__ != two.__name__


def test_a_file_that_fails_leaves_no_module(tmp_path):
    (tmp_path / "net.py").write_text("import no_such_library\n")
    before = {*sys.modules}
    with pytest.raises(Mistake, match=r"line 1: .*no_such_library'; correct the file"):
        zoo.build(str(tmp_path / "net.py"))
    assert {name for name in {*sys.modules} - before if name.startswith("net")} == set()


def test_the_command_finds_a_package_in_the_working_folder(own_model):
    command = "import sys; sys.path.pop(0); import zoo; zoo.main()"
    ran = subprocess.run(
        [sys.executable, "-c", command, "card", "my_package.my_net"],
        cwd=own_model.parents[1],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ran.stdout == "My net.\n", ran.stderr
