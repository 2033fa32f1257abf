"""Raw in, answer out, from an ONNX file: without Keras, without zoo."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from images import picture
from PIL import Image
from test_predict import empty, make_run

import zoo
from zoo import cli, data
from zoo import recipe as recipes
from zoo.core.columns import Column, to_json
from zoo.data.kinds.texts import Vocabulary
from zoo.errors import Mistake
from zoo.exported import Exported

PAGE = Path(__file__).parents[1] / "docs" / "hand-over.md"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A run on color pictures and a few of them, not in its size."""
    root = tmp_path_factory.mktemp("pictures")
    dataset = data.Dataset(
        "own", "image", empty(12, 9, 3, dtype="uint8"), classes=("cat", "dog", "bird")
    )
    shape = {"input_shape": (12, 9, 3), "classes": 3}
    run = make_run(root / "run", dataset, "lenet", **shape)
    files = [root / f"{size}.png" for size in (20, 31)]
    for file, size in zip(files, (20, 31), strict=True):
        Image.fromarray(picture(size, 3)).save(file)
    return run, files


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    words = Vocabulary(("good", "bad", "film", "Δ"), length=6)
    dataset = data.Dataset(
        "reviews",
        "text",
        empty(6, dtype="int32"),
        classes=("negative", "positive"),
        encoder=words,
    )
    network = {"vocabulary_size": words.size, "length": 6, "units": (4,)}
    folder = tmp_path_factory.mktemp("texts") / "run"
    return make_run(folder, dataset, "lstm_sentiment", **network)


def assert_alike(found, expected):
    assert [each.label for each in found] == [each.label for each in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.input == other.input
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


@pytest.mark.parametrize("outputs", ["logits", "probabilities"])
def test_a_file_answers_pictures_as_the_run_does(pictures, tmp_path, outputs):
    run, files = pictures
    file = zoo.export(run, tmp_path / "x.onnx", outputs=outputs)
    assert_alike(zoo.predict(file, files), zoo.predict(run, files))


@pytest.mark.parametrize("outputs", ["logits", "probabilities"])
def test_a_file_answers_sentences_as_the_run_does(texts, tmp_path, outputs):
    file = zoo.export(texts, tmp_path / "x.onnx", outputs=outputs)
    sentences = ["a good film", "bad, bad Δ"]
    assert_alike(zoo.predict(file, sentences), zoo.predict(texts, sentences))


@pytest.mark.once
def test_the_command_answers_without_keras(texts, tmp_path):
    file = zoo.export(texts, tmp_path / "x.onnx")
    code = (
        "import sys; from zoo import cli; status = cli.call(sys.argv[1:]); "
        "assert 'keras' not in sys.modules; sys.exit(status)"
    )
    words = [sys.executable, "-c", code, "predict", file, "a good film", "--json"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=True)
    [said] = json.loads(done.stdout)
    [expected] = zoo.predict(texts, "a good film")
    assert said["label"] == expected.label
    assert said["probability"] == pytest.approx(expected.probability, abs=1e-5)


@pytest.mark.once
def test_the_program_in_the_documentation(pictures, tmp_path):
    """It needs ONNX Runtime, NumPy and Pillow, and has 30 lines."""
    run, files = pictures
    file = zoo.export(run, tmp_path / "x.onnx")
    found = re.search(
        r'```python\n("""python answer\.py.*?)```', PAGE.read_text(), re.S
    )
    program = found.group(1)
    lines = [line for line in program.splitlines() if line.strip()]
    assert len(lines) <= 30
    imported = re.findall(r"^(?:import|from) (\w+)", program, re.M)
    assert set(imported) == {"json", "sys", "numpy", "onnxruntime", "PIL"}
    (tmp_path / "answer.py").write_text(program)
    words = [sys.executable, tmp_path / "answer.py", file, *files]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=True)
    for line, expected in zip(
        done.stdout.splitlines(), zoo.predict(run, files), strict=True
    ):
        name, label, share = line.split()
        assert (name, label) == (expected.input, expected.label)
        assert float(share) == pytest.approx(expected.probability, abs=1e-4)


@pytest.fixture(scope="module")
def told(tmp_path_factory, texts):
    """Runs whose answers the other program tells, and inputs for each."""
    root = tmp_path_factory.mktemp("told")
    columns = (Column("age"), Column("color", "category", ("blue", "red")))
    table = {"features": ("age", "color"), "columns": columns, "missing": True}
    two = {"columns": to_json(columns), "hidden": (4,), "classes": 2}

    def rows(name, **about):
        dataset = data.Dataset(name, "tabular", empty(2), **table, **about)
        return make_run(root / name, dataset, "deep_mlp", input_shape=(2,), **two)

    line = recipes.override(recipes.load("linear_regression"), ["epochs=1"])
    cells = ["62,red", "-1.5,blue", ",green"]
    runs = Vocabulary(("not", "good", "not good", "film"), 6, keep="ends", ngrams=2)
    long = dataclasses.replace(texts.about_data, encoder=runs)
    network = {"vocabulary_size": runs.size, "length": 6, "units": (4,)}
    return {
        "classes": (rows("classes", classes=("a", "b")), cells),
        "labels": (rows("labels", classes=("a", "b"), task="labels"), cells),
        "numbers": (zoo.train(line, run=root / "line", quiet=True), ["0.5", "-3"]),
        "sentences": (
            make_run(root / "long", long, "lstm_sentiment", **network),
            ["Not good!", "a good film, not good it is", "! film?"],
        ),
    }


@pytest.mark.once
@pytest.mark.parametrize("name", ["classes", "labels", "numbers", "sentences"])
@pytest.mark.filterwarnings("ignore:column color. .* is unknown to the network")
def test_the_program_for_rows_and_sentences(told, name, tmp_path):
    run, inputs = told[name]
    file = zoo.export(run, tmp_path / "x.onnx")
    found = re.search(r'```python\n("""python tell\.py.*?)```', PAGE.read_text(), re.S)
    (tmp_path / "tell.py").write_text(found.group(1))
    words = [sys.executable, "-I", tmp_path / "tell.py", file, *inputs]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=True)
    for line, expected in zip(
        done.stdout.splitlines(), zoo.predict(run, inputs), strict=True
    ):
        values = dict(each.split("=") for each in line.split("\t")[1:])
        same = expected.probabilities or expected.numbers
        assert {k: float(v) for k, v in values.items()} == pytest.approx(same, rel=1e-3)


def test_files_that_are_none_of_zoo(tmp_path, capsys):
    with pytest.raises(Mistake, match=r"there is no file .*x.onnx; `zoo export RUN --"):
        Exported(tmp_path / "x.onnx")
    (tmp_path / "x.onnx").write_bytes(b"nothing")
    with pytest.raises(Mistake, match=r"x.onnx is no ONNX file that can be run: "):
        Exported(tmp_path / "x.onnx")
    assert cli.call(["predict", str(tmp_path / "x.onnx"), "0,1"]) == 2
    assert "is no ONNX file" in capsys.readouterr().err
    value = onnx.helper.make_tensor_value_info("a", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Identity", ["a"], ["b"])
    other = onnx.helper.make_tensor_value_info("b", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([node], "g", [value], [other])
    opset = [onnx.helper.make_opsetid("", 18)]
    made = onnx.helper.make_model(graph, ir_version=8, opset_imports=opset)
    onnx.save(made, tmp_path / "x.onnx")
    with pytest.raises(Mistake, match=r"x.onnx does not say what it takes, so raw in"):
        Exported(tmp_path / "x.onnx")


@pytest.mark.parametrize("verb", ["predict", "explain", "serve"])
def test_a_file_is_answered_by_no_backend_that_is_named(verb, capsys):
    words = [verb, "x.onnx", *(["0,1"] if verb != "serve" else []), "--backend", "jax"]
    assert cli.call(words) == 2
    said = capsys.readouterr().err
    assert "--backend jax is for runs; ONNX Runtime answers x.onnx" in said


def test_metadata_that_were_changed(texts, tmp_path):
    file = zoo.export(texts, tmp_path / "x.onnx")

    def changed(name, value):
        model = onnx.load(file)
        said = {each.key: each.value for each in model.metadata_props}
        onnx.helper.set_model_props(model, {**said, name: value})
        onnx.save(model, tmp_path / "y.onnx")
        return tmp_path / "y.onnx"

    with pytest.raises(Mistake, match=r"in .*y.onnx, .data.json cannot be read"):
        zoo.predict(changed("data.json", "{"), "good")
    for temperature in ("-1", "true", "1e308", "9" * 400, "[" * 10**5, "x"):
        with pytest.raises(Mistake, match=r"y.onnx is damaged: its temperature"):
            zoo.predict(changed("temperature", temperature), "good")
    for name, value in (("cuts", '{"a": true}'), ("quantiles", f"[{'9' * 400}]")):
        made = Exported(changed(name, value))
        with pytest.raises(Mistake, match=rf"y.onnx is damaged: its {name}"):
            _ = made.quantiles, made.cuts(["a"])
    shorter = json.loads((texts.folder / "vocabulary.json").read_text())
    shorter["length"] = 5
    with pytest.raises(Mistake, match=r"in .*y.onnx, .data.json is damaged: input_sh"):
        zoo.predict(changed("vocabulary.json", json.dumps(shorter)), "good")


def test_another_shape_than_the_metadata_say(pictures, tmp_path):
    file = zoo.export(pictures[0], tmp_path / "x.onnx")
    with pytest.raises(Mistake, match=r"x.onnx does not answer inputs of shape \(5,"):
        Exported(file).answers(np.zeros((2, 5, 9, 3)))
