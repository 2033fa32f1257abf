"""Trained weights by name: what the cards say is measured, and wrong names are told."""

import json
import shutil
from pathlib import Path

import ledger
import numpy as np
import pytest

import zoo
from zoo import cli
from zoo.building import trained
from zoo.data.sources.made_up import sample
from zoo.engine import steps
from zoo.errors import Mistake
from zoo.run import open_run

NAMES = trained.names()
FOLDERS = [trained.folder(name) for name in NAMES]


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The smallest weights, in a folder where they can be spoiled."""
    monkeypatch.setattr(trained, "_FOLDER", tmp_path)
    shutil.copytree(
        FOLDERS[NAMES.index("mammogram_mlp:masses")],
        tmp_path / "mammogram_mlp" / "masses",
    )
    return tmp_path / "mammogram_mlp" / "masses"


@pytest.mark.parametrize("name", NAMES)
def test_every_backend_answers_as_the_card_says(name):
    model = zoo.load(name)
    expected = np.array(trained.card(name)["answers"])
    asked = sample(model, len(expected)).train.inputs
    found = steps.compile_forward(model)(asked)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.once
@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_of_a_card_are_those_of_the_ledger(name):
    card = trained.card(name)
    (line,) = [each for each in ledger.read() if each.get("released") == name]
    for key in ("recipe", "seed", "backend", "commit", "versions"):
        assert card[key] == line[key]
    for split, accuracy in card["ledger"].items():
        assert accuracy == line["metrics"][split]["accuracy"]
    floors = line["metrics"]["floors"]
    assert card["floors"] == {key: floors[key]["accuracy"] for key in floors}
    if card["weights"].startswith("float32"):
        split = next(iter(card["ledger"]))
        assert card["accuracy"]["value"] == pytest.approx(
            line["metrics"][split]["accuracy"], abs=1e-4
        )
        assert card["parameters"] == line["metrics"]["parameters"]


@pytest.mark.once
@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_a_card_says_what_it_must_and_no_place_of_a_machine(folder):
    card = trained.card(folder)
    assert ":".join(folder.parts[-2:]) == card["name"]
    for key in ("license of the data", "intended use", "limits", "inputs", "commit"):
        assert card[key], key
    recipe = json.loads((folder / "recipe.json").read_text("utf-8"))
    assert not {"file", "path"} & recipe["data_arguments"].keys()
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 8e6


@pytest.mark.once
@pytest.mark.once
def test_a_card_shows_letters_that_cannot_be_seen():
    said = trained.described(
        {
            "results": {"bits": 2.5, "on": "of 66 test examples"},
            "classes": ["", "\n", " ", ",", "a", " cat"],
        }
    )
    assert said.splitlines() == [
        "results: bits 2.5, of 66 test examples",
        r"classes: '', '\n', ' ', ',', a, cat",
    ]


def test_all_of_them_are_at_most_20_megabytes():
    every = [path for folder in FOLDERS for path in folder.iterdir()]
    assert sum(path.stat().st_size for path in every) <= 20e6


@pytest.mark.once
@pytest.mark.parametrize("name", NAMES)
def test_those_with_a_validation_split_know_how_far_they_are_off(name):
    card, about = trained.card(name), open_run(name).metrics.get("conformal")
    assert (about is not None) == ("validation" in card["ledger"])
    if about is None:
        known = open_run(name).about_data
        row = ",".join("1" for _ in known.columns or known.features)
        with pytest.raises(Mistake, match="it had no validation split"):
            zoo.predict(name, row, confidence=0.9)
        return
    assert card["confidence"].endswith(f"{about['examples']:,} validation examples")
    errors = about["errors"]["class"]
    assert errors == sorted(errors)
    # Where most are below log 2, the true class is the most probable of most examples.
    right = np.searchsorted(errors, np.log(2)) / len(errors)
    assert right <= card["ledger"]["validation"] + 0.01
    if card["model"] == "lenet":
        blank = np.zeros((28, 28))
        answer = zoo.predict(name, blank, confidence=0.99, as_is=True)[0]
        assert answer.label in answer.possible


@pytest.mark.once
def test_built_by_name_is_loaded_by_name():
    built = zoo.build("mammogram_mlp", weights="masses")
    loaded = zoo.load("mammogram_mlp:masses")
    for one, other in zip(built.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    initial = zoo.build("mammogram_mlp", hidden=(16,), encoding="one_hot", weights=None)
    assert initial.count_params() == built.count_params()


@pytest.mark.once
def test_another_number_of_classes_keeps_the_body():
    with pytest.warns(UserWarning, match="keep their initial values") as said:
        model = zoo.build("mammogram_mlp", weights="masses", classes=3)
    (told,) = {str(each.message) for each in said}
    assert told.endswith(
        "keep their initial values: the weights mammogram_mlp:masses are for "
        "classes=1, and classes=3 was asked for"
    )
    whole = zoo.load("mammogram_mlp:masses")
    assert model.output_shape == (None, 3)
    named = [(a, b) for a, b in zip(model.weights, whole.weights, strict=True)]
    same = [a.shape == b.shape and np.array_equal(a, b) for a, b in named]
    assert same.count(False) == told.split(" keep")[0].count(",") + 1 == 2


@pytest.mark.once
@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (
            lambda: zoo.load("perceptron:irsi"),
            "unknown trained weights 'perceptron:irsi'; did you mean 'perceptron:iris'",
        ),
        (
            lambda: zoo.build("mammogram_mlp", weights="mases"),
            "unknown weights of mammogram_mlp 'mases'; did you mean 'masses'?",
        ),
        (
            lambda: zoo.build("mammogram_mlp", weights="masses", hidden=(8,)),
            "the weights mammogram_mlp:masses are of another architecture than "
            "hidden=(8,): they were trained with hidden=(16,); leave hidden out",
        ),
        (lambda: zoo.load("nowhere"), "nowhere is not a run: there is no such folder"),
    ],
)
def test_what_is_not_there_is_told(ask, told):
    with pytest.raises(Mistake) as caught:
        ask()
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


@pytest.mark.once
@pytest.mark.parametrize("ask", [zoo.load, zoo.build])
def test_a_changed_file_is_refused(copied, ask):
    path = copied / trained.WEIGHTS
    content = path.read_bytes()

    def asked():
        if ask is zoo.load:
            zoo.load("mammogram_mlp:masses")
        else:
            zoo.build("mammogram_mlp", weights="masses")

    for changed in (content[:-4], content[:-1] + b"\0"):
        path.write_bytes(changed)
        with pytest.raises(Mistake, match=r"its SHA-256 is not that in run\.json"):
            asked()
    path.write_bytes(content)
    asked()
    (copied / trained.CARD).write_text("{}")
    with pytest.raises(Mistake, match=r"card\.json is not the file"):
        asked()


@pytest.mark.once
def test_the_commands(capsys):
    assert cli.call(["weights"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(NAMES)
    assert cli.call(["card", "perceptron:iris"]) == 0
    assert "classes: setosa, versicolor" in capsys.readouterr().out
    words = ["predict", "perceptron:iris", "5.1,1.4", "--json"]
    assert cli.call(words) == 0
    (said,) = json.loads(capsys.readouterr().out)
    assert said["label"] == "setosa"


@pytest.mark.once
def test_a_folder_of_this_name_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("lenet:mine").mkdir()
    with pytest.raises(Mistake, match=r"lenet:mine is not a run: it has no recipe"):
        zoo.load("lenet:mine")
