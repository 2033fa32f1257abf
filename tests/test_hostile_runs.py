"""Runs from strangers: a damaged or changed file costs one line."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import safetensors.numpy
from PIL import Image
from strangers import POINT, answer, edit, refused

import zoo
from zoo.building import model_files
from zoo.core import seal
from zoo.data.kinds import picture_files as pictures
from zoo.engine.private import without_tensorflow
from zoo.errors import Mistake
from zoo.models import deep_mlp
from zoo.run import open_run

pytestmark = pytest.mark.once

# --- Sums


def test_run_json_holds_the_sums_of_all_files_of_the_run(sound):
    about = json.loads((sound.folder / "run.json").read_text())
    states = {path.name for path in sound.folder.glob("state-*")}
    names = {path.name for path in sound.folder.iterdir()} - states - {"run.json"}
    assert about["version"] == 1
    assert set(about["files"]) == names
    assert {"recipe.json", "data.json", "model.safetensors", "model.keras"} <= names


@pytest.mark.parametrize(
    "name", ["recipe.json", "data.json", "metrics.json", "history.csv"]
)
def test_a_changed_file_is_named(run, name):
    content = bytearray((run / name).read_bytes())
    content[len(content) // 2] ^= 1
    (run / name).write_bytes(content)
    with refused(str(run / name), "SHA-256"):
        open_run(run)


def test_changed_weights_are_named(run):
    content = bytearray((run / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (run / "model.safetensors").write_bytes(content)
    with refused("model.safetensors", "SHA-256"):
        answer(run)


def test_a_missing_file_is_named(run):
    (run / "history.csv").unlink()
    with refused("history.csv", "missing"):
        open_run(run)


def test_a_fault_of_zoo_keeps_its_traceback(run, monkeypatch):
    def broken(*_, **__):
        raise KeyError("of zoo")

    monkeypatch.setattr(deep_mlp, "build", broken)
    with pytest.raises(KeyError, match="of zoo"):
        answer(run)


def test_a_fault_of_zoo_in_reading_pictures_and_graphs_keeps_its_traceback(
    old, monkeypatch, tmp_path
):
    def broken(*_, **__):
        raise KeyError("of zoo")

    Image.new("RGB", (4, 4)).save(tmp_path / "sound.png")
    for module, name in (
        (pictures, "_flat"),
        (pictures, "_bounded"),
        (model_files, "_check_classes"),
        (model_files.private, "layers"),
        (model_files, "_parts"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, broken)
            given = (tmp_path / "sound.png", 3), (old / "model.keras", (2,))
            read = pictures.read if module is pictures else model_files.load_strictly
            with pytest.raises(KeyError, match="of zoo"):
                read(*given[module is not pictures])


def test_arguments_of_other_types_cost_one_line(run):
    edit(run / "recipe.json", model_arguments={"hidden": [[3]], "dropout": 0.1})
    with refused("hidden is '((3,),)'; accepted: tuple[int, ...]"):
        answer(run)
    edit(run / "recipe.json", model_arguments={"hidden": [3], "dropout": "x"})
    with refused("dropout is 'x'; accepted: float"):
        answer(run)


def test_a_history_without_epochs_is_refused(run):
    (run / "history.csv").write_text("")
    seal.write(run)
    with pytest.raises(Mistake, match=r"history.csv cannot be read: it holds no epoch"):
        _ = open_run(run).history


def test_missing_weights_are_not_read_from_the_other_file(run):
    (run / "model.safetensors").unlink()
    with pytest.raises(Mistake, match=r"model.safetensors is missing; run.json lists"):
        open_run(run)


def test_a_run_without_its_sums_is_refused(run):
    (run / "run.json").unlink()
    with refused("run.json", "--resume"):
        open_run(run)


def test_what_is_added_later_is_no_change(run):
    before = answer(run)
    for name in ("report.png", "model.onnx", "notes.txt"):
        (run / name).write_text("added")
    with pytest.warns(UserWarning, match=r"model.onnx is not used: .* cannot be read"):
        assert answer(run) == before


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"version": 1}', '{"version": 2, "files": {}}', '{"a":1,"a":1}'],
)
def test_damaged_sums_are_refused(run, content):
    (run / "run.json").write_text(content)
    with refused("run.json"):
        open_run(run)


def test_a_run_moves_and_opens_through_a_link(run, tmp_path):
    expected = answer(run)
    moved = Path(shutil.move(run, tmp_path / "elsewhere"))
    (tmp_path / "link").symlink_to(moved)
    assert answer(moved) == answer(tmp_path / "link") == expected


# --- Weights


def test_weights_are_arrays_by_the_names_of_layers(sound):
    arrays = safetensors.numpy.load_file(sound.folder / "model.safetensors")
    with without_tensorflow():
        graph = keras.saving.load_model(sound.folder / "model.keras")
    assert {"hidden_1/kernel", "logits/bias"} <= arrays.keys()
    for ours, plain in zip(sound.model.weights, graph.weights, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(ours.value),
            keras.ops.convert_to_numpy(plain.value),
        )
    np.testing.assert_array_equal(
        arrays["logits/kernel"],
        keras.ops.convert_to_numpy(graph.get_layer("logits").kernel.value),
    )


def rewrite(run, **changes):
    arrays = safetensors.numpy.load_file(run / "model.safetensors")
    named = {name.replace("__", "/"): value for name, value in changes.items()}
    kept = {k: v for k, v in {**arrays, **named}.items() if v is not ...}
    safetensors.numpy.save_file(kept, run / "model.safetensors")
    seal.write(run)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"logits__bias": np.full(1, np.nan, "f4")}, ["not finite", "logits/bias"]),
        ({"logits__bias": np.full(1, np.inf, "f4")}, ["not finite", "logits/bias"]),
        ({"logits__bias": np.zeros(2, "f4")}, ["(2,)", "(1,)", "logits/bias"]),
        ({"logits__bias": np.zeros(1, "f8")}, ["float64", "float32"]),
        ({"logits__bias": ...}, ["logits/bias is missing"]),
        ({"more": np.zeros(1, "f4")}, ["more", "missing"]),
    ],
)
def test_weights_that_do_not_fit_are_refused(run, changes, words):
    rewrite(run, **changes)
    with refused("model.safetensors", *words):
        answer(run)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8,
        b"\x10\0\0\0\0\0\0\0{}",
        (2**40).to_bytes(8, "little") + b"{}",
        b"\x02\0\0\0\0\0\0\0[]",
        b"GIF89a" * 100,
    ],
)
def test_damaged_weights_are_refused(run, content):
    (run / "model.safetensors").write_bytes(content)
    seal.write(run)
    with refused("model.safetensors"):
        answer(run)


def test_a_weight_that_declares_more_than_it_stores_is_refused(run):
    about = {"dtype": "F32", "shape": [2**20, 2**20], "data_offsets": [0, 2**42]}
    header = json.dumps({"logits/kernel": about}).encode()
    content = len(header).to_bytes(8, "little") + header + bytes(8)
    (run / "model.safetensors").write_bytes(content)
    seal.write(run)
    with refused("model.safetensors"):
        answer(run)


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


def test_a_backend_that_is_none_is_refused(run):
    edit(run / "environment.json", backend="<b>other</b>")
    said = f"{run / 'environment.json'} is damaged: the backend '<b>other</b>'"
    for verb in (zoo.report, lambda x: zoo.publish(x, x.with_name("published"))):
        with refused(said):
            verb(run)


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
