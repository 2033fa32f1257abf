"""A published folder opens everywhere, and is fetched from a hub as it is."""

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import keras
import numpy as np
import pytest
import safetensors.numpy
import yaml

import zoo
from zoo import cli, publishing
from zoo.building import hub
from zoo.core import seal
from zoo.errors import Mistake
from zoo.training.folder import absolute, absolute_change

pytestmark = pytest.mark.once
ROWS = ["5.1,1.4", "7,4.7"]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return zoo.publish("perceptron:iris", tmp_path_factory.mktemp("hub") / "iris")


def test_it_opens_as_a_run_does(published):
    expected = zoo.predict("perceptron:iris", ROWS)
    # It holds an export, which ONNX Runtime answers.
    for found, same in zip(zoo.predict(published, ROWS), expected, strict=True):
        assert found.probabilities == pytest.approx(same.probabilities, rel=1e-6)
    assert zoo.load(published).count_params() == 3


def test_others_read_it(published):
    inputs = np.array([[5.1, 1.4], [7, 4.7]], "float32")
    to_numpy = keras.ops.convert_to_numpy
    expected = to_numpy(zoo.load("perceptron:iris")(inputs))
    model = keras.saving.load_model(published / "model.keras")
    np.testing.assert_allclose(to_numpy(model(inputs)), expected, rtol=1e-5)
    arrays = safetensors.numpy.load_file(published / "model.safetensors")
    assert sum(values.size for values in arrays.values()) == 3
    import onnxruntime

    session = onnxruntime.InferenceSession(published / "model.onnx")
    name = session.get_inputs()[0].name
    found = session.run(None, {name: inputs})[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_the_hub_understands_its_readme(published):
    from huggingface_hub import ModelCard

    text = (published / "README.md").read_text("utf-8")
    about = yaml.safe_load(text.split("---")[1])
    assert about["pipeline_tag"] == "tabular-classification"
    card = ModelCard(text)
    (result,) = card.data.eval_results
    assert (result.metric_type, result.metric_value) == ("accuracy", 1.0)
    assert "intended use: Teaching" in text


def test_what_was_changed_is_refused_but_the_readme_is_to_be_edited(
    published, tmp_path
):
    copy = shutil.copytree(published, tmp_path / "copy")
    (copy / "README.md").write_text("license: mit")
    assert len(zoo.predict(copy, ROWS)) == 2
    (copy / "metrics.json").write_text("{}")
    with pytest.raises(Mistake, match=r"metrics\.json is not the file that training"):
        zoo.load(copy)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task": [1]}, "no text as its task"),
        ({"limits": 10**400}, "no text as its limits"),
        ({"accuracy": 0.9}, "no results"),
        ({"accuracy": "x"}, "no results"),
        ({"accuracy": {"value": "x"}}, "no number as its accuracy"),
        ({"accuracy": {"value": 1.58}}, "accuracy=1.58; accepted: 0 to 1"),
    ],
)
def test_a_card_that_is_none_is_refused(published, tmp_path, changes, said):
    folder = Path(shutil.copytree(published, tmp_path / "iris"))
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes))
    seal.write(folder)
    with pytest.raises(Mistake) as mistake:
        zoo.publish(folder, tmp_path / "again")
    assert str(mistake.value) == f"{path} is damaged: it has {said}"
    assert not (tmp_path / "again").exists()


def test_a_run_with_places_of_this_machine_is_published_without(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("secret").mkdir()
    lines = [f"{x * 37 % 61 / 2},{x % 7},{'ab'[x % 2]}\n" for x in range(60)]
    Path("secret/own.csv").write_text("x,y,class\n" + "".join(lines))
    place = str(tmp_path / "secret" / "own.csv")
    target = {"target": "class"}
    recipe = zoo.Recipe("deep_mlp", place, data_arguments=target, batch=8, epochs=1)
    run = zoo.train(recipe, run="run", quiet=True, floor=False)
    folder = zoo.publish(run, "out")
    for path in folder.glob("*.json"):
        assert "secret" not in path.read_text(), path
    assert "secret" not in (folder / "README.md").read_text()
    assert len(zoo.predict(folder, ["3,0", "4,1"])) == 2


def test_a_folder_that_is_there_is_left_alone(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    for place, told in ((tmp_path, "is there already"), ("no/where", "make it first")):
        assert cli.call(["publish", "perceptron:iris", str(place)]) == 2
        assert told in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("RevisionNotFoundError", "me/iris has no revision v9"),
        ("RepositoryNotFoundError", "there is no me/iris, or it is private; HF_TOKEN"),
        ("GatedRepoError", "who owns me/iris grants access to it; log in by HF_TOKEN"),
        ("RemoteEntryNotFoundError", "the hub lacks a file of me/iris that it lists"),
        ("LocalEntryNotFoundError", "404 Client Error"),
    ],
)
def test_why_nothing_is_fetched_is_told(kind, said, monkeypatch):
    import huggingface_hub
    from huggingface_hub import errors

    class Failed(getattr(errors, kind)):
        def __init__(self):
            Exception.__init__(self, "404 Client Error. (Request ID: x)\n\nUrl")

    def fail(*_, **__):
        raise Failed()

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(Mistake) as caught:
        hub.fetched("hf://me/iris@v9")
    assert f"hf://me/iris@v9 cannot be fetched: {said}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["hf://user", "hf://a/b/c", "hf://a/b c", "hf://"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(Mistake, match="is no address; accepted: hf://user/name, or"):
        zoo.load(address)


class Hub(http.server.BaseHTTPRequestHandler):
    """Answers as the Hub does, for the model me/iris."""

    def __init__(self, folder, *words):
        self.folder = folder
        super().__init__(*words)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.split("?")[0]
        names = sorted(each.name for each in self.folder.iterdir())
        if path.startswith("/api/models/me/iris"):
            if "/tree/" in path:
                about = [
                    {
                        "type": "file",
                        "path": name,
                        "oid": "0" * 40,
                        "size": (self.folder / name).stat().st_size,
                    }
                    for name in names
                ]
            else:
                about = {
                    "id": "me/iris",
                    "sha": "a" * 40,
                    "siblings": [{"rfilename": name} for name in names],
                }
            return self._answer(json.dumps(about).encode(), "application/json")
        name = path.rpartition("/")[2]
        if "/resolve/" in path and name in names:
            return self._answer((self.folder / name).read_bytes(), "application/binary")
        self.send_error(404)

    def _answer(self, content, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hash(content)}"')
        self.send_header("X-Repo-Commit", "a" * 40)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *words):
        pass


@pytest.mark.slow
def test_an_address_is_fetched_and_checked(published, tmp_path):
    folder = shutil.copytree(published, tmp_path / "served")
    handler = functools.partial(Hub, folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def ask(cache):
            settings = {
                "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
                "HF_HOME": str(tmp_path / cache),
                "PYTHONPATH": os.pathsep.join(sys.path),
            }
            words = ["zoo", "predict", "hf://me/iris", *ROWS, "--json"]
            return subprocess.run(
                [sys.executable, "-m", *words],
                env={**os.environ, **settings},
                capture_output=True,
                text=True,
            )

        done = ask("first")
        assert done.returncode == 0, done.stderr
        labels = [each["label"] for each in json.loads(done.stdout)]
        assert labels == ["setosa", "versicolor"]
        fetched = {path.name for path in (tmp_path / "first").rglob("snapshots/*/*")}
        assert fetched <= {*hub.FILES}
        (folder / "model.safetensors").write_bytes(b"spoiled")
        done = ask("second")
        assert done.returncode == 2
        assert "its SHA-256 is not that in run.json" in done.stderr
        server.shutdown()


@pytest.mark.parametrize(
    ("name", "kept"), [("own.csv", {"file": "clip"}), ("mammographic_masses", {})]
)
def test_a_column_called_file_is_no_place(name, kept):
    arguments = {"file": "clip"}
    recipe = zoo.Recipe(model="deep_mlp", data=name, data_arguments=arguments)
    assert publishing.without_places(recipe).data_arguments == kept
    place = kept.get("file", os.path.abspath("clip"))
    assert absolute(recipe).data_arguments == {"file": place}
    assert absolute_change("data.file=clip", recipe) == f"data.file={place}"
