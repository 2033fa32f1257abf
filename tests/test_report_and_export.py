"""A run as pictures, and as an ONNX file that answers alike."""

import sys

import numpy as np
import onnxruntime
import pytest
from PIL import Image

import zoo
from zoo import data
from zoo.engine import steps
from zoo.errors import Mistake


@pytest.fixture(scope="module")
def moons(tmp_path_factory):
    recipe = zoo.Recipe(model="deep_mlp", data="moons", batch=32, epochs=2)
    return zoo.train(recipe, run=tmp_path_factory.mktemp("runs") / "moons", quiet=True)


def test_a_report_is_a_picture_in_the_run(moons):
    path = zoo.report(moons)
    assert path == moons.folder / "report.png"
    with Image.open(path) as picture:
        assert picture.size == (1200, 600)
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 100


def test_a_report_says_what_the_curves_show(moons, monkeypatch):
    plain = zoo.report(moons).read_bytes()
    report = vars(sys.modules["zoo.reporting"])
    monkeypatch.setitem(report, "advise", lambda history: ["Underfitting. " * 20])
    assert zoo.report(moons).read_bytes() != plain


def test_onnx_answers_like_the_run(moons):
    path = zoo.export(moons)
    session = onnxruntime.InferenceSession(path)
    inputs = data.load("moons").test.inputs
    [answers] = session.run(None, {session.get_inputs()[0].name: inputs})
    expected = steps.predict(steps.compile_forward(moons.model), inputs)
    np.testing.assert_allclose(answers, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("verb", [zoo.report, zoo.export])
def test_a_folder_that_is_no_run(verb, tmp_path):
    with pytest.raises(Mistake, match="is not a run: it has no"):
        verb(tmp_path)
