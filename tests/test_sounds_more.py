"""Sounds that are only learned from: in every training, in no test and validation."""

import re
import shutil
import warnings

import pytest
from scipy.io import wavfile
from tones import tone, tones, written

import zoo
from zoo import cli, data, publishing
from zoo.core.samples import PADDING
from zoo.errors import Mistake
from zoo.training import defaults
from zoo.tuning import trial

pytestmark = pytest.mark.once
SPEAKERS = ("ann", "bob", "eve")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """Digits by three speakers, and by a machine in another folder."""
    root = tmp_path_factory.mktemp("spoken")
    for digit in range(10):
        for number, speaker in enumerate(SPEAKERS):
            for take in (0, 5, 6):
                hertz = 200 + 50 * digit + 7 * number + take
                name = f"{digit}_{speaker}_{take}.wav"
                written(root / "recordings" / name, tone(hertz, 0.05))
        for take in range(2):
            hertz = 203 + 50 * digit + 20 * take
            written(root / "voices" / str(digit) / f"{take}.wav", tone(hertz, 0.06))
    shutil.copy(
        root / "recordings" / "7_bob_5.wav", root / "voices" / "7" / "copied.wav"
    )
    return root


def heard(folder):
    """Class and samples of each file in class folders, as SciPy reads it."""
    return {
        (path.parent.name, wavfile.read(path)[1].tobytes())
        for path in folder.glob("*/*.wav")
    }


def said(dataset, split):
    """The same of a split."""
    part = getattr(dataset, split)
    return [
        (dataset.classes[target], samples[samples != PADDING].tobytes())
        for samples, target in zip(part.inputs, part.targets, strict=True)
    ]


def test_they_are_in_every_training_and_in_nothing_that_is_held_out(spoken):
    given = {"path": str(spoken), "groups": "speaker", "more": str(spoken / "voices")}
    copied = ("7", wavfile.read(spoken / "voices" / "7" / "copied.wav")[1].tobytes())
    synthesized = heard(spoken / "voices") - {copied}
    assert len(synthesized) == 20
    found = r"1 of 21 sounds of .*voices is left out: spoken_digits holds .*copied"
    tested = []
    for part in range(3):
        with pytest.warns(UserWarning, match=found):
            fold = data.load("spoken_digits", **given, validation=0.25, fold=(part, 3))
        assert fold.more is None
        learned = said(fold, "train")
        assert len(learned) + len(fold.validation) == 60 + 20
        assert set(learned[-20:]) == synthesized
        held = said(fold, "validation") + said(fold, "test")
        assert not set(held) & (synthesized | set(learned))
        tested += said(fold, "test")
    assert len(tested) == len(set(tested)) == 90
    assert copied in tested
    assert "20 sounds of voices/ are only learned from." in fold.card()
    assert "CC BY-SA 4.0; zoo does not know that of voices/" in fold.card()
    recipe = zoo.Recipe(
        model="lstm_speech",
        data="spoken_digits",
        data_arguments={**given, "fold": (0, 3)},
        validation=0.0,
    )
    with pytest.warns(UserWarning, match=found):
        inner = trial.datasets(recipe, 2)  # of a search, which holds out once more
    for each in inner:
        assert set(said(each, "train")[-20:]) == synthesized
        assert len(each.train) == 30 + 20
        assert len(each.validation) == 30
        assert len(set(each.validation.groups)) == 1  # one speaker
        assert not synthesized & set(said(each, "validation"))


def test_class_folders_and_tables_take_them_at_their_rate_and_length(tmp_path):
    own = tones(tmp_path / "own", 8, rate=11_025)
    other = tones(tmp_path / "more", 3, classes=(700,), rate=22_050)  # some are longer
    written(other / "700" / "long.wav", tone(700, 0.9, 22_050), 22_050)
    with pytest.warns(UserWarning, match=r"1 of 4 sounds is longer than .*long\.wav"):
        found = data.load(own, more=other, validation=None)
    assert (found.rate, len(found.train), len(found.test)) == (11_025, 13 + 4, 3)
    assert found.train.targets[-4:].tolist() == [1] * 4
    assert found.input_shape == data.load(own).input_shape
    lengths = (found.train.inputs[-4:] != PADDING).sum(axis=1)
    assert lengths.tolist() == [400, 480, 560, found.input_shape[0]]
    lines = [f"{path.relative_to(own)},{path.parent.name}" for path in own.glob("*/*")]
    table = own / "labels.csv"
    table.write_text("\n".join(["file,pitch", *lines]), "utf-8")
    with warnings.catch_warnings(action="ignore"):
        found = data.load(table, more=str(other), test=0, validation=0)
        assert (len(found.train), found.test, found.validation) == (20, None, None)
        with pytest.raises(Mistake, match=r"labels\.csv is strings; put more rows"):
            data.load(table, task="strings", more=str(other))


def test_what_is_no_folder_of_more_is_told(tmp_path):
    own = tones(tmp_path / "own")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    tones(tmp_path / "split" / "train")
    tones(tmp_path / "named", 1, (300, 70))
    (tmp_path / "bad" / "300").mkdir(parents=True)
    (tmp_path / "bad" / "300" / "a.wav").touch()
    for name, words in {
        "none": "none is not there; give a folder of class folders",
        "x" * 300: "xxx cannot be read: File name too long; give a folder of",
        "file": "file is a file; give a folder of class folders",
        "empty": "empty has no class folders; put the sounds of each class into",
        "split": r"split holds train/, as if it had splits; give .* such as .*train$",
        "named": r"unknown class in .*named '70'; did you mean '700'\?; accepted: 300,",
        "bad": r"1 of 1 sounds cannot be read: .*a\.wav is empty",
        "own": "own holds nothing that .*own does not hold; give a folder of other",
    }.items():
        with pytest.raises(Mistake, match=words):
            data.load(own, more=str(tmp_path / name))
    with pytest.raises(Mistake, match="more=~nobody1 is not there; give a folder"):
        data.load(own, more="~nobody1")  # whose home no system knows
    with pytest.raises(Mistake, match="more is True; accepted: text"):
        data.load(own, more=True)
    with pytest.raises(Mistake, match=r"unknown argument of the data set .* 'more'"):
        data.load("digits", more="voices")


@pytest.mark.filterwarnings("ignore:.* longer than")
def test_what_is_only_learned_from_is_no_reason_to_hold_some_out(tmp_path):
    own = tones(tmp_path / "own", 20)  # of 40 sounds a fifth is the test
    more = tones(tmp_path / "more", 60, (300,), dtype="uint8")
    alone, both = (
        defaults.recipe_for(str(own), {**a}) for a in ({}, {"more": str(more)})
    )
    assert (alone.validation, both.validation) == (0, 0)
    assert (alone.batch, both.batch) == (4, 8)  # of 32, and of 92


@pytest.mark.slow
def test_a_cross_validation_by_speaker(spoken, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(spoken)
    words = ["cross-validate", "lstm_digits_spoken", "data.path=.", "data.more=voices"]
    words += ["model.units=4,", "model.bands=8", "data.seconds=0.1", "epochs=1"]
    words += ["validation=0", "batch=80", "--groups", "speaker", "--folds", "3"]
    words += ["--run", str(tmp_path / "run")]
    with warnings.catch_warnings(action="ignore"):
        assert cli.call(words) == 0
    assert "accuracy over all: " in capsys.readouterr().out
    run = zoo.Run(tmp_path / "run" / "part-0")
    assert run.recipe.data_arguments["more"] == str(spoken / "voices")
    about = run.about_data
    assert about.examples["train"]["examples"] == 60 + 20
    assert "examples: train 80, test 30\n" in about.card()
    assert "20 sounds of voices/ are only learned from." in about.card()
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings(action="error"):
        warnings.filterwarnings("ignore", "1 of 21 sounds")
        assert len(run.dataset().train) == 80
    plain = publishing.without_places(run.recipe)
    assert "path" not in plain.data_arguments
    assert plain.data_arguments["more"] == "voices"  # and none of it is not told


@pytest.mark.slow
def test_a_run_is_judged_without_what_it_only_learned_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tones(tmp_path / "own", 10)
    other = tones(tmp_path / "away" / "voices", 3, dtype="int32")
    arguments = {"units": (4,), "bands": 8}
    recipe = zoo.Recipe(
        model="lstm_speech",
        model_arguments=arguments,
        data="./own",
        data_arguments={"more": "away/voices"},
        epochs=1,
        batch=8,
    )
    run = zoo.train(recipe, run="run", quiet=True)
    with warnings.catch_warnings(action="error"):
        there = zoo.evaluate(run)
    shutil.rmtree(other)
    with warnings.catch_warnings(action="error"):
        gone = zoo.evaluate("run")
        validated = zoo.evaluate("run", "validation")
        zoo.report("run")
    assert gone == there == pytest.approx(run.metrics["test"], rel=1e-5)
    assert validated == pytest.approx(run.metrics["validation"], rel=1e-5)
    page = (run.folder / "report.html").read_text("utf-8")
    count = run.about_data.examples["train"]["examples"]
    assert len(run.dataset(whole=False).train) == count - 6
    assert re.search(rf">train examples</bdi></td><td[^>]*><bdi>{count}<", page)
    assert "6 sounds of voices/ are only learned from." in page
    with pytest.raises(Mistake, match="voices is not there; give a folder of class"):
        zoo.evaluate("run", "train")
    (tmp_path / "own" / "300" / "0.wav").unlink()
    with pytest.warns(UserWarning, match="test "):  # what is held out is compared
        zoo.evaluate("run")
    readme = zoo.publish(run, "hub") / "README.md"
    text = readme.read_text("utf-8")
    assert "6 sounds of voices/ are only learned from." in text
    assert "away" not in text
