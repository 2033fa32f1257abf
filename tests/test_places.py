"""Inputs by where they lie: folders, addresses, the standard input."""

import functools
import http.server
import io
import json
import sys
import threading

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo import cli
from zoo.data import places
from zoo.errors import Mistake

pytestmark = pytest.mark.once
ROWS = "petal_length,sepal_length\n1.4,5.1\n4.7,7\n"


@pytest.fixture
def held(tmp_path):
    """A folder with pictures, a table and a text, and others inside of it."""
    (tmp_path / "inner").mkdir()
    for number, name in enumerate(["b.png", "a.jpg", "inner/c.png"]):
        Image.fromarray(np.full((9, 9), 40 * number, np.uint8)).save(tmp_path / name)
    (tmp_path / "rows.csv").write_text(ROWS)
    (tmp_path / "said.txt").write_text("a good film\n")
    return tmp_path


@pytest.fixture
def address(held):
    """The same folder on the web, of this machine alone."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

    handler = functools.partial(Quiet, directory=held)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_folder_is_the_files_of_the_kind(held):
    found = places.expanded(str(held), "image")
    assert found == [held / "a.jpg", held / "b.png", held / "inner" / "c.png"]
    assert places.expanded(held, "text") == [held / "said.txt"]
    assert places.expanded(["1,2", str(held)], "tabular") == ["1,2", held / "rows.csv"]
    with pytest.raises(
        Mistake, match=r"inner is a folder that holds no files that end"
    ):
        places.expanded(held / "inner", "tabular")


def test_what_names_no_place_is_given_back_as_it_is(held):
    rows = [[1.0, 2.0]]
    for given in ("a good film", rows, np.zeros(3), held / "rows.csv", "-", ["-"]):
        assert places.expanded(given, "tabular") is given


def test_an_address_is_what_lies_there(held, address):
    (picture,) = places.expanded(f"{address}/b.png", "image")
    assert picture == (held / "b.png").read_bytes()
    assert picture.name == f"{address}/b.png"
    assert places.expanded([f"{address}/rows.csv"], "tabular") == [ROWS]
    assert places.expanded(f"{address}/said.txt", "text") == ["a good film\n\n"]
    with pytest.raises(Mistake) as caught:
        places.expanded(f"{address}/none.png", "image")
    assert str(caught.value) == (
        f"{address}/none.png cannot be read: status 404, File not found"
    )
    with pytest.raises(Mistake, match="cannot be read: "):
        places.expanded("http://127.0.0.1:9/x.png", "image")


def test_the_standard_input(held):
    def read(content, kind):
        return places.expanded("-", kind, io.BytesIO(content))

    assert read(b"a good film\n\nbad\n", "text") == ["a good film\n", "bad\n"]
    assert read(ROWS.encode(), "tabular") == [ROWS]
    assert read((held / "b.png").read_bytes(), "image")[0].name == "standard input"
    with pytest.raises(Mistake, match="standard input is empty"):
        read(b"\n", "tabular")
    with pytest.raises(Mistake, match="standard input holds no text in UTF-8"):
        read(b"\xff\xfe\xff", "text")


def test_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(places, "LARGEST", 5)
    with pytest.raises(Mistake, match="standard input holds more than 5 bytes"):
        places.expanded(["-"], "text", io.BytesIO(b"123456"))


def test_predict_answers_all_of_them_alike(held, address, monkeypatch, capsys):
    expected = zoo.predict("perceptron:iris", ["5.1,1.4", "7,4.7"])
    for given in (held, f"{address}/rows.csv", [str(held / "rows.csv")]):
        found = zoo.predict("perceptron:iris", given)
        assert [each.input for each in found] == ["5.1,1.4", "7,4.7"]
        for one, other in zip(found, expected, strict=True):
            assert one.probabilities == pytest.approx(other.probabilities)

    class Stream:
        buffer = io.BytesIO(ROWS.encode())

    monkeypatch.setattr(sys, "stdin", Stream)
    words = ["predict", "perceptron:iris", "-", "--json", "--top", "1", "--batch", "1"]
    assert cli.call(words) == 0
    said = json.loads(capsys.readouterr().out)
    for one, other in zip(said, expected, strict=True):
        assert one["probabilities"] == pytest.approx(other.top(1))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--top", "0"], "--top 0; accepted: 1 or more"),
        (["--batch", "0"], "batch=0; accepted: at least 1 input at a time"),
        (["--show"], "--show is for pictures; perceptron:iris learned from tabular"),
    ],
)
def test_options_that_mean_nothing_are_refused(words, told, capsys):
    assert cli.call(["predict", "perceptron:iris", "5.1,1.4", *words]) == 2
    assert capsys.readouterr().err.startswith(f"zoo: {told}")
