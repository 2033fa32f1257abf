"""lstm_speech: what it hears, padding, and runs that answer sounds and sequences."""

import base64
import json

import browser
import compiling
import keras
import numpy as np
import pytest
from tones import RATE, damaged, tone, tones, written

import zoo
from tests.test_serving import ask, running
from zoo import cli
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds import sequences, sound_files
from zoo.data.kinds.sound_files import PADDING
from zoo.errors import Mistake
from zoo.serving import app, inputs

SMALL = {"units": (8,), "bands": 12}


def answers(model, inputs):
    return keras.ops.convert_to_numpy(
        compiling.whole(model)(np.asarray(inputs, "float32"))
    )


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


# --- The network


@pytest.mark.parametrize(
    ("cell", "normalize"), [("gru", "sound"), ("mingru", "sound"), ("gru", "voice")]
)
def test_padding_does_not_change_the_answer(cell, normalize):
    options = {"cell": cell, "normalize": normalize, **SMALL}
    short = zoo.build("lstm_speech", input_shape=(960,), **options)
    long = zoo.build("lstm_speech", input_shape=(1600,), **options)
    if cell == "mingru":  # whose memory at first is that of the length
        long.set_weights(short.get_weights())
    sounds = np.full((3, 1600), PADDING)
    for row, count in zip(sounds, (960, 800, 330), strict=True):
        row[:count] = 20_000 * tone(440, count / RATE)
    assert np.allclose(
        answers(short, sounds[:, :960]), answers(long, sounds), atol=1e-5
    )


@pytest.mark.parametrize(
    ("pooling", "deltas"), [("last", False), ("max", False), ("mean", True)]
)
def test_features_behind_the_end_are_not_seen(pooling, deltas):
    options = {"units": (8, 8), "joined": 2, "pooling": pooling, "deltas": deltas}
    short = zoo.build("lstm_speech", input_shape=(6, 3), **options)
    long = zoo.build("lstm_speech", input_shape=(10, 3), **options)
    given = np.full((2, 10, 3), np.nan, "float32")
    given[0, :6] = np.random.default_rng(0).normal(size=(6, 3))
    given[1, :4] = np.random.default_rng(1).normal(size=(4, 3))
    assert np.allclose(answers(short, given[:, :6]), answers(long, given), atol=1e-5)
    assert np.isfinite(answers(long, np.full((1, 10, 3), np.nan))).all()


def test_each_feature_is_shifted_in_training_alone():
    model = zoo.build("lstm_speech", input_shape=(4, 3), units=(8,), input_shift=0.25)
    given = np.full((5, 4, 3), np.nan, "float32")
    given[:, :2] = 1
    zeros = keras.ops.zeros((5, 2, 6))
    ones, real = zeros[:, :1] + 1, model.get_layer("real")([given])
    for training, sizes in {True: {-0.25, 0.25}, False: {0}}.items():
        coins = model.get_layer("input_shift")(ones, training=training)
        found = model.get_layer("shifted")([zeros, coins, real])
        found = keras.ops.convert_to_numpy(found)
        assert set(found[:, 0].ravel().tolist()) == sizes
        assert (found[:, 1] == 0).all()


def test_deltas_are_what_numpy_computes():
    model = zoo.build(
        "lstm_speech", input_shape=(6, 3), joined=1, units=(8,), deltas=True
    )
    given = np.full((2, 6, 3), np.nan, "float32")
    given[0] = np.random.default_rng(0).normal(size=(6, 3))
    given[1, :4] = np.random.default_rng(1).normal(size=(4, 3))
    real = model.get_layer("real")([given])
    features = keras.ops.convert_to_tensor(np.nan_to_num(given))
    found = model.get_layer("deltas")([features, real])
    found = keras.ops.convert_to_numpy(found)
    for row, count in zip(range(2), (6, 4), strict=True):
        sound = np.pad(given[row, :count], [(1, 1), (0, 0)], mode="edge")
        expected = (sound[2:] - sound[:-2]) / 0.4
        assert np.allclose(found[row, :count, :3], given[row, :count])
        assert np.allclose(found[row, :count, 3:], expected, atol=1e-5)
        assert (found[row, count:] == 0).all()


@pytest.mark.parametrize("normalize", ["sound", "voice"])
def test_loudness_is_taken_out(normalize):
    model = zoo.build("lstm_speech", input_shape=(960,), normalize=normalize, **SMALL)
    noise = np.random.default_rng(0).normal(size=(1, 960))
    loud, quiet = (np.rint(noise * level) for level in (8000, 2000))
    assert np.allclose(answers(model, loud), answers(model, quiet), atol=0.01)
    assert np.isfinite(answers(model, np.zeros((1, 960)))).all()
    assert np.isfinite(answers(model, np.full((1, 960), PADDING))).all()


@pytest.mark.parametrize("normalize", ["sound", "voice"])
def test_what_the_cells_see_is_what_numpy_computes(normalize):
    model = zoo.build(
        "lstm_speech", input_shape=(960,), bands=12, units=(8,), normalize=normalize
    )
    sound = np.full((1, 960), PADDING, "float32")
    sound[0, :640] = 9000 * tone(500, 640 / RATE)
    sound[0, 320:640] *= 0.01
    layer = model.get_layer
    bands = layer("mel")(layer("samples")([sound]))
    found = layer("features")([bands, layer("real")([sound])])
    found = keras.ops.convert_to_numpy(found)
    samples = np.where(sound[0] == PADDING, 0, sound[0]) / 32768
    around = np.pad(samples, 120, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(240) / 240)
    frames = np.stack([around[80 * i :][:240] for i in range(8)]) * window
    power = np.square(np.abs(np.fft.rfft(frames)))
    hertz = {"sound": [60, 4000], "voice": [200, 3280]}[normalize]
    edges = np.linspace(*(1127 * np.log1p(np.array(hertz) / 700)), 14)
    place = 1127 * np.log1p(np.linspace(0, 4000, 121) / 700)[:, None]
    rise = (place - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - place) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0, np.minimum(rise, fall))
    triangles[0] = 0
    power = power @ triangles
    if normalize == "sound":
        logs = np.log(power + 1e-6)
        expected = (logs - logs.mean()) / np.sqrt(logs.var() + 0.01)
    else:
        loud = power.mean(axis=1)
        quiet = 0.001 * loud.max()
        heard = loud > quiet
        assert 0 < heard.sum() < 8
        logs = np.log(power / quiet + 1)
        means = logs[heard].mean(axis=0)
        apart = logs - (means + means.mean()) / 2
        expected = apart / np.sqrt(np.square(apart[heard]).mean() + 0.01)
    assert np.allclose(found[0, :4].reshape(8, 12), expected, atol=1e-3)
    assert (found[0, 4:] == 0).all()


@pytest.mark.once
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"cell": "grue"}, "grue.*gru"),
        ({"pooling": "men"}, "men.*mean"),
        ({"normalize": "soun"}, "soun.*sound"),
        ({"input_shape": (100,)}, r"shorter than a window of 240 samples"),
        ({"input_shape": (1, 2, 3)}, r"accepted: \(samples,\) of sounds, or"),
        ({"input_shift": -1}, "input_shift=-1; accepted: 0 to 10 deviations"),
        ({"joined": 0}, "joined=0; accepted: whole numbers from 1"),
        ({"units": 4}, "units takes the width of each layer"),
    ],
)
def test_bad_arguments_are_told(arguments, said):
    with pytest.raises(Mistake, match=said):
        zoo.build("lstm_speech", **arguments)


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
