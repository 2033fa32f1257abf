"""A run that holds a checked export answers without Keras, and the same."""

import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from images import picture
from PIL import Image
from test_predict import empty, make_run

import zoo
from zoo import answering, backend, cli, data, exported
from zoo.building import trained, unit, weight_files
from zoo.core import files, seal, sessions
from zoo.data.kinds.texts import Vocabulary
from zoo.run import Run

ROWS = "0.5,-0.25", "7,3", "-2,0.125"
CLASSES = {"classes": ("one", "two", "three")}
NUMBERS = {"task": "numbers", "outputs": ("a", "b")}
LABELS = {"task": "labels", "classes": ("warm", "wet")}


def table(folder, metrics, width, **about):
    """A run on two columns, with numbers of a training that it has not had."""
    dataset = data.Dataset("plants", "tabular", empty(2), features=("x", "y"), **about)
    network = {"input_shape": (2,), "hidden": (4,), "classes": width}
    run = make_run(folder, dataset, "deep_mlp", **network)
    if dataset.task == "numbers":
        model = unit.undone(zoo.build("deep_mlp", **network))
        unit.adapt(model.get_layer(unit.NAME), np.eye(width) * 9, dataset.outputs)
        weight_files.save(model, folder / "model.safetensors")
    files.write_json(run.folder / "metrics.json", {"test": {"loss": 0.5}, **metrics})
    seal.write(run.folder)
    return run.folder


def errors(*names):
    found = np.linspace(0.1, 3, 50).tolist()
    return {"conformal": {"examples": 50, "errors": dict.fromkeys(names, found)}}


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """By the kind of run its folder, and inputs of the command line."""
    root = tmp_path_factory.mktemp("runs")
    names = []
    for size in (20, 31):
        names.append(str(root / f"{size}.png"))
        Image.fromarray(picture(size, 3)).save(names[-1])
    pictures = data.Dataset(
        "own", "image", empty(12, 9, 3, dtype="uint8"), classes=("cat", "dog", "bird")
    )
    shape = {"input_shape": (12, 9, 3), "classes": 3}
    texts = data.Dataset(
        "reviews",
        "text",
        empty(6, dtype="int32"),
        classes=("negative", "positive"),
        encoder=Vocabulary(("good", "bad", "film", "Δ"), length=6),
    )
    words = {"vocabulary_size": 6, "length": 6, "units": (4,)}
    warm = {"calibration": {"temperature": 2.5}, **errors("class")}
    cuts = {"cuts": {"warm": -0.5, "wet": 0.5}}
    found = {
        "pictures": (make_run(root / "a", pictures, "lenet", **shape).folder, names),
        "texts": (
            make_run(root / "b", texts, "lstm_sentiment", **words).folder,
            ["a good film", "bad, bad Δ"],
        ),
        "classes": (table(root / "c", warm, 3, **CLASSES), ROWS),
        "numbers": (table(root / "d", errors("a", "b"), 2, **NUMBERS), ROWS),
        "labels": (table(root / "e", cuts, 2, **LABELS), ROWS),
    }
    for folder, _ in found.values():
        zoo.export(folder)
    return found


def said(capsys, folder, inputs, *options):
    """What `zoo predict` prints."""
    assert cli.call(["predict", str(folder), *options, "--", *inputs]) == 0
    found = capsys.readouterr()
    assert found.err == ""
    return found.out


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("pictures", ["--show"]),
        ("pictures", ["--as-is", "--top", "2"]),
        ("texts", []),
        ("classes", ["--confidence", "0.8", "--batch", "2"]),
        ("numbers", ["--confidence", "0.9"]),
        ("labels", []),
    ],
)
def test_the_command_prints_what_keras_would(asked, kind, options, capsys, monkeypatch):
    folder, inputs = asked[kind]
    own = ["--backend", backend.current()]
    by_keras = said(capsys, folder, inputs, *options, *own)
    json_by_keras = json.loads(said(capsys, folder, inputs, "--json", *own))
    monkeypatch.setattr(Run, "model", None)  # which nothing opens
    assert said(capsys, folder, inputs, *options) == by_keras
    found = json.loads(said(capsys, folder, inputs, "--json"))
    assert len(found) == len(json_by_keras)
    for one, other in zip(found, json_by_keras, strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            if isinstance(value, dict):
                assert value == pytest.approx(other[name], rel=1e-5, abs=1e-6)
                assert [*value] == [*other[name]]
            elif isinstance(value, float):
                assert value == pytest.approx(other[name], rel=1e-5)
            else:
                assert value == other[name]


def test_a_model_that_keras_has_opened_answers_itself(asked):
    folder, rows = asked["numbers"]
    run = Run(folder)
    before = zoo.predict(run, list(rows))
    assert "model" not in vars(run)
    run.model.set_weights([2 * each for each in run.model.get_weights()])
    assert zoo.predict(run, list(rows))[0].numbers["a"] != before[0].numbers["a"]


def used(folder):
    run = Run(folder)
    zoo.predict(run, ["1,2"])
    return "model" not in vars(run)


def test_an_export_that_is_not_the_runs_is_not_used(tmp_path):
    folder = table(tmp_path / "run", {}, 3, **CLASSES)
    zoo.export(folder)
    assert used(folder)
    path, beside = folder / "model.onnx", folder / "model.onnx.json"
    about = files.read_json(beside, seal.LARGEST)
    assert about["weights"] == seal.checksum(folder / "model.safetensors")
    assert about["difference"] <= 1e-5

    def refused(reason, **changes):
        files.write_json(beside, {**about, **changes})
        with pytest.warns(UserWarning, match=f"model.onnx is not used: {reason}"):
            assert not used(folder)
        files.write_json(beside, about)

    refused(r"it does not say that it was made of the run's weights; `zoo", weights="0")
    refused(r"its answers differ by 5e-05 from those of the", difference=5e-5)
    refused(r"its answers differ by None from those of the ", difference=None)
    refused(r"it gives logits in int8; `zoo export", precision="int8")
    refused(r"it gives probabilities in float32; `zoo", outputs="probabilities")
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    refused(r"it is not the file that was exported; `zoo export .*` writes it again")
    os.truncate(path, sessions.LARGEST + 1)  # a hole, which takes no disk
    refused(r"it has more than 192 MiB")
    path.write_bytes(content)
    beside.unlink()
    with pytest.warns(UserWarning, match=r"onnx.json cannot be read: there is no such"):
        assert not used(folder)
    zoo.export(folder)
    assert used(folder)
    recipe = json.loads((folder / "recipe.json").read_text())
    files.write_json(folder / "recipe.json", {**recipe, "precision": "mixed_bfloat16"})
    seal.write(folder)
    refused(r"it computes in float32, and the run in mixed_bfloat16")


@pytest.mark.once
def test_keras_is_not_imported(asked):
    folder, inputs = asked["pictures"]
    code = (
        "import sys; from zoo import cli; status = cli.call(sys.argv[1:]); "
        "assert not {'keras', 'jax', 'torch', 'tensorflow'} & {*sys.modules}; "
        "sys.exit(status)"
    )
    words = [sys.executable, "-c", code, "predict", folder, *inputs]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=True)
    assert re.search(r"20.png +(cat|dog|bird) +\d+\.\d\d%", done.stdout)


def test_answers_are_those_of_onnxruntime_used_by_hand(asked, monkeypatch):
    """One thread or several, one input or many, of a run or of its file."""
    import onnxruntime

    folder, _ = asked["pictures"]
    images = np.random.default_rng(0).integers(0, 256, (37, 12, 9, 3)).astype("uint8")
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    [logits] = session.run(None, {"input": images.astype("float32")})
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    for short in (sessions.SHORT, 0.0):  # with which all threads compute, too
        monkeypatch.setattr(sessions, "SHORT", short)
        for source in (Run(folder), folder / "model.onnx"):
            for _ in range(2 * sessions.TRIED + 2):
                answered = zoo.predict(source, images)
                found = [
                    [each.probabilities[name] for name in ("cat", "dog", "bird")]
                    for each in answered
                ]
                np.testing.assert_allclose(found, shares, atol=1e-6)
        assert answering.engine(Run(folder)) == answering.ONNX
    before = answering.opened(folder / "model.onnx")[0]
    assert answering.opened(folder / "model.onnx")[0] is before
    os.utime(folder / "model.onnx", (1e9, 1e9))  # written in place
    assert answering.opened(folder / "model.onnx")[0] is not before
    one = zoo.predict(folder, images[3])
    monkeypatch.setattr(files, "read", None)  # what was opened is not read again
    assert zoo.predict(folder, images[3]) == one
    assert one[0].probabilities == pytest.approx(answered[3].probabilities, abs=1e-6)


def test_as_many_threads_answer_as_are_quicker_now(asked, monkeypatch):
    """Others may keep the processors busy for a while; the clock is the test's."""
    now, busy, threads = [0.0], [1.0], []

    def session(cost, name):
        def run(*_):
            now[0] += cost * (busy[0] if name == "all" else 1)
            threads.append(name)
            return [np.zeros((1, 3), "float32")]

        return SimpleNamespace(run=run)

    graph = sessions.Graph(asked["pictures"][0] / "model.onnx")
    image = np.zeros((1, 12, 9, 3), "float32")
    list(graph.answers(image, 1))  # it is opened
    graph._took.clear()
    graph._session = session(0.004, "one")
    vars(graph)["_shared"] = session(0.003, "all")
    monkeypatch.setattr(sessions.time, "perf_counter", lambda: now[0])

    def asked_for(seconds):
        threads.clear()
        until = now[0] + seconds
        while now[0] < until:
            assert next(graph.answers(image, 1))[0] == 1
        return [threads.count(each) for each in ("one", "all")]

    one, shared = asked_for(0.9)
    assert (one, shared > 200) == (2, True)  # which take more than `LONG`
    busy[0] = 10.0
    one, shared = asked_for(30)
    assert one > 20 * shared  # each second it is tried whether all are quicker
    busy[0] = 1.0
    one, shared = asked_for(30)
    assert shared > 20 * one


def test_weights_that_zoo_ships_are_exported_once_into_the_cache(tmp_path, monkeypatch):
    name, rows = "mammogram_mlp:masses", [[67, 3, 5, 3], [43, 1, 1, 2]]
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    folder = trained.folder(name)

    def asked_again():
        run = Run(folder)
        answers = zoo.predict(run, rows)
        assert answering.engine(run) == answering.ONNX
        assert "model" not in vars(run)
        return [each.probabilities for each in answers]

    first = asked_again()
    path = exported.place_in_cache(folder)
    assert path.is_relative_to(tmp_path / "cache")
    before = path.stat().st_mtime_ns
    assert asked_again() == first
    assert path.stat().st_mtime_ns == before
    path.write_bytes(b"damaged")
    assert asked_again() == first  # by one that was made again
    opened = Run(folder)
    _ = opened.model
    for one, other in zip(zoo.predict(opened, rows), first, strict=True):
        assert one.probabilities == pytest.approx(other, rel=1e-5)
    monkeypatch.setenv("ZOO_CACHE", str(path))  # in which no folder can be made
    alone = Run(folder)
    found = zoo.predict(alone, rows)[0].probabilities
    assert found == pytest.approx(first[0], rel=1e-5)
    assert answering.engine(alone) == backend.current()
