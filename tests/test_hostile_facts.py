"""What runs from strangers say of themselves: wrong facts and metrics cost one line."""

import json
import shutil

import numpy as np
import pytest
from strangers import POINT, answer, edit, refused

import zoo
from zoo.core import seal
from zoo.errors import Mistake
from zoo.run import open_run

pytestmark = pytest.mark.once

# --- recipe.json and data.json


@pytest.mark.parametrize(
    "arguments",
    [
        {"hidden": [2**31]},
        {"hidden": [2**20, 2**20]},
        {"hidden": [1] * 100_000},
        {"hidden": "x"},
        {"hidden": None},
        {"hidden": [-1]},
        {"hidden": [[1]]},
        {"hidden": [6.5]},
        {"unknown": 1},
        {"classes": 10**9},
        {"activation": "os.system"},
        {"activation": "nonsense"},
    ],
)
def test_arguments_that_the_weights_do_not_fit_are_refused(run, arguments):
    edit(run / "recipe.json", model_arguments=arguments)
    with refused():
        answer(run)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "os"},
        {"model": 3},
        {"model": ...},
        {"epochs": "1"},
        {"epochs": -1},
        {"precision": "float8"},
        {"augment": []},
        {"more": 1},
        {"version": 99},
        {"expects": 1},
        {"stages": [[]]},
    ],
)
def test_a_recipe_with_wrong_fields_is_refused(run, changes):
    edit(run / "recipe.json", **changes)
    if changes == {"model": "os"}:  # no model of zoo: its graph is Keras's own
        assert answer(run)
        return
    with refused():
        answer(run)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "sound"},
        {"kind": 1},
        {"kind": []},
        {"kind": "image"},
        {"kind": "text"},
        {"input_shape": [3]},
        {"input_shape": []},
        {"input_shape": [2.0]},
        {"input_shape": [-2]},
        {"input_shape": [2**40]},
        {"input_shape": "2"},
        {"dtype": "O"},
        {"dtype": "float64"},
        {"classes": ["a"]},
        {"classes": ["a", "a"]},
        {"classes": ["a", "b", "c"]},
        {"classes": "ab"},
        {"classes": {"a": 1, "b": 2}},
        {"classes": [1, 2]},
        {"features": ["x"]},
        {"features": [[], []]},
        {"missing": 1},
        {"border": "x"},
        {"border": float("nan")},
        {"border": 300},
        {"name": None},
        {"name": ...},
        {"more": 1},
    ],
)
def test_facts_of_the_data_that_are_wrong_are_refused(run, changes):
    edit(run / "data.json", **changes)
    with refused():
        answer(run)


@pytest.mark.parametrize("name", ["recipe.json", "data.json", "metrics.json"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 900 + b"]" * 900 + b"}",  # Python reads it, and fails later
        b"1" * 5000,
        b"{}" + b" " * 2**27,
        b'{"a": [' + b"{}," * 2**20 + b"{}]}",
    ],
)
def test_json_that_is_none_or_a_bomb_is_refused(run, name, content):
    (run / name).write_bytes(content)
    seal.write(run)
    with refused(name):
        done = open_run(run)
        zoo.predict(done, POINT)
        done.metrics  # noqa: B018  reading it is the test


# --- Metrics, histories and versions


@pytest.mark.parametrize("value", ["0.9", None, {"accuracy": "0.9"}, [True, "x"]])
def test_metrics_that_are_no_numbers_are_refused(run, value):
    about = {"test": value, "seconds": {"total": 1.0}}
    (run / "metrics.json").write_text(json.dumps(about))
    seal.write(run)
    with refused("metrics.json is damaged: it holds something else than numbers"):
        open_run(run).metrics  # noqa: B018  reading it is the test


def test_a_sealed_run_without_its_weights_is_no_older_run(run):
    (run / "model.safetensors").unlink()
    seal.write(run)
    with refused("model.safetensors is missing; copy the run again, or train again"):
        answer(run)


def test_metrics_that_hold_nothing_are_refused(run):
    (run / "metrics.json").write_text("{}")
    seal.write(run)
    said = f"{run / 'metrics.json'} is damaged: it has no metrics of a split (train, v"
    for verb in (answer, zoo.report, lambda x: zoo.publish(x, x.with_name("new"))):
        with refused(said):
            verb(run)


@pytest.mark.parametrize(
    "changes",
    [
        {"test": 5},
        {"test": ..., "validation": ...},
        {"parameters": "17"},
        {"noise": {"other": 0.1}},
        {"floors": {"most frequent class": 0.5}},
        {"classes": {"test": {"upper": {"examples": 3}}}},
        {"calibration": {"temperature": 1e-300}},
        {"calibration": {"temperature": 1e308}},
        {"calibration": {"temperature": True}},
        {"calibration": {"temperature": 10**400}},
        {"test": {"accuracy": 10**400}},
        {"parameters": False},
        {"epochs": {"a": 1}},
        {"examples_per_second": {}},
    ],
)
def test_metrics_that_are_not_those_of_a_run_are_refused(run, changes):
    edit(run / "metrics.json", **changes)
    with refused(f"{run / 'metrics.json'} is damaged: "):
        zoo.report(run)
    with refused(f"{run / 'metrics.json'} is damaged: "):
        zoo.publish(run, run.with_name("published"))


NAN = float("nan")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"test": {"accuracy": 1.58}}, "accuracy=1.58; accepted: 0 to 1"),
        ({"test": {"accuracy": NAN}}, "accuracy=nan; accepted: 0 to 1"),
        ({"test": {"loss": -0.1}}, "loss=-0.1; accepted: at least 0"),
        ({"test": {"r2": 1.5}}, "r2=1.5; accepted: at most 1"),
        ({"floors": {"none": {"accuracy": -1}}}, "accuracy=-1; accepted: 0 to 1"),
        ({"members": {"a": {"perplexity": 0}}}, "perplexity=0; accepted: at least 1"),
        ({"folds": [{"test": {"auc": 2}}]}, "auc=2; accepted: 0 to 1"),
        ({"interval": {"auc": [0.5, 2.5]}}, "an interval to auc=2.5; accepted: 0 to"),
        ({"noise": {"accuracy": -1}}, "accuracy=-1; accepted: at least 0"),
        ({"seconds": {"total": NAN}}, "total=nan; accepted: at least 0"),
        ({"calibration": {"temperature": 1, "error_after": 7}}, "error_after=7; acc"),
        ({"parameters": -5}, "parameters are -5"),
        ({"epochs": NAN}, "epochs are nan"),
    ],
)
def test_numbers_that_no_metric_can_be_are_refused(run, changes, said):
    if "test" in changes:
        changes = {"test": {"accuracy": 1.0, "loss": 0.0, **changes["test"]}}
    edit(run / "metrics.json", **changes)
    with refused(f"{run / 'metrics.json'} is damaged: it", said):
        open_run(run).metrics  # noqa: B018  reading it is the test
    assert said in zoo.runs(run.parent).unreadable["run"]


def test_a_backend_that_is_none_is_refused(run):
    edit(run / "environment.json", backend="<b>other</b>")
    said = f"{run / 'environment.json'} is damaged: the backend '<b>other</b>'"
    for verb in (zoo.report, lambda x: zoo.publish(x, x.with_name("published"))):
        with refused(said):
            verb(run)


@pytest.mark.parametrize(
    "value",
    [
        5,
        {"examples": "40", "errors": {"class": [0.1]}},
        {"examples": 1, "errors": {"class": [float("nan")]}},
        {"examples": 1, "errors": {"class": [-0.1]}},
        {"examples": 2, "errors": {"class": [0.2, 0.1]}},
        {"examples": 10**9, "errors": {"class": [0.1]}},
    ],
)
def test_errors_that_are_none_are_refused(run, value):
    edit(run / "metrics.json", conformal=value)
    with refused(f"{run / 'metrics.json'} is damaged: "):
        zoo.predict(run, POINT, confidence=0.5)


def test_data_of_another_shape_are_told(tmp_path):
    path, answers = tmp_path / "pictures.npz", np.arange(12) % 2

    def write(size):
        grays = 40 + 160 * answers + np.arange(12)
        pixels = np.broadcast_to(grays[:, None, None], (12, size, size))
        np.savez(path, x=pixels.astype("uint8"), y=answers)

    write(6)
    recipe = zoo.Recipe("deep_mlp", str(path), {"hidden": (3,)}, epochs=1, batch=4)
    done = zoo.train(recipe, run=tmp_path / "run", quiet=True).folder
    copy = shutil.copytree(done, tmp_path / "copy")
    write(9)
    said = f"{path} are of 9 x 9 x 1 now, and those that {done} learned from of 6 x 6"
    for verb in (zoo.evaluate, lambda run: zoo.compare(run, copy)):
        with pytest.raises(Mistake) as caught:
            verb(done)
        assert said in str(caught.value)


@pytest.mark.parametrize("name", ["calibration", "conformal"])
@pytest.mark.parametrize("also", [(), ("validation",)])
def test_what_was_measured_on_a_validation_split_is_missed(run, name, also):
    edit(run / "metrics.json", **dict.fromkeys((name, *also), ...))
    with refused(f"{run / 'metrics.json'} is damaged: it has no {name}, and the train"):
        zoo.predict(run, POINT, confidence=0.9)


@pytest.mark.parametrize("name", ["task", "outputs", "columns", "examples"])
def test_facts_of_the_data_are_missed(run, name):
    edit(run / "data.json", **{name: ...})
    with refused(f"{run / 'data.json'} is damaged: it has no {name}; train again"):
        answer(run)


def test_what_is_published_is_sound(run):
    """Its sums are made anew, so that they would fit to what is damaged."""
    (run / "history.csv").write_text("epoch,loss\n1,x\n")
    seal.write(run)
    with refused("history.csv cannot be read: could not convert string to float: 'x'"):
        zoo.publish(run, run.with_name("published"))
    (run / "model.keras").write_bytes(b"another")
    with refused("model.keras is not the file that training wrote"):
        zoo.publish(run, run.with_name("published"))


@pytest.mark.parametrize("change", [{}, {"activation": "tanh"}])
def test_a_recipe_that_was_not_trained_is_refused(run, change):
    """Activations have no weights that could fail to fit."""
    about = json.loads((run / "recipe.json").read_text())
    about["model_arguments"] = {"hidden": [6], **change}
    about.pop("precision")
    (run / "recipe.json").write_text(json.dumps(about))
    seal.write(run)
    with refused("recipe.json was changed after the training began: put it back, or"):
        answer(run)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("epoch,loss\n1,0.5\n", "epoch 1 has no seconds, waiting"),
        ("epoch,loss\n1,0.5,2\n", "epoch 1 has not a cell for each column"),
        ("=1+1,loss\n1,0.5\n", "epoch 1 has no epoch, seconds, waiting"),
        ("epoch,loss,seconds,waiting,validation_loss\n1,1,1,0,1\n", "accuracy"),
        ("1\n" * 2**21, "it has more than 1,048,576 cells"),
        ("epoch,loss,seconds,waiting\n1,nan,1,0\n", "epoch 1 has loss=nan"),
        ("epoch,loss,seconds,waiting\n1,2,-1,0\n", "epoch 1 took less than no time"),
        ("epoch,loss,seconds,waiting\n0,2,1,0\n", "epoch 1 is called 0"),
        ("epoch,loss,seconds,waiting\n1,1,1,0\n1,1,1,0\n", "epoch 2 is called 1"),
        ("epoch,loss,seconds,waiting,mae\n1,1,1,0,-3\n", "mae=-3.0; accepted: at le"),
        (
            "epoch,loss,seconds,waiting,accuracy,validation_accuracy,validation_loss\n"
            "1,1,1,0,1,1.58,1\n",
            "epoch 1 has validation_accuracy=1.58; accepted: 0 to 1",
        ),
    ],
)
def test_a_history_that_is_none_of_a_run_is_refused(run, content, words):
    (run / "history.csv").write_text(content)
    seal.write(run)
    with refused("history.csv cannot be read: ", words):
        zoo.report(run)


@pytest.mark.parametrize("version", [0, -1, "1", 1.5, None, True])
def test_a_version_that_is_no_number_is_refused(run, version):
    sums = json.loads((run / "run.json").read_text()) | {"version": version}
    (run / "run.json").write_text(json.dumps(sums))
    with refused(f"run.json is damaged: its version is '{version}'"):
        open_run(run)
    edit(run / "recipe.json", version=version)
    with refused(f"the version of a recipe is '{version}', no number"):
        open_run(run).recipe  # noqa: B018
