"""Exported networks of tables: a program without zoo can encode a row by the file."""

import datetime
import json

import numpy as np
import onnxruntime
import pytest
from test_predict import make_run

import zoo
from zoo import data
from zoo.core import columns, files

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fruit")
    random = np.random.default_rng(0)
    lines = ["weight,color,picked,kind"]
    for number in range(60):
        weight = "" if number % 9 == 0 else f"{random.normal(100, 20):.1f}"
        color = ("green", "red", "")[number % 3]
        day = datetime.date(1970, 1, 2) + datetime.timedelta(number)
        kind = ("apple", "pear")[number * 7 % 11 > 5]
        lines.append(f"{weight},{color},{day},{kind}")
    (folder / "fruit.csv").write_text("\n".join(lines))
    dataset = data.load(str(folder / "fruit.csv"), target="kind")
    network = {"input_shape": (4,), "hidden": (4,), "classes": 2}
    rows = columns.to_json(dataset.columns)
    run = make_run(folder / "run", dataset, "deep_mlp", **network, columns=rows)
    return run, zoo.export(run)


def test_a_row_is_encoded_as_the_metadata_say(exported):
    run, file = exported
    session = onnxruntime.InferenceSession(file)
    said = session.get_modelmeta().custom_metadata_map
    assert said["input"] == (
        "float32 (batch, 4): the columns weight, color (place from 0 in its "
        "`categories` in data.json, -1 if it is unknown), picked (days since "
        "1970-01-01, and seconds of the day); NaN where a value is missing"
    )
    colors = json.loads(said["data.json"])["columns"][1]["categories"]
    days = (datetime.date(1970, 1, 6) - datetime.date(1970, 1, 1)).days
    row = [np.nan, colors.index("red"), days, 0]
    [logits] = session.run(None, {"input": np.array([row], "float32")})[0]
    share = np.exp(logits[1]) / np.exp(logits).sum()
    [found] = zoo.predict(run, {"weight": None, "color": "red", "picked": "1970-01-06"})
    second = json.loads(said["classes"])[1]
    assert found.probabilities[second] == pytest.approx(share, abs=1e-4)


def test_a_file_for_others_holds_no_folder_of_this_machine(exported):
    run, file = exported
    said = onnxruntime.InferenceSession(file).get_modelmeta().custom_metadata_map
    assert said["data"] == "fruit.csv"
    assert json.loads(said["data.json"])["name"] == "fruit.csv"
    for text in (*said.values(), file.with_name("model.onnx.json").read_text()):
        assert str(run.folder.parent) not in text


def test_the_last_name_of_a_place():
    names = {"/a/b.csv": "b.csv", "c:\\x\\y": "y", "~/z": "z", "..": "..", "/": "data"}
    assert {name: files.without_folders(name) for name in names} == names
    assert files.without_folders("mnist") == "mnist"
