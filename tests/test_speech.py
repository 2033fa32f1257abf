"""Runs that answer sounds and sequences: from files and arrays, and by HTTP."""

import base64
import json

import browser
import numpy as np
import pytest
from tones import RATE, damaged, tone, tones, written

import zoo
from tests.test_serving import ask, running
from zoo import cli
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds import sequences, sound_files
from zoo.errors import Mistake
from zoo.serving import app, inputs

SMALL = {"units": (8,), "bands": 12}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("speech")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_CACHE", str(folder / "cache"))
        tones(folder / "own", 20)
        recipe = zoo.Recipe(
            model="lstm_speech",
            model_arguments=SMALL,
            data=f"{folder}/own",
            validation=0.25,
            augment={"speed": 0.02, "noise": 0.1},
            batch=8,
            epochs=8,
            learning_rate=0.01,
        )
        yield zoo.train(recipe, run=folder / "run", quiet=True, floor=False)


# --- A run


@pytest.mark.slow
def test_sounds_of_any_form_are_answered(run, tmp_path):
    assert run.metrics["validation"]["accuracy"] == 1
    assert run.dataset().train.inputs.dtype == np.int16
    both = np.stack([tone(700, 0.15, 44_100)] * 2, axis=1)
    path = written(tmp_path / "a.wav", both, 44_100)
    high = [path, str(path), path.read_bytes(), tone(700, 0.15)]
    high.append((tone(700, 0.15) * 32767).astype("int16"))
    said = zoo.predict(run, [*high, tone(300, 0.12).astype("float32")])
    assert [each.label for each in said] == ["700"] * 5 + ["300"]
    assert [each.input for each in said[1:4]] == [str(path), "input 3", "input 4"]
    assert sum(said[0].probabilities.values()) == pytest.approx(1)
    written(tmp_path / "b.wav", tone(300, 0.1))
    assert [each.label for each in zoo.predict(run, tmp_path)] == ["700", "300"]


@pytest.mark.once
def test_an_array_may_have_channels(run):
    left, right = tone(300, 0.2), tone(700, 0.2)
    [one] = zoo.predict(run, np.stack([left, right], axis=1))
    [other] = zoo.predict(run, [np.stack([right, left], axis=1)])
    [mean] = zoo.predict(run, (left + right) / 2)
    assert one.probabilities == other.probabilities == mean.probabilities


@pytest.mark.once
def test_strange_sounds_are_told(run, tmp_path):
    for kind, said in {
        "empty": "it has 0 bytes",
        "truncated": "is truncated",
        "nan": "holds NaN",
        "text": "is no WAV file",
    }.items():
        with pytest.raises(Mistake, match=said):
            zoo.predict(run, damaged(kind, tmp_path))
    with pytest.warns(UserWarning, match="1 of 1 sounds is silent"):
        zoo.predict(run, written(tmp_path / "s.wav", np.zeros(800)))
    with pytest.warns(UserWarning, match=r"longer than 0\.48 s: the end is not heard"):
        zoo.predict(run, written(tmp_path / "l.wav", tone(300, 2)))
    with pytest.raises(Mistake, match="is no sound; accepted"):
        zoo.predict(run, np.zeros((2, 3, 4)))
    with pytest.raises(Mistake, match="input 1 is 7; give the name of a sound file"):
        zoo.predict(run, [7, "a"])


@pytest.mark.once
def test_what_does_not_take_sounds_says_so(run, tmp_path):
    path = written(tmp_path / "a.wav", tone(300))
    with pytest.raises(Mistake, match="network learned from sounds; accepted: occl"):
        zoo.explain(run, path, method="gradient")
    with pytest.raises(Mistake, match="back=3 is for series"):
        zoo.predict(run, path, back=3)


@pytest.mark.once
def test_a_sound_is_explained_as_a_picture(run, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "a.wav", tone(300))
    assert cli.call(["explain", str(run.folder), "a.wav"]) == 0
    assert "by occlusion" in capsys.readouterr().out
    assert "0.000 s" in (tmp_path / "a.explained.svg").read_text("utf-8")
    [why] = zoo.explain(run, "a.wav")
    assert f"Orange times speak for {why.of}" in why._repr_html_()


@pytest.mark.once
def test_a_report_of_sounds_is_drawn(run):
    page = zoo.report(run).read_text("utf-8")
    assert "lstm_speech" in page
    assert "700" in page


@pytest.mark.slow
def test_an_exported_run_answers_the_same(run, tmp_path):
    paths = [written(tmp_path / f"{f}.wav", tone(f, 0.3)) for f in (300, 700)]
    file = zoo.export(run, tmp_path / "run.onnx")
    one, other = zoo.predict(run, paths), zoo.predict(file, paths)
    for here, there in zip(one, other, strict=True):
        assert here.probability == pytest.approx(there.probability, rel=1e-3)


@pytest.mark.slow
@pytest.mark.once
def test_a_folder_trains_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tones(tmp_path / "own", 10)
    words = ["train", "own/", "epochs=1", "model.units=(8,)", "--run", "run"]
    assert cli.call([*words, "--no-floor"]) == 0
    printed = capsys.readouterr()
    assert 'model="lstm_speech"' in printed.err
    assert "zoo predict run run/example.wav" in printed.out
    assert cli.call(["predict", "run", "run/example.wav", "--json"]) == 0
    [said] = json.loads(capsys.readouterr().out)
    assert said["label"] in ("300", "700")


@pytest.mark.slow
@pytest.mark.once
def test_sequences_are_answered(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    for part in ("TRAIN", "TEST"):
        lines = []
        for number in range(40):
            sign = 1 - 2 * (number % 2)
            found = sign + random.normal(size=(2, 4 + number % 5))
            channels = [",".join(f"{value:.3f}" for value in row) for row in found]
            lines.append(f"{':'.join(channels)}:{'ab'[number % 2]}")
        path = tmp_path / f"JapaneseVowels_{part}.ts"
        path.write_text("\n".join(["@data", *lines]))
    monkeypatch.setattr("zoo.data.sources.speech._shipped", lambda: tmp_path)
    recipe = zoo.Recipe(
        model="lstm_speech",
        model_arguments={"units": (8,), "joined": 1},
        data="vowels",
        validation=0.2,
        batch=8,
        epochs=20,
        learning_rate=0.01,
    )
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True, floor=False)
    columns = run.model.get_layer("columns")
    rows = run.dataset().train.rows
    assert np.allclose(columns.input_mean, rows.mean(axis=0), atol=1e-5)
    given, _ = sequences.read(tmp_path / "JapaneseVowels_TEST.ts")
    said = zoo.predict(run, given)
    assert np.mean([each.label[-1] for each in said] == np.tile(["a", "b"], 20)) > 0.8
    [one] = zoo.predict(run, given[0])
    assert one.probability == pytest.approx(said[0].probability, rel=1e-4)
    for wrong, words in {
        "has 3 channels": np.zeros((4, 3)),
        "has 9 steps; this network takes at most 8": np.zeros((9, 2)),
        "holds no numbers": np.full((4, 2), np.nan),
        "is no sequence; give an array": "a.csv",
    }.items():
        with pytest.raises(Mistake, match=wrong):
            zoo.predict(run, words)


# --- By HTTP


@pytest.mark.once
def test_a_sound_is_served_in_every_form_and_explained(run, tmp_path):
    content = written(tmp_path / "a.wav", tone(900)).read_bytes()
    [expected] = zoo.predict(run, content)
    form = (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\n" + content + b"\r\n--x--\r\n"
    )
    samples = sound_files.read(content, RATE).tolist()
    asked = [
        (content, "audio/wav"),
        (content, "application/octet-stream"),
        (form, "multipart/form-data; boundary=x"),
        ({"input": base64.b64encode(content).decode()}, "application/json"),
        ({"inputs": [samples]}, "application/json"),
    ]
    with running(app.make(run)) as port:
        for body, kind in asked:
            status, said = ask(port, "/predict", body, kind)
            assert status == 200, said
            [found] = said["predictions"]
            assert found["label"] == expected.label
            assert found["probability"] == pytest.approx(expected.probability, abs=1e-4)
        status, said = ask(port, "/explain", content, "audio/wav")
        assert status == 200
        assert "<svg" in said["explanations"][0]["html"]
        for body, kind, told in (
            (content[:60], "audio/wav", "truncated"),
            (b"\xff\x00" * 99, "audio/wav", ""),
            ({"input": "/etc/passwd"}, "application/json", "no sound in base64"),
            ({"input": "é"}, "application/json", "no sound in base64"),
            ({"input": [[1, 2]]}, "application/json", "samples at 8,000 a second"),
            ({"input": [1, None]}, "application/json", "samples at 8,000 a second"),
        ):
            status, said = ask(port, "/predict", body, kind)
            assert (status, told in said["error"]) == (400, True), said


@pytest.mark.once
@pytest.mark.skipif(not browser.CHROMIUM, reason="needs Chromium, which listens")
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* sounds is silent")  # it beeps now and then
def test_the_page_hears_the_microphone(run):
    fake = "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"
    with running(app.make(run)) as port, browser.page(*fake) as page:
        page.open(f"http://127.0.0.1:{port}/", 390, 844)
        page.wait("!!document.getElementById('record')")
        record = "document.getElementById('record')"
        page.evaluate(f"{record}.click()")
        page.wait(f"{record}.textContent === 'Stop'")
        said = "document.getElementById('error').textContent"  # it stops by itself
        page.wait(f"document.querySelectorAll('.bar').length > 1 || {said}")
        assert page.evaluate(said) == ""
        assert page.evaluate("!!document.getElementById('wave')")
        page.evaluate("document.getElementById('explain').click()")
        page.wait("!!document.querySelector('#explained svg')")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_sequence_in_a_request_is_read():
    split = Split(np.zeros((0, 8, 2), "float32"), np.zeros(0, "int32"))
    about = Dataset("own", "sequence", split, classes=("a", "b"))
    steps = np.array([[1, 2], [3, np.nan], [5, 6]], "float32")
    given = json.dumps({"input": [[1, 2], [3, None], [5, 6]]}).encode()
    asked = [
        inputs.of_json(about, given),
        inputs.of_bytes(about, b"1,2\n3,\n5,6\n"),
        inputs.of_bytes(about, b"@data\n1,3,5:2,?,6:a\n"),
    ]
    for [(_, found)] in asked:
        np.testing.assert_array_equal(found, steps)
    assert sequences.items(asked[0]) == asked[0]
    for wrong in (b"1,2\n3\n", b"1\n2\n", b"a,b\n"):
        with pytest.raises(Mistake, match=r"of 2 numbers|lengths|more than numbers"):
            inputs.of_bytes(about, wrong)
