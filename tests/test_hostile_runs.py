"""Runs from strangers: a damaged or changed file, and weights that are none."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import safetensors.numpy
from PIL import Image
from strangers import answer, edit, refused

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
    with refused("hidden is ((3,),); accepted: whole numbers, as in (3, 5)"):
        answer(run)
    edit(run / "recipe.json", model_arguments={"hidden": [3], "dropout": "x"})
    with refused("dropout is 'x'; accepted: a number"):
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
    with refused("model.safetensors"):  # and not shown as a run without its examples
        zoo.report(run)


def test_a_weight_that_declares_more_than_it_stores_is_refused(run):
    about = {"dtype": "F32", "shape": [2**20, 2**20], "data_offsets": [0, 2**42]}
    header = json.dumps({"logits/kernel": about}).encode()
    content = len(header).to_bytes(8, "little") + header + bytes(8)
    (run / "model.safetensors").write_bytes(content)
    seal.write(run)
    with refused("model.safetensors"):
        answer(run)
