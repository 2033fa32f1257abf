"""Strings of symbols: the data that hold them, and runs that read them."""

import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest
from tones import RATE, tone, written

import zoo
from zoo import cli, data, metrics
from zoo.data import floors, pieces
from zoo.data.kinds.sound_files import PADDING
from zoo.data.sources import digit_strings
from zoo.errors import Mistake
from zoo.metrics import strings
from zoo.training import acceptance, defaults
from zoo.training.setup import check

SPEAKERS, TAKES = ("ann", "bob"), 12
SMALL = {"units": (16,), "bands": 16, "joined": 4, "head": "ctc"}


def recordings(folder):
    """Four digits, which are tones, higher for bob."""
    for digit, speaker, take in itertools.product(range(4), SPEAKERS, range(TAKES)):
        hertz = 300 + 500 * digit + 60 * (speaker == "bob")
        sound = tone(hertz, 0.12 + 0.004 * take)
        written(folder / f"{digit}_{speaker}_{take}.wav", sound)
    return {"path": str(folder), "seconds": 2.0, "pause": 0.1}


@pytest.fixture
def few(tmp_path, monkeypatch):
    """Arguments of a small data set."""
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    counts = {"train": 60, "validation": 20, "test": 30}
    monkeypatch.setattr(digit_strings, "STRINGS", counts)
    return recordings(tmp_path / "recordings")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strings")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_CACHE", str(folder / "cache"))
        counts = {"train": 120, "validation": 20, "test": 30}
        patch.setattr(digit_strings, "STRINGS", counts)
        recipe = zoo.Recipe(
            model="lstm_speech",
            model_arguments=SMALL,
            data="digit_strings",
            data_arguments=recordings(folder / "recordings"),
            batch=8,
            epochs=6,
            loss="ctc",
            learning_rate=0.02,
            schedule="cosine",
            expects=zoo.Expected("error_rate", at_most=0.5),
        )
        yield zoo.train(recipe, run=folder / "run", quiet=True)


# --- The data


@pytest.mark.once
def test_strings_are_put_together_from_recordings_of_one_split(few):
    found = data.load("digit_strings", **few)
    seen = {}
    for part in ("train", "validation", "test"):
        split = found.split(part)
        first, last = digit_strings.TAKES[part]
        names = sorted(
            f"{digit}_{speaker}_{take}.wav"
            for digit in range(4)
            for speaker in SPEAKERS
            for take in range(TAKES)
        )
        used = {names[i] for i in split.inputs.places[split.inputs.places >= 0]}
        takes = {int(name[:-4].rpartition("_")[2]) for name in used}
        assert takes <= set(range(first, last))
        seen[part] = used
        for row, member in zip(split.inputs.places, split.groups, strict=True):
            speakers = {names[i].split("_")[1] for i in row if i >= 0}
            assert speakers == {SPEAKERS[member]}
    assert not seen["train"] & seen["validation"] | seen["train"] & seen["test"]
    train = found.train
    counts = (train.targets >= 0).sum(axis=1)
    assert counts.min() == 1
    assert counts.max() == 7
    sounds = train.inputs
    [sound] = sounds[[3]]
    parts = []
    for place, pause in zip(sounds.places[3], sounds.pauses[3], strict=True):
        if place >= 0:
            recording = sounds.recordings[place]
            parts += [np.zeros(pause), recording[recording != PADDING]]
    heard = np.concatenate(parts)
    assert (sound[: len(heard)] == heard).all()
    assert (sound[len(heard) :] == PADDING).all()
    assert (sounds[3:4] == sound).all()
    again, other = (data.load("digit_strings", **few, data_seed=i) for i in (0, 1))
    assert (again.train.targets == train.targets).all()
    assert (other.train.targets[:, :2] != train.targets[:, :2]).any()


@pytest.mark.once
def test_speakers_are_kept_apart(few):
    for given in ({"fold": (0, 2)}, {"groups": "speaker"}):
        if "groups" in given:
            with pytest.warns(UserWarning, match="are not apart in speaker"):
                found = data.load("digit_strings", **few, **given, validation=0)
        else:
            found = data.load("digit_strings", **few, **given, validation=0)
        assert not {*found.train.groups} & {*found.test.groups}
    with pytest.raises(Mistake, match="unknown groups of digit_strings 'voice'"):
        data.load("digit_strings", groups="voice")
    with pytest.raises(Mistake, match="seconds=1; accepted: 2 to 60"):
        data.load("digit_strings", seconds=1)
    with pytest.raises(Mistake, match="pause=2; accepted: 0 to 1"):
        data.load("digit_strings", pause=2)


@pytest.mark.once
def test_pooling_of_strings_has_no_effect_and_that_is_told(few):
    recipe = zoo.Recipe(
        model="lstm_speech",
        model_arguments={**SMALL, "pooling": "mean"},
        data="digit_strings",
        loss="ctc",
        batch=8,
    )
    told = "model.pooling=mean has no effect on strings of sound data; leave it out"
    with pytest.warns(UserWarning, match=told):
        check(recipe, data.load("digit_strings", **few))


@pytest.mark.once
def test_a_sound_is_cut_at_silences(few):
    silence = np.zeros(800)
    sound = np.concatenate([tone(300), silence, tone(500), silence, tone(700)])
    padded = np.full(8000, PADDING, np.int16)
    padded[: len(sound)] = 20_000 * sound
    found = pieces.cut(padded, RATE)
    assert [len(each) for each in found] == [1600] * 3
    assert pieces.cut(np.full(800, PADDING, np.int16), RATE) == []
    dataset = data.load("digit_strings", **few)
    answered, left_out = floors.answers(dataset, dataset.test, 10.0)
    assert not left_out
    rates = {
        name.partition(",")[0]: metrics.measure(each, dataset.test.targets, "strings")
        for name, each in answered.items()
    }
    assert rates["empty string"]["error_rate"] == 1
    assert rates["cut at silences"]["error_rate"] < 0.6


@pytest.mark.once
def test_a_table_says_what_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    lines = ["file,text"]
    for number, text in enumerate(["007", "hi", "cafe\u0301", "7", "a b"] * 4):
        written(tmp_path / f"{number}.wav", tone(300 + 10 * number))
        lines.append(f"{number}.wav,{text}")
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(lines), "utf-8")
    found = data.load(table, task="strings", validation=0)
    assert found.classes == tuple(" 07abcfhi\u00e9")
    joined = np.concatenate([found.train.targets, found.test.targets])
    said = {strings.text_of(each, found.classes) for each in joined}
    assert said == {"007", "hi", "caf\u00e9", "7", "a b"}
    recipe = defaults.recipe_for(str(table), {"task": "strings"})
    assert recipe.model_arguments["head"] == "ctc"
    assert recipe.loss == "ctc"
    table.write_text("\n".join([*lines, "0.wav,"]), "utf-8")
    with pytest.raises(Mistake, match=r"row 21: the target 'text' is missing \(1 of"):
        data.load(table, task="strings")
    said = [row.replace("hi", "null") for row in lines]  # the digit, in German
    table.write_text("\n".join(said), "utf-8")
    with pytest.warns(UserWarning, match="4 of 20 rows of 'text' are words such as 'n"):
        found = data.load(table, task="strings", validation=0)
    joined = np.concatenate([found.train.targets, found.test.targets])
    assert sum(strings.text_of(each, found.classes) == "null" for each in joined) == 4
    rows = tmp_path / "rows.csv"
    rows.write_text("a,b\n1,x\n2,y\n")
    with pytest.raises(Mistake, match=r"unknown task 'strings'.*numbers"):
        data.load(rows, target="b", task="strings")


def test_a_string_with_more_symbols_than_steps_is_named():
    said = np.array([[0, 1, -1, -1], [1, 1, 0, -1]])
    sounds = np.zeros((2, 40), np.int16)
    train = SimpleNamespace(targets=said, inputs=sounds)
    dataset = SimpleNamespace(classes=("a", "b"), name="own.csv", train=train)
    acceptance._check_strings("lstm_speech", (4, 3), dataset)
    with pytest.raises(Mistake, match=r"needs 4, .*model\.joined=1 .*leave out.*'bba'"):
        acceptance._check_strings("lstm_speech", (3, 3), dataset)
    sounds[1, 30:] = PADDING  # 3 of 4 steps begin in it
    with pytest.warns(UserWarning, match=r"1 sound is .* 2: 'bba' needs 4 .* has 3;"):
        acceptance._check_strings("lstm_speech", (4, 3), dataset)


# --- A run


@pytest.mark.slow
def test_a_run_reads_strings(run, tmp_path):
    rate = run.metrics["test"]["error_rate"]
    assert rate <= 0.2
    assert run.metrics["floors"]["empty string"]["error_rate"] == 1
    assert {"accuracy", "validation_error_rate"} <= run.history[-1].keys()
    assert run.metrics["noise"].keys() == {"error_rate"}
    silence = np.zeros(400)
    sound = np.concatenate([tone(800, 0.15), silence, tone(1800, 0.15), silence])
    path = written(tmp_path / "a.wav", sound)
    said = zoo.predict(run, [path, path])
    assert [each.transcript for each in said] == ["13", "13"]
    assert 0 < said[0].probability <= 1
    assert said[0].to_json().keys() == {"input", "transcript", "probability"}
    assert "13" in said[0]._repr_html_()


@pytest.mark.slow
@pytest.mark.once
def test_an_exported_run_reads_the_same(run, tmp_path):
    path = written(tmp_path / "a.wav", np.tile(tone(800, 0.15), 2))
    file = zoo.export(run, tmp_path / "run.onnx")
    one, other = zoo.predict(run, path)[0], zoo.predict(file, path)[0]
    assert one.transcript == other.transcript
    assert one.probability == pytest.approx(other.probability, rel=1e-3)
    from zoo.exported import Exported

    assert "the logit of nothing new" in Exported(file)._said["output"]
    with pytest.raises(Mistake, match="reads strings of symbols, and a step by itself"):
        zoo.export(run, tmp_path / "p.onnx", outputs="probabilities")


@pytest.mark.slow
@pytest.mark.once
def test_the_command_line_and_the_report_show_strings(run, tmp_path, capsys):
    path = written(tmp_path / "a.wav", tone(800, 0.15))
    folder = str(run.folder)
    assert cli.call(["predict", folder, str(path)]) == 0
    assert "probability" in capsys.readouterr().out
    assert cli.call(["predict", folder, str(path), "--json"]) == 0
    [said] = json.loads(capsys.readouterr().out)
    assert said["transcript"] == "1"
    assert "error_rate" in zoo.evaluate(run, run.dataset().test)
    page = zoo.report(run).read_text("utf-8")
    assert "error rate" in page
    assert "empty string" in page


@pytest.mark.slow
@pytest.mark.once
def test_speakers_who_were_never_heard_are_answered(few, tmp_path):
    recipe = zoo.Recipe(
        model="lstm_speech",
        model_arguments=SMALL,
        data="digit_strings",
        data_arguments={**few, "groups": "speaker"},
        validation=0.0,
        batch=8,
        epochs=1,
    )
    done = zoo.cross_validate(recipe, 2, tmp_path / "parts", quiet=True)
    assert {"error_rate", "loss"} <= done.metrics["interval"].keys()
    assert done.metrics["floors"]["empty string"]["error_rate"] == 1
    assert sum(each["examples"] for each in done.metrics["folds"]) == 110


@pytest.mark.slow
@pytest.mark.once
def test_what_does_not_take_strings_says_so(run, tmp_path):
    path = written(tmp_path / "a.wav", tone(300))
    with pytest.raises(Mistake, match="this network reads strings, each with its"):
        zoo.predict(run, path, confidence=0.9)
    with pytest.raises(Mistake, match="a report of strings is html or md"):
        zoo.report(run, format="png")
    with pytest.raises(Mistake, match="reads strings, and the steps at which"):
        zoo.ensemble(run, run)
    for changes, said in {
        "class_weight=balanced": "has strings to be read: remove it",
        "label_smoothing=0.1": "label_smoothing=0.1 is for classes",
        "loss=focal": "unknown loss of strings 'focal'",
        "model.head=label": r"accepted: \(steps, 11\), logits of nothing new",
        "model.joined=40": "a string of digit_strings needs",
    }.items():
        recipe = zoo.recipe.override(run.recipe, [changes])
        with pytest.raises(Mistake, match=said):
            zoo.train(recipe, run=tmp_path / "no", quiet=True)
    changes = ["augment.time_shift=0.1", "augment_on=device"]
    recipe = zoo.recipe.override(run.recipe, changes)
    with (
        pytest.warns(UserWarning, match="time_shift cuts beginnings of sounds off"),
        pytest.raises(Mistake, match="augment_on='device' changes images"),
    ):
        zoo.train(recipe, run=tmp_path / "no", quiet=True)
