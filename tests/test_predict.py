"""Raw in, label out: pictures, sentences and rows, on any backend."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo import answering, backend, cli, data
from zoo import recipe as recipes
from zoo.building import weight_files
from zoo.core import seal
from zoo.core.files import write_json
from zoo.data import Split
from zoo.data.kinds.texts import Vocabulary
from zoo.engine import steps
from zoo.errors import Mistake
from zoo.prediction import predict
from zoo.run import Run, open_run

MLP = {"input_shape": (2,), "hidden": (4,), "classes": 2}


def make_run(folder, dataset, name, **arguments):
    """The folder that a training run on `dataset` would leave, as far as needed."""
    folder.mkdir()
    dataset.save(folder)
    weight_files.save(zoo.build(name, **arguments), folder / "model.safetensors")
    recipe = zoo.Recipe(name, dataset.name, arguments)
    write_json(folder / "recipe.json", recipes.to_json(recipe))
    write_json(folder / "metrics.json", {"test": {"loss": 0.5, "accuracy": 1.0}})
    seal.write(folder)
    return Run(folder)


def empty(*shape, dtype="float32"):
    return Split(np.zeros((0, *shape), dtype), np.zeros(0, "int32"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each kind, at its initial weights."""
    root = tmp_path_factory.mktemp("runs")
    pictures = data.Dataset(
        "gray", "image", empty(12, 12, 1, dtype="uint8"), classes=("a", "b", "c")
    )
    vocabulary = Vocabulary(("good", "bad", "film"), length=6)
    sentences = data.Dataset(
        "reviews",
        "text",
        empty(6, dtype="int32"),
        classes=("negative", "positive"),
        encoder=vocabulary,
    )
    rows = data.Dataset(
        "plants", "tabular", empty(2), classes=("one", "two"), features=("long", "wide")
    )
    lenet = {"input_shape": (12, 12, 1), "classes": 3}
    lstm = {"vocabulary_size": 5, "length": 6, "embedding": 4, "units": (4,)}
    return {
        "pictures": make_run(root / "pictures", pictures, "lenet", **lenet),
        "sentences": make_run(root / "sentences", sentences, "lstm_sentiment", **lstm),
        "rows": make_run(root / "rows", rows, "deep_mlp", **MLP),
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Five pictures of 12 x 12 pixels."""
    folder = tmp_path_factory.mktemp("pictures")
    pixels = np.random.default_rng(0).integers(0, 256, (5, 12, 12), "uint8")
    names = [folder / f"{i}.png" for i in range(5)]
    for name, image in zip(names, pixels, strict=True):
        Image.fromarray(image).save(name)
    return names


def shares(predictions, classes):
    return np.array([[p.probabilities[c] for c in classes] for p in predictions])


def test_a_prediction_says_label_and_probabilities(runs, files):
    predictions = predict(runs["pictures"], files)
    assert [each.input for each in predictions] == [str(name) for name in files]
    for each in predictions:
        ranked = list(each.probabilities.values())
        assert ranked == sorted(ranked, reverse=True)
        assert sum(ranked) == pytest.approx(1)
        assert each.label == next(iter(each.probabilities))
        assert each.probability == ranked[0]
        assert set(each.probabilities) == {"a", "b", "c"}


def test_they_are_the_softmax_of_the_models_outputs(runs, files):
    run = runs["pictures"]
    pixels = np.stack([np.asarray(Image.open(name)) for name in files])[..., None]
    logits = np.asarray(run.model.predict(pixels, verbose=0), "float64")
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = shares(predict(run, files), "abc")
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_files_arrays_and_batches_are_the_same(runs, files):
    run = runs["pictures"]
    pixels = [np.asarray(Image.open(name)) for name in files]
    by_name = shares(predict(run, map(str, files)), "abc")
    by_array = shares(predict(run.folder, pixels), "abc")
    by_batch = shares(predict(str(run.folder), files, batch=2), "abc")
    np.testing.assert_array_equal(by_name, by_array)
    np.testing.assert_allclose(by_name, by_batch, rtol=1e-5)
    assert [each.input for each in predict(run, pixels[:2])] == ["input 1", "input 2"]
    assert predict(run, files[0]) == predict(run, files[:1])


def test_predictions_are_used_as_a_list_is(runs):
    given = np.linspace(-3, 3, 6).reshape(3, 2)
    answers, same = (predict(runs["rows"], given) for _ in range(2))
    given[:] = 9  # what was asked stays what it was
    first, *others = answers
    assert (len(answers), len(others), answers[-1]) == (3, 2, others[1])
    assert answers == same
    assert answers == [first, *others] != answers[:2]
    assert first in same
    assert answers + others == [first, *others, *others]
    assert others + same == [*others, *answers]
    assert repr(answers) == repr(list(same))
    assert first.input == "-3,-1.8"


@pytest.mark.parametrize("kind", ["pictures", "rows"])
def test_arrays_that_are_ready_are_answered_as_others_are(runs, files, kind):
    run = runs[kind]
    if kind == "pictures":
        given = np.stack([np.asarray(Image.open(name)) for name in files])[..., None]
        given[0] = 255  # bright to its border
        ways = given[..., 0], list(given), list(given[..., 0]), given / 255
    else:
        given = np.linspace(-3, 3, 10).reshape(5, 2)
        ways = given.tolist(), given.astype("float32"), list(given)
    before = given.copy()
    expected = predict(run, given)
    for way in ways:
        assert predict(run, way) == expected
    assert predict(run, given[0]) == predict(run, [given[0]])
    np.testing.assert_array_equal(given, before)
    assert data.ready(run.about_data, given) is not None
    assert data.ready(run.about_data, given[:0]) is None
    kept = pickle.loads(pickle.dumps(predict(run, given)))
    assert kept == expected
    assert repr(kept) == repr(expected)
    assert expected[1].numbers == {}
    with pytest.raises(AttributeError, match="a prediction has no lable"):
        expected[1].lable  # noqa: B018


def test_a_kept_run_is_read_again_when_it_has_changed(runs, tmp_path, monkeypatch):
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        shutil.copytree(runs["rows"].folder, folder / "run")
    monkeypatch.chdir(first)
    Path("run/own.py").touch()
    for name in ("own.py", "run.json", "model.safetensors"):
        before = answering.opened("run")[0]
        assert answering.opened("run")[0] is before
        os.utime(f"run/{name}", (1e9, 1e9))  # written in place
        again = answering.opened("run")[0]
        assert again is not before
        os.utime(f"run/{name}", (1e9, 1e9))  # and its time set back, as copies have it
        last = answering.opened("run")[0]
        assert last is not again
    Path("run/note.txt").touch()
    assert answering.opened("run")[0] is not last
    monkeypatch.chdir(second)  # where the same words mean another run
    assert answering.opened("run")[0] is not answering.opened(first / "run")[0]
    named = answering.opened("lenet:mnist")[0]
    shutil.copytree("run", "lenet:mnist")
    assert answering.opened("lenet:mnist")[0].folder != named.folder


@pytest.mark.parametrize("first", ["recipe", "about_data", "metrics", "model"])
@pytest.mark.parametrize("make", [open_run, Run])
def test_a_run_that_is_replaced_while_it_is_read_is_refused(
    runs, tmp_path, first, make
):
    folder = shutil.copytree(runs["rows"].folder, tmp_path / "run")
    run, half = make(folder), make(folder)
    for each in (run, half):
        getattr(each, first)
    seal.write(folder)  # the same run
    assert open_run(folder).about_data.classes == run.about_data.classes
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["calibration"] = {"temperature": 100.0}
    write_json(folder / "metrics.json", metrics)
    if first != "metrics":
        with pytest.raises(Mistake, match="is not the file that training wrote"):
            _ = half.metrics  # its sum is not written yet
    seal.write(folder)
    for name in {"recipe", "metrics", "model"} - {first, *vars(run)}:
        with pytest.raises(Mistake, match="was written again after it had been opened"):
            getattr(run, name)


@pytest.mark.once
def test_show_prints_what_the_network_saw(runs, tmp_path, capsys):
    pixels = np.zeros((12, 12), np.uint8)
    pixels[4:6, :6] = 255
    Image.fromarray(pixels).save(tmp_path / "bar.png")
    words = ["predict", str(runs["pictures"].folder), str(tmp_path / "bar.png")]
    assert cli.call([*words, "--show"]) == 0
    drawn = capsys.readouterr().out.splitlines()[:6]
    assert [line.rstrip() for line in drawn] == ["", "", "@@@@@@", "", "", ""]


def test_sentences(runs):
    said = ["A good film!", "a bad, bad film", "", "words never heard"]
    with pytest.warns(UserWarning, match="no word of '' and 1 more is known"):
        predictions = predict(runs["sentences"], said)
    assert [each.input for each in predictions] == said
    tokens = np.array([[1, 2, 4, 1, 0, 0], [1, 3, 3, 4, 0, 0]], "int32")
    logits = runs["sentences"].model.predict(tokens, verbose=0)
    positive = 1 / (1 + np.exp(-np.asarray(logits, "float64")[:, 0]))
    found = shares(predictions, ["positive"])[:2, 0]
    np.testing.assert_allclose(found, positive, rtol=1e-5)
    (alone,) = predict(runs["sentences"], "A good film!")
    assert alone.probabilities == pytest.approx(predictions[0].probabilities)


def test_rows(runs, tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("wide,name,long\n2,x,1\n-4,y,3.5\n")
    with pytest.warns(UserWarning, match="not used: name; the network learned from l"):
        predictions = predict(runs["rows"], table)
    assert [each.input for each in predictions] == ["1,2", "3.5,-4"]
    by_name = [{"long": 1, "wide": 2}, {"wide": "-4", "long": "3.5"}]
    for same in (["1,2", "3.5,-4"], [(1, 2), (3.5, -4)], by_name):
        np.testing.assert_allclose(
            shares(predict(runs["rows"], same), ("one", "two")),
            shares(predictions, ("one", "two")),
            rtol=1e-6,
        )


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("other", [b for b in backend.NAMES if b != backend.current()])
def test_another_backend_answers_the_same(runs, files, other):
    if other not in backend.installed():
        pytest.skip(f"{other} is not installed")
    inputs = {
        "pictures": [str(name) for name in files],
        "sentences": ["a good film", "bad"],
        "rows": ["1,2", "3.5,-4"],
    }
    jobs = {str(runs[kind].folder): given for kind, given in inputs.items()}
    script = (
        "import json, sys\n"
        "from zoo.prediction import predict\n"
        "jobs = json.loads(sys.argv[1])\n"
        "answers = [[p.probabilities for p in predict(*job)] for job in jobs.items()]\n"
        "import keras\n"
        "print(json.dumps([keras.config.backend(), answers]))\n"
        "guests = {'tensorflow'} & {*sys.modules} - {keras.config.backend()}\n"
        "assert not guests"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, json.dumps(jobs)],
        env={**os.environ, "KERAS_BACKEND": other},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    used, answers = json.loads(ran.stdout)
    assert used == other
    for kind, answer in zip(inputs, answers, strict=True):
        here = [each.probabilities for each in predict(runs[kind], inputs[kind])]
        assert len(here) == len(answer)
        for mine, theirs in zip(here, answer, strict=True):
            assert mine == pytest.approx(theirs, rel=1e-5)


def test_a_run_that_is_asked_again_is_opened_and_compiled_once(
    runs, tmp_path, monkeypatch
):
    folder = shutil.copytree(runs["rows"].folder, tmp_path / "run")
    made = []
    compiled = steps.compile_forward
    monkeypatch.setattr(
        steps, "compile_forward", lambda model: made.append(model) or compiled(model)
    )
    row = ["0.5,-0.25"]
    first = zoo.predict(folder, row)
    assert zoo.predict(str(folder), row) == first
    assert len(made) == 1
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["calibration"] = {"temperature": 100.0}
    write_json(folder / "metrics.json", metrics)
    seal.write(folder)
    changed = zoo.predict(folder, row)  # the files are others now
    assert changed[0].probability < first[0].probability
    run = zoo.Run(folder)
    zoo.predict(run, row)
    run.model.set_weights([0 * each for each in run.model.get_weights()])
    assert zoo.predict(run, row)[0].probability == 0.5


def test_answers_of_all_sizes_are_computed_in_few(runs):
    run, sizes = Run(runs["rows"].folder), set()
    inner = run.forward

    def forward(inputs, rows=None):
        sizes.add(len(inputs))
        return inner(inputs, rows)

    vars(run)["_forward"] = run.model, forward
    rows = np.random.default_rng(0).normal(size=(150, 2)).astype("float32")
    whole = [each.probability for each in predict(run, rows)]
    for count in (1, 3, 9, 20, 130):
        for batch in (6, 500):
            found = predict(run, rows[:count], batch=batch)
            assert [each.probability for each in found] == pytest.approx(whole[:count])
    assert sizes == {1, 2, 4, 6, 16, 32, 192}


def test_nothing_given(runs):
    with pytest.raises(Mistake, match="nothing to predict: give a sentence in quotes"):
        predict(runs["sentences"], [])


def test_weights_that_are_not_numbers(runs, tmp_path):
    rows = data.restore(runs["rows"].folder)
    broken = make_run(tmp_path / "broken", rows, "deep_mlp", **MLP)
    broken.model.layers[-1].bias.assign([np.nan, 0])
    with pytest.raises(Mistake, match=r"broken answers NaN; train it again"):
        predict(broken, "1,2")


def test_a_row_whose_numbers_overflow_in_the_network_has_no_answer(runs):
    with pytest.raises(
        Mistake, match=r"1 of 2 inputs have no answer, such as input 2, "
    ):
        predict(runs["rows"], [[1, 2], [3e38, 3e38]])


def test_not_a_run(tmp_path):
    with pytest.raises(Mistake, match="is not a run"):
        predict(tmp_path, "1,2")


@pytest.mark.once
def test_a_logit_of_0_is_answered_as_it_is_measured(tmp_path):
    recipe = zoo.Recipe("deep_mlp", "moons", batch=100, epochs=1)
    run = zoo.train(recipe, run=tmp_path / "run", floor=False, quiet=True)
    run.model.set_weights([np.zeros_like(each) for each in run.model.get_weights()])
    split = run.dataset().test
    answers = zoo.predict(run, split.inputs)
    told = np.array([list(run.about_data.classes).index(x.label) for x in answers])
    assert zoo.evaluate(run)["accuracy"] == np.mean(told == split.targets)
    assert {next(iter(each.probabilities)) for each in answers} == {answers[0].label}
    assert zoo.explain(run, "0.5,1")[0].of == answers[0].label
