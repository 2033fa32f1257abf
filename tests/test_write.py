"""zoo write, and runs of texts: the same text everywhere, and what is refused."""

import json
import re
import shutil
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo import cli, writing
from zoo.building import registry
from zoo.core import seal
from zoo.errors import Mistake

TEXT = "the cat sat on the mat, the cat ran; a man sat on a hat.\n" * 40


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("language")
    (folder / "own.txt").write_text(TEXT, "utf-8")
    recipe = zoo.Recipe(
        model="lstm_language",
        model_arguments={"units": (32,), "embedding": 16},
        data=str(folder / "own.txt"),
        data_arguments={"window": 16},
        batch=8,
        epochs=8,
        learning_rate=0.02,
    )
    return zoo.train(recipe, run=folder / "run", quiet=True)


def test_it_learns_and_beats_chance(run):
    assert run.metrics["test"]["loss"] < 0.5
    assert run.metrics["test"]["bits"] < 0.5 / np.log(2)
    assert zoo.evaluate(run)["loss"] == pytest.approx(
        run.metrics["test"]["loss"], rel=1e-4
    )


def test_the_text_is_a_function_of_its_arguments(run):
    first = zoo.write(run, "the cat", length=60, seed=3)
    assert len(first) == 60
    assert zoo.write(run.folder, "the cat", length=60, seed=3) == first
    assert zoo.write(run, "the cat", length=30, seed=3) == first[:30]
    warm = {zoo.write(run, "a", length=40, temperature=3.0, seed=i) for i in range(3)}
    assert len(warm) == 3
    with pytest.warns(UserWarning, match="seed=. has no effect: temperature=0 takes"):
        usual = {
            zoo.write(run, "a", length=40, temperature=0, seed=i) for i in range(3)
        }
    assert len(usual) == 1
    assert usual == {zoo.write(run, "a", length=40, top_k=1)}
    assert set(zoo.write(run, length=50)) <= set(TEXT)
    of_windows = zoo.write(run, "the hat.\r\nthe", length=9)
    assert of_windows == zoo.write(run, "the hat.\nthe", length=9)


@pytest.mark.once
def test_a_model_of_one_s_own_goes_on_with_trust_alone(run, tmp_path):
    folder = shutil.copytree(run.folder, tmp_path / "own")
    model = Path(registry.source("lstm_language")).read_text("utf-8")
    (tmp_path / "net.py").write_text(f"import os\nos.mkdir('{tmp_path}/ran')\n{model}")
    shutil.copy(tmp_path / "net.py", folder / "model.py")
    about = json.loads((folder / "recipe.json").read_text())
    about["model"] = str(tmp_path / "net.py")
    (folder / "recipe.json").write_text(json.dumps(about))
    (folder / "environment.json").write_text('{"backend": "torch"}')
    seal.write(folder)
    with pytest.raises(
        Mistake, match=r"would execute .*net.py, code that is not zoo's"
    ):
        zoo.write(folder, "the", length=5)
    assert not (tmp_path / "ran").exists()
    assert zoo.write(folder, "the", length=5, trust=True) == zoo.write(
        run, "the", length=5
    )


@pytest.mark.once
def test_draws_have_the_shares_of_the_softmax():
    logits = np.array([9.0, 1.0, 2.0, 0.0, -1.0])
    drawn = (np.arange(10_000) + 0.5) / 10_000
    shares = np.exp(logits[1:] / 0.5)
    counts = Counter(writing._chosen(logits, each, 0.5, 0) for each in drawn)
    found = [counts[i] / 10_000 for i in range(5)]
    assert np.allclose(found, [0, *(shares / shares.sum())], atol=1e-3)
    assert {writing._chosen(logits, each, 0.5, 2) for each in drawn} == {1, 2}
    assert {writing._chosen(logits, each, 1e-310, 0) for each in drawn[::99]} == {2}


@pytest.mark.once
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"prompt": "über\u2603"}, "the prompt holds 'b', 'ü', '☃', which the text"),
        ({"length": 0}, "length=0; accepted: 1 to 1,000,000 tokens"),
        ({"temperature": -1.0}, "temperature=-1.0; accepted: 0 to 100, such as 0.8"),
        ({"top_k": -1}, "top_k=-1; accepted: 0 for all, or 1 or more"),
        ({"seed": -1}, "seed=-1; a seed is 0 or a positive whole number"),
        ({"seed": 2**64}, r"; a seed is 0 or a positive whole number, below 2\*\*64"),
        ({"prompt": "q\u0308"}, r"the prompt holds 'q', '\\u0308', which the text"),
        ({"length": "80"}, "length='80'; accepted: a whole number"),
        ({"top_k": 2.5}, r"top_k=2\.5; accepted: a whole number"),
        ({"temperature": "1"}, "temperature='1'; accepted: a number, such as 0.8"),
        ({"prompt": b"the"}, "the prompt is b'the'; give a text in quotes"),
    ],
)
def test_what_cannot_be_written_is_told(run, given, said):
    with pytest.raises(Mistake, match=said):
        zoo.write(run, **given)


@pytest.mark.once
@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("cat", "'cat', which runs/a does not know; it knows 4 words, ' cat' among "),
        ("the cat.\n the", "' the', which .* among them: give it without the space"),
        ("the dog", "' dog', which runs/a does not know; it knows 4 words; leave it"),
        (
            "the cat ",
            "' ', which .* each with the one space before it; leave out other",
        ),
    ],
)
def test_words_that_are_not_known_are_told_with_what_comes_near(prompt, said):
    known = ("", "the", " cat", ".", "\n")
    found = writing._strange(prompt, Path("runs/a"), "words", known)
    assert re.search(f"the prompt holds {said}", found)


@pytest.mark.slow
def test_a_thousand_characters_take_a_second(run):
    zoo.write(run, length=10)
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        zoo.write(run, "the", length=1000)
        seconds.append(time.perf_counter() - begun)
    assert min(seconds) <= 1.0


def test_verbs_take_such_a_run_or_say_why_not(run, capsys, tmp_path):
    folder = str(run.folder)
    words = ["write", folder, "--prompt", "the", "--length", "20", "--top-k", "5"]
    assert cli.call(words) == 0
    assert capsys.readouterr().out.startswith("the")
    assert cli.call(["predict", folder, "the cat", "--json"]) == 0
    [said] = json.loads(capsys.readouterr().out)
    assert said["continuation"] == zoo.write(run, "the cat")
    assert zoo.predict(run, "a")[0]._repr_html_().startswith("<pre>a<b>")
    for verb, more, why in (
        ("serve", [], "texts that go on are not served; `zoo write RUN` writes them"),
        ("explain", ["the"], "explain is for .*; .* learned from language data"),
        ("predict", ["the", "--confidence", "0.9"], "is for classes and numbers"),
    ):
        assert cli.call([verb, folder, *more]) == 2
        error = capsys.readouterr().err
        assert len(error.splitlines()) == 1
        assert re.search(why, error)


@pytest.mark.slow
@pytest.mark.once
def test_another_run_does_not_write(tmp_path):
    points = zoo.Recipe(model="deep_mlp", data="moons", batch=64, epochs=1)
    other = zoo.train(points, run=tmp_path / "run", quiet=True, floor=False)
    with pytest.raises(Mistake, match=r"zoo write goes on with texts; .* points data"):
        zoo.write(other)


def test_an_exported_file_gives_the_same_logits(run, tmp_path):
    pytest.importorskip("onnxruntime")
    path = zoo.export(run, tmp_path / "own.onnx")
    assert path.is_file()


def test_the_text_of_a_network_is_the_same_on_every_backend():
    from zoo.core import random
    from zoo.models import lstm_language

    arguments = {"vocabulary_size": 9, "window": 4, "units": (5,), "embedding": 3}
    stepper = lstm_language.stepper(zoo.build("lstm_language", seed=1, **arguments))
    written, logits = [], stepper.step(1)
    for drawn in random.words(12, 0, writing.STREAM) / 2.0**64:
        written.append(writing._chosen(logits, float(drawn), 1.0, 0))
        logits = stepper.step(written[-1])
    assert written == [4, 6, 8, 1, 6, 2, 3, 6, 2, 2, 5, 4]


@pytest.mark.once
def test_such_a_run_is_published_and_compared(run, tmp_path):
    folder = zoo.publish(run, tmp_path / "published")
    card = json.loads((folder / "card.json").read_text("utf-8"))
    assert (
        card["inputs"] == "characters of a text, 16 at a time, 0 where one is unknown"
    )
    assert 'pipeline_tag: "text-generation"' in (folder / "README.md").read_text(
        "utf-8"
    )
    assert card["results"]["loss"] == run.metrics["test"]["loss"]
    assert "bits" in zoo.report(run, format="md").read_text("utf-8")
